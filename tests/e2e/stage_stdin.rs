//! A payload that comes through a pipe: staged as one from a file is, and refused as one is.

use std::fs;
use std::io::Write;

use e2e::Output;

use crate::kill9::Server;

fn stage(server: &Server, bytes: &[u8]) -> Output {
    let record = server.path().join("records-one/pack.json");
    let verb = server.verb("stage").args(["--payload", "-", "--record"]).arg(record);
    let mut running = verb.with_stdin().start();
    // It stops reading at the first thing that is wrong.
    let _refused = running.stdin().write_all(bytes);
    running.wait()
}

#[test]
fn a_payload_from_standard_input_is_read_once_and_proved() {
    let server = Server::tiny();
    server.pack(1, "one");
    let records = server.path().join("records-one");
    let payload = fs::read_dir(records).unwrap().map(|entry| entry.unwrap().path());
    let payload = payload.into_iter().find(|path| path.to_string_lossy().ends_with(".tar.zst")).unwrap();
    let bytes = fs::read(payload).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for bad in [&bytes[..bytes.len() - 1], &damaged, b"nonsense", b""] {
        stage(&server, bad).fails_naming(12, "one");
        assert!(!server.deploy_to().join("releases/one").exists());
    }
    stage(&server, &bytes).ok();
    server.verb("verify").arg("one").output().ok();
    server.verb("activate").arg("one").output().ok();
    server.assert_whole(&[("one", 1)], "from standard input");
}
