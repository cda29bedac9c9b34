//! Unix sockets on a host, through the session.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use inventory::RemotePath;
use remote::{HostError, HostFault, Remote, Timeouts};

use crate::server::{Server, Setup, options};

/// Answers every connection with what it said, four bytes of length first, until the test ends.
fn echo(server: &Server, name: &str) -> RemotePath {
    let path = server.path(name);
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut length = [0; 4];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
            if stream.read_exact(&mut bytes).is_ok() {
                let _gone = stream.write_all(&bytes);
                let _gone = stream.shutdown(Shutdown::Both);
            }
        }
    });
    path.to_str().unwrap().parse().unwrap()
}

#[test]
fn bytes_go_both_ways_and_the_end_is_seen() {
    let Some(server) = Server::start() else { return };
    let socket = echo(&server, "rpc.sock");
    let remote = server.connect();
    for size in [0, 1, 100, 3_000_000u32] {
        let sent: Vec<u8> = (0..size).map(|n| (n % 249) as u8).collect();
        let mut stream = remote.unix_socket(&socket).unwrap();
        stream.write_all(&size.to_be_bytes()).unwrap();
        stream.write_all(&sent).unwrap();
        stream.flush().unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert_eq!(received, sent);
    }
}

#[test]
fn many_calls_one_after_the_other_leave_nothing_open() {
    let setup = Setup { config: "LogLevel DEBUG1", ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let socket = echo(&server, "rpc.sock");
    let remote = server.connect();
    let began = Instant::now();
    for _ in 0..300 {
        let mut stream = remote.unix_socket(&socket).unwrap();
        stream.write_all(&[0, 0, 0, 2, b'o', b'k']).unwrap();
        let mut received = [0; 2];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"ok");
    }
    // A progress poll must cost milliseconds, not a delayed ACK (40 ms) each.
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    let log = server.log();
    // sshd numbers its channels from the lowest that is free.
    assert!(log.contains("channel 0: new"), "{log}");
    assert!(!log.contains("channel 5: new"), "channels pile up");
}

#[test]
fn a_socket_nobody_listens_on_is_named() {
    let Some(server) = Server::start() else { return };
    let remote = server.connect();
    let missing: RemotePath = server.path("none.sock").to_str().unwrap().parse().unwrap();
    let Err(error) = remote.unix_socket(&missing) else { panic!("opened") };
    assert!(matches!(error, HostError { kind: HostFault::Socket { .. }, .. }), "{error}");
    assert!(!error.is_connection_loss());
    assert!(error.to_string().contains("none.sock"), "{error}");
}

#[test]
fn a_server_that_forbids_it_is_told_apart_by_the_hint() {
    let setup = Setup { config: "AllowStreamLocalForwarding no", ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let socket = echo(&server, "rpc.sock");
    let remote = server.connect();
    let Err(error) = remote.unix_socket(&socket) else { panic!("opened") };
    assert!(error.hint().unwrap().contains("AllowStreamLocalForwarding"), "{error}");
}

#[test]
fn silence_on_a_socket_ends_with_the_step_timeout() {
    let Some(server) = Server::start() else { return };
    let socket = echo(&server, "rpc.sock");
    let brief = options().timeouts(Timeouts { step: Duration::from_millis(700), ..Timeouts::default() });
    let remote = server.try_connect(Some("user_ed25519"), &brief).unwrap();
    let mut stream = remote.unix_socket(&socket).unwrap();
    let error = stream.read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}
