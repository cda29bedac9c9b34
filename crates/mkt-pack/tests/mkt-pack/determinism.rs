//! The same tree gives the same bytes, whoever packs it, wherever and however.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{BINARY, Sandbox, run};

/// What must not differ: all files, and the release in the record.
fn result(sandbox: &Sandbox, records: &str) -> (Vec<(String, Vec<u8>)>, String) {
    let record = sandbox.record(records);
    (sandbox.files(records).into_iter().collect(), format!("{} {}", record["release"], record["details"]))
}

fn assert_same(layout: &str, change: impl FnOnce(&Sandbox, &[&str])) {
    let plain = Sandbox::site();
    plain.pack(&["--layout", layout]).ok();
    let other = Sandbox::new();
    change(&other, &["site", "--layout", layout]);
    assert!(result(&other, "records") == result(&plain, "records"), "the bytes differ");
    assert_eq!(result(&other, "records").0.len(), if layout == "tree" { 3 } else { 4 });
}

#[test]
fn umask_time_zone_language_and_environment_do_not_matter() {
    for layout in ["archive", "tree"] {
        assert_same(layout, |sandbox, args| {
            sandbox.fill(false);
            let mut shell = Command::new("sh");
            shell.args(["-c", "umask 077; exec \"$0\" \"$@\"", BINARY]).args(args);
            sandbox.tame(&mut shell);
            shell.env("TZ", "Pacific/Auckland").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "ja_JP.eucJP");
            shell.env("TERM", "xterm").env("RAYON_NUM_THREADS", "1").env("USER", "nobody");
            run(&mut shell).ok();
        });
    }
}

#[test]
fn order_of_creation_times_and_modes_do_not_matter() {
    for layout in ["archive", "tree"] {
        assert_same(layout, |sandbox, args| {
            sandbox.fill(true);
            // Only the owner's execute bit is released.
            sandbox.file("a0", "3", 0o600);
            sandbox.file("vendor/bin/drush", "#!/bin/sh\n", 0o700);
            let touched =
                Command::new("touch").args(["-d", "2001-02-03"]).arg(sandbox.path("site/a/x")).status();
            assert!(touched.unwrap().success());
            sandbox.run(args).ok();
        });
    }
}

#[test]
fn the_file_system_and_the_directory_do_not_matter() {
    let plain = Sandbox::site();
    plain.pack(&[]).ok();
    // Memory, and the disk that the build is on.
    for parent in ["/dev/shm", env!("CARGO_TARGET_TMPDIR")].map(Path::new) {
        if !parent.is_dir() {
            eprintln!("not compared: there is no `{}`", parent.display());
            continue;
        }
        let other = Sandbox::within(parent);
        other.fill(true);
        fs::rename(other.path("site"), other.path("elsewhere")).unwrap();
        other.run(&["elsewhere/../elsewhere/", "--records", "out"]).ok();
        assert!(result(&other, "out") == result(&plain, "records"), "{}", parent.display());
    }
}

#[test]
fn the_user_does_not_matter() {
    if !rustix::process::geteuid().is_root() || !crate::sandbox::installed("setpriv") {
        eprintln!("not compared: packing as somebody else needs root and setpriv");
        return;
    }
    for layout in ["archive", "tree"] {
        assert_same(layout, |sandbox, args| {
            sandbox.fill(false);
            let chown = Command::new("chown").args(["-R", "65534:100"]).arg(sandbox.path("")).status();
            assert!(chown.unwrap().success());
            let binary = sandbox.path("mkt-pack");
            fs::copy(BINARY, &binary).unwrap();
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=100", "--clear-groups"]).arg(binary).args(args);
            sandbox.tame(&mut command);
            run(&mut command).ok();
        });
    }
}

#[test]
fn one_core_or_all_do_not_matter() {
    if !crate::sandbox::installed("taskset") {
        return;
    }
    let sandbox = Sandbox::new();
    // More than one job of the compressor.
    for file in 0..30_u64 {
        let lines = (0..20_000).map(|n: u64| format!("$x[{}] = {};\n", n * file, n * n % 977));
        sandbox.file(&format!("f{file}"), &lines.collect::<String>(), 0o644);
    }
    sandbox.pack(&["--records", "all", "--level", "1"]).ok();
    let mut one = Command::new("taskset");
    one.args(["-c", "0", BINARY, "site", "--records", "one", "--level", "1"]);
    sandbox.tame(&mut one);
    run(&mut one).ok();
    assert!(result(&sandbox, "one") == result(&sandbox, "all"), "the bytes differ");
}

#[test]
fn another_content_mode_name_or_link_gives_another_release() {
    let base = Sandbox::site();
    base.pack(&[]).ok();
    let before = base.record("records")["release"].clone();
    type Change = fn(&Sandbox);
    let changes: [Change; 5] = [
        |sandbox| sandbox.file("a/x", "3", 0o644),
        |sandbox| sandbox.file("a/x", "2", 0o755),
        |sandbox| fs::rename(sandbox.path("site/a/x"), sandbox.path("site/a/y")).unwrap(),
        |sandbox| sandbox.link("l", "a"),
        |sandbox| fs::create_dir(sandbox.path("site/new-dir")).unwrap(),
    ];
    for change in changes {
        let sandbox = Sandbox::site();
        change(&sandbox);
        sandbox.pack(&[]).ok();
        let after = sandbox.record("records")["release"].clone();
        for field in ["infohash", "tree_digest", "id"] {
            assert_ne!(after[field], before[field], "{field}");
        }
    }
}
