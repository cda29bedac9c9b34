//! On this machine as the host, with the real shell: what arrives is altered, or is no program of ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use inventory::{Host, HostName, Inventory, RemotePath};
use record::Sha256;
use remote::{Argv, ByteStream, HostError, Interrupt, LocalRemote, Output, Process, Remote};
use tempfile::TempDir;

use super::*;

/// This machine; what is sent arrives with another byte at the end, if so wished.
struct Here {
    inner: LocalRemote,
    alters: bool,
}

impl Remote for Here {
    fn name(&self) -> &HostName {
        self.inner.name()
    }

    fn exec(&self, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, HostError> {
        self.inner.exec(argv, stdin, timeout)
    }

    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, HostError> {
        self.inner.spawn(argv)
    }

    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), HostError> {
        let mut bytes = bytes.to_vec();
        if self.alters
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
        self.inner.upload(&bytes, path)
    }

    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, HostError> {
        self.inner.unix_socket(path)
    }
}

/// A host whose swap-release is `dir/swap-release`.
fn host(dir: &Path) -> Host {
    let path = dir.join("fleet.toml");
    let program = dir.join("swap-release");
    let text = format!(
        "[site]\ndeploy_to = \"/srv/site\"\n[defaults]\nssh_config = \"none\"\nswap_release = \"{}\"\n[hosts.web1]\n\
         address = \"10.0.0.11\"\nlocal = true\n",
        program.display()
    );
    fs::write(&path, text).unwrap();
    Inventory::load(&path).unwrap().hosts[0].clone()
}

fn here(alters: bool) -> Here {
    Here { inner: LocalRemote::new("web1".parse().unwrap(), Interrupt::never()), alters }
}

/// A script is good enough for the host's shell; that it is for this machine is what the real one says.
fn program(text: &str) -> Binary {
    let real = Binary::load(Some(&std::env::current_exe().unwrap())).unwrap();
    let bytes = text.as_bytes().to_vec();
    Binary { sha256: Sha256::of(&bytes), bytes, machine: real.machine }
}

fn version(number: &str) -> Binary {
    program(&format!("#!/bin/sh\necho swap-release {number}\n"))
}

/// What is in the directory beside the inventory.
fn names(dir: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "fleet.toml");
    names.sort();
    names
}

#[test]
fn it_is_put_there_once_and_exchanged_with_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let (host, remote) = (host(dir.path()), here(false));
    let path = dir.path().join("swap-release").display().to_string();
    let first = put(&remote, &host, &version("0.1.0")).unwrap();
    assert_eq!(first, Done::New { path: path.clone(), version: "0.1.0".into(), former: None });
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o755);
    let again = put(&remote, &host, &version("0.1.0")).unwrap();
    assert_eq!(again, Done::Already { path: path.clone(), version: "0.1.0".into() });
    assert_eq!(names(&dir), ["swap-release"]);
    let second = put(&remote, &host, &version("0.2.0")).unwrap();
    let former = |version: &str| Some(Former { version: version.into(), path: format!("{path}.previous") });
    assert_eq!(second, Done::New { path: path.clone(), version: "0.2.0".into(), former: former("0.1.0") });
    let went_back = back(&remote, &host).unwrap();
    assert_eq!(went_back, Done::New { path: path.clone(), version: "0.1.0".into(), former: former("0.2.0") });
    let and_forth = back(&remote, &host).unwrap();
    assert_eq!(and_forth, Done::New { path: path.clone(), version: "0.2.0".into(), former: former("0.1.0") });
    assert_eq!(names(&dir), ["swap-release", "swap-release.previous"]);
}

#[test]
fn what_was_altered_on_the_way_never_goes_live() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    put(&here(false), &host, &version("0.1.0")).unwrap();
    let before = fs::read(dir.path().join("swap-release")).unwrap();
    let fault = put(&here(true), &host, &version("0.2.0")).unwrap_err();
    assert!(matches!(fault, InstallFault::Altered { .. }), "{fault}");
    assert_eq!(fs::read(dir.path().join("swap-release")).unwrap(), before);
    assert_eq!(names(&dir), ["swap-release"], "nothing is left of it");
}

#[test]
fn what_does_not_run_or_is_not_ours_never_goes_live() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    put(&here(false), &host, &version("0.1.0")).unwrap();
    for (text, says) in [
        ("#!/bin/sh\necho 'version GLIBC_2.99 not found' >&2\nexit 1\n", "GLIBC_2.99"),
        ("#!/bin/sh\necho busybox 1.36\n", "busybox 1.36"),
    ] {
        let fault = put(&here(false), &host, &program(text)).unwrap_err();
        assert!(fault.to_string().contains(says) && fault.hint().is_some(), "{fault}");
        let Done::Already { version, .. } = put(&here(false), &host, &version("0.1.0")).unwrap() else {
            panic!("the one before is not there any more")
        };
        assert_eq!((version.as_str(), names(&dir)), ("0.1.0", vec!["swap-release".to_owned()]));
    }
}

#[test]
fn there_must_be_a_place_and_for_going_back_something_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = host(dir.path());
    assert!(matches!(back(&here(false), &host), Err(InstallFault::NothingBefore { .. })));
    host.swap_release = dir.path().join("none/swap-release").display().to_string().parse().unwrap();
    let fault = put(&here(false), &host, &version("0.1.0")).unwrap_err();
    assert!(matches!(fault, InstallFault::NoFolder { .. }), "{fault}");
    // A name that PATH does not find goes to /usr/local/bin; here it is only looked at.
    host.swap_release = "swap-release-of-nobody".parse().unwrap();
    let look = look(&here(false), &host).unwrap();
    assert_eq!((look.path.as_str(), look.installed), ("/usr/local/bin/swap-release-of-nobody", None));
    host.swap_release = "sh".parse().unwrap();
    assert!(super::look(&here(false), &host).unwrap().installed.is_some());
}
