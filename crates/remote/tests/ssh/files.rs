//! Files put in place.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use inventory::RemotePath;
use remote::{HostError, HostFault, Remote};

use crate::server::{Server, Setup};

fn put_files(server: &Server) {
    let remote = server.connect();
    let dir = server.path("watch it's");
    fs::create_dir(&dir).unwrap();
    let path: RemotePath = dir.join("a b.torrent").to_str().unwrap().parse().unwrap();

    remote.upload(b"first", &path).unwrap();
    assert_eq!(fs::read(path.as_path()).unwrap(), b"first");
    assert_eq!(fs::metadata(path.as_path()).unwrap().permissions().mode() & 0o777, 0o644);

    // Replaced by another file, not written over: who has it open keeps what he had.
    let before = fs::metadata(path.as_path()).unwrap().ino();
    let large: Vec<u8> = (0..3_000_000u32).map(|n| (n % 253) as u8).collect();
    remote.upload(&large, &path).unwrap();
    assert_eq!(fs::read(path.as_path()).unwrap(), large);
    assert_ne!(fs::metadata(path.as_path()).unwrap().ino(), before);
    remote.upload(b"", &path).unwrap();
    assert_eq!(fs::read(path.as_path()).unwrap(), b"");

    let missing: RemotePath = dir.join("none/x").to_str().unwrap().parse().unwrap();
    // Also when the command ends while most of the file is still on its way.
    for bytes in [&b"x"[..], &large] {
        let error = remote.upload(bytes, &missing).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::Upload { .. }, .. }), "{error}");
    }
    // A directory in the place of the file stays, and so does its content.
    fs::create_dir(dir.join("taken")).unwrap();
    fs::write(dir.join("taken/inside"), "x").unwrap();
    let taken: RemotePath = dir.join("taken").to_str().unwrap().parse().unwrap();
    let error = remote.upload(b"x", &taken).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::Upload { .. }, .. }), "{error}");
    assert_eq!(fs::read_dir(dir.join("taken")).unwrap().count(), 1);

    let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a b.torrent", "taken"], "temporary files are left");
}

#[test]
fn a_file_is_put_in_place_at_once() {
    let Some(server) = Server::start() else { return };
    put_files(&server);
}

#[test]
fn a_server_without_sftp_gets_its_files_too() {
    let Some(server) = Server::start_with(&Setup { sftp: false, ..Setup::default() }) else { return };
    put_files(&server);
}

#[test]
fn what_was_altered_on_the_way_is_not_put_in_place() {
    // A server whose dd writes something else than it is given.
    let Some(server) = Server::start_with(&Setup { config: "PermitUserEnvironment yes", ..Setup::default() })
    else {
        return;
    };
    let bin = server.path("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("dd"), "#!/bin/sh\ntr a b\n").unwrap();
    fs::set_permissions(bin.join("dd"), fs::Permissions::from_mode(0o755)).unwrap();
    let keys = server.path("authorized_keys");
    let with_path: String = fs::read_to_string(&keys)
        .unwrap()
        .lines()
        .map(|line| format!("environment=\"PATH={}:/usr/bin:/bin\" {line}\n", bin.display()))
        .collect();
    fs::write(&keys, with_path).unwrap();
    let remote = server.connect();
    let file = server.path("x.torrent");
    fs::write(&file, "before").unwrap();
    let path: RemotePath = file.to_str().unwrap().parse().unwrap();
    let error = remote.upload(b"aaa", &path).unwrap_err();
    assert!(error.to_string().contains("what arrived is not what was sent"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"before");
    let left = |name: std::ffi::OsString| name.to_string_lossy().ends_with(".tmp");
    assert!(!fs::read_dir(server.dir.path()).unwrap().any(|entry| left(entry.unwrap().file_name())));
    remote.upload(b"bbb", &path).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"bbb");
}
