//! SIGTERM: soon, with code 143, and nothing is left.

use std::io::Read;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::Sandbox;

#[test]
fn the_slowest_pack_ends_in_time_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    // What takes the compressor longest: text without long repeats, in several jobs.
    let mut state = 1_u64;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:x} ", (state >> 40) % 50_000)
    };
    for file in 0..40 {
        sandbox.file(&format!("f{file}"), &(0..150_000).map(|_| word()).collect::<String>(), 0o644);
    }
    let mut command = sandbox.command(&["site", "--level", "19"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // Long enough to be in the middle of the archive: its temporary file is there.
    let begun = Instant::now();
    while !sandbox.names("records").iter().any(|name| name.starts_with(".tmp-")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no archive was begun");
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        sleep(Duration::from_millis(20));
    }
    sleep(Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "it was too fast to be interrupted");
    let asked = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    let took = asked.elapsed();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.code(), Some(143), "{stderr}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(stderr.contains("error: terminated") && stderr.contains("hint:"), "{stderr}");
    assert_eq!(sandbox.names(""), ["site"], "{stderr}");
}
