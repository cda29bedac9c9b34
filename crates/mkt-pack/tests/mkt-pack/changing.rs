//! Trees that change under the eyes of the packer: an error that names the file, and nothing is left behind.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::{BINARY, Sandbox};

/// Sparse, so that it costs nothing to make, and large enough that reading it once takes a good part of a second.
const LARGE: u64 = 700 << 20;

/// A site whose listing is over long before its reading is.
fn site() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a", "m", "z"] {
        sandbox.file(name, &name.repeat(10_000), 0o644);
    }
    File::create(sandbox.path("site/large")).unwrap().set_len(LARGE).unwrap();
    sandbox
}

/// Waits until the process reads the large file: the listing is done then.
fn wait_until_reading(process: &mut Child, large: &Path) {
    let descriptors = format!("/proc/{}/fd", process.id());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let open = fs::read_dir(&descriptors).into_iter().flatten().flatten();
        if open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|path| path == large) {
            return;
        }
        assert!(process.try_wait().unwrap().is_none() && Instant::now() < deadline, "it never read the file");
    }
}

type Change = fn(&Path);

const CHANGES: [(&str, &str, Change); 6] = [
    ("vanishing", "z", |site| fs::remove_file(site.join("z")).unwrap()),
    ("growing", "z", |site| {
        let mut file = fs::OpenOptions::new().append(true).open(site.join("z")).unwrap();
        file.write_all(b"more").unwrap();
    }),
    ("shrinking", "z", |site| {
        fs::OpenOptions::new().write(true).open(site.join("z")).unwrap().set_len(100).unwrap();
    }),
    ("the file that is being read, shrinking", "large", |site| {
        fs::OpenOptions::new().write(true).open(site.join("large")).unwrap().set_len(100).unwrap();
    }),
    ("replaced by another of the same size", "m", |site| {
        fs::write(site.join("new"), "n".repeat(10_000)).unwrap();
        fs::rename(site.join("new"), site.join("m")).unwrap();
    }),
    ("appearing", "new", |site| fs::write(site.join("new"), "x").unwrap()),
];

fn packed_while(args: &[&str]) {
    for (what, named, change) in CHANGES {
        let sandbox = site();
        let mut command = Command::new(BINARY);
        command.args(args);
        sandbox.tame(&mut command);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until_reading(&mut process, &sandbox.path("site/large").canonicalize().unwrap());
        change(&sandbox.path("site"));
        let output = process.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(10), "{what}: {stderr}");
        let error = stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
        assert!(error.contains(&format!("{named}`")), "{what}: {stderr}");
        assert!(stderr.contains("\nhint: "), "{what}: {stderr}");
        assert_eq!(sandbox.names(""), ["site"], "{what}");
    }
}

#[test]
fn a_release_of_a_changing_tree() {
    packed_while(&["site", "--level", "1"]);
}

#[test]
fn a_torrent_of_a_changing_tree() {
    packed_while(&["site", "-o", "x.torrent", "-l", "22"]);
}
