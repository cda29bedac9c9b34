//! The scripts parse, are executable and are clean in the eyes of shellcheck.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::peers;
use e2e::template::workspace;

/// Programs (no extension) and libraries (`.sh`) of scripts/, and what CI calls.
fn scripts() -> Vec<PathBuf> {
    let mut found = vec![workspace().join(".ci/run")];
    for folder in ["scripts", "scripts/lib"] {
        let entries = fs::read_dir(workspace().join(folder)).unwrap().flatten().map(|entry| entry.path());
        found.extend(entries.filter(|path| path.is_file() && path.extension().is_none_or(|e| e == "sh")));
    }
    found
}

#[test]
fn programs_are_executable_and_say_their_interpreter() {
    for path in scripts().into_iter().filter(|path| path.extension().is_none()) {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "`{}` is not executable", path.display());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("#!/usr/bin/env bash\n"), "`{}`", path.display());
        assert!(text.contains("\nset -euo pipefail\n"), "`{}` goes on after errors", path.display());
    }
}

#[test]
fn help_comes_at_once() {
    let scratch = e2e::Scratch::new();
    for path in scripts().into_iter().filter(|path| path.extension().is_none() && !path.ends_with(".ci/run"))
    {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Neither cargo nor a place to install to: help needs nothing.
        let output = Command::new(&path)
            .arg("--help")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", scratch.path())
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty(), "`{name} --help`: {output:?}");
        assert!(
            said.contains(&format!("{name} ")) || said.contains(&format!("{name}\n")),
            "`{name} --help`: {said}"
        );
        assert!(!said.contains("set -euo"), "`{name} --help` shows code");
    }
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let found = peers::find("shellcheck");
    if !peers::skip_unless("house::scripts", found.is_some(), "not installed: shellcheck") {
        return;
    }
    let output = Command::new(found.unwrap())
        .args(["--external-sources", "--source-path=SCRIPTDIR"])
        .args(scripts())
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_setup_scripts_fill_every_template() {
    let scratch = e2e::Scratch::new();
    for (script, place) in [("setup-web-node", "--deploy-to"), ("setup-seeder", "--directory")] {
        let root = scratch.path().join(script);
        let status = Command::new(workspace().join("scripts").join(script))
            .args([place, "/srv/site", "--address", "10.0.0.11", "--root"])
            .arg(&root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{script}");
        for file in ["etc/site-rt/rtorrent.rc", "etc/systemd/system/site-rt.service"] {
            let text = fs::read_to_string(root.join(file)).unwrap();
            let left = text.lines().find(|line| !line.starts_with('#') && line.contains('@'));
            assert!(left.is_none() && text.contains("/srv/site"), "{script}: {file}: {left:?}");
        }
    }
}

#[test]
fn systemd_understands_the_units() {
    let found = peers::find("systemd-analyze");
    if !peers::skip_unless("house::scripts", found.is_some(), "not installed: systemd") {
        return;
    }
    let scratch = e2e::Scratch::new();
    let status = Command::new(workspace().join("scripts/setup-web-node"))
        .args(["--deploy-to", "/srv/site", "--address", "10.0.0.11", "--root"])
        .arg(scratch.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let units = scratch.path().join("etc/systemd/system");
    fs::write(units.join("mkt-apache.service"), e2e::web_server::guide("unit")).unwrap();
    let units: Vec<PathBuf> = fs::read_dir(units).unwrap().flatten().map(|entry| entry.path()).collect();
    let units: Vec<PathBuf> = units.into_iter().filter(|path| path.is_file()).collect();
    assert!(units.len() > 1, "{units:?}");
    for unit in &units {
        // Programs that this machine need not have.
        let text = fs::read_to_string(unit).unwrap();
        let text = text
            .replace("/usr/local/bin/swap-release", "/bin/true")
            .replace("/usr/bin/rtorrent", "/bin/true");
        fs::write(unit, text).unwrap();
    }
    let output =
        Command::new(found.unwrap()).arg("verify").args(&units).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Of units that Debian brings it may complain as it likes.
    let ours = said.lines().find(|line| {
        line.contains("site-") || line.contains("mkt-apache") || line.contains("/etc/systemd/system/")
    });
    assert!(output.status.success() && ours.is_none(), "{said}");
}
