//! Servers that want new keys often (RekeyLimit of sshd_config), as hardened ones do.

use std::time::{Duration, Instant};

use remote::{Argv, LineRead, Remote};

use crate::server::{Server, Setup};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn new_keys_in_the_middle_of_a_large_upload_lose_no_byte() {
    let Some(server) =
        Server::start_with(&Setup { config: "RekeyLimit 1M none\nLogLevel DEBUG", ..Setup::default() })
    else {
        return;
    };
    let remote = server.connect();
    let bytes: Vec<u8> = (0..30_000_000u32).map(|n| (n % 251) as u8).collect();
    let path = server.path("large");
    remote.upload(&bytes, &path.to_str().unwrap().parse().unwrap()).unwrap();
    assert!(std::fs::read(&path).unwrap() == bytes);
    // Both ways at once.
    let output = remote.exec(&Argv::new("cat"), &bytes[..8 << 20], LONG).unwrap();
    assert!(output.stdout[..] == bytes[..4 << 20] && output.stdout_cut);
    assert!(server.log().matches("rekey").count() > 10, "{}", server.log());
}

#[test]
fn new_keys_while_nothing_is_said_break_no_talk() {
    let Some(server) = Server::start_with(&Setup { config: "RekeyLimit default 1", ..Setup::default() })
    else {
        return;
    };
    let remote = server.connect();
    let soon = || Instant::now() + LONG;
    let mut talk = remote.spawn(&Argv::new("cat")).unwrap();
    for number in 0..4 {
        talk.write(format!("{number}\n").as_bytes(), soon()).unwrap();
        assert_eq!(talk.read_line(soon()).unwrap(), LineRead::Line(number.to_string()));
        let quiet = Instant::now() + Duration::from_millis(1100);
        assert_eq!(talk.read_line(quiet).unwrap(), LineRead::TimedOut);
        assert!(remote.exec(&Argv::new("true"), b"", LONG).unwrap().status.success());
    }
    talk.close_stdin().unwrap();
    assert!(talk.wait(soon()).unwrap().success());
}
