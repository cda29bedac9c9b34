//! Sites that cannot be released: a clear error, and nothing is left behind.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::sandbox::Sandbox;

/// Refused with exit code 10, and neither folder nor file is there.
#[track_caller]
fn refused(sandbox: &Sandbox, naming: &str) {
    let before = sandbox.names("");
    for form in [["--layout", "archive"], ["--layout", "tree"], ["--output", "x.torrent"]] {
        sandbox.pack(&form).fails(10, naming);
        assert_eq!(sandbox.names(""), before);
    }
}

#[test]
fn no_site_no_content() {
    let sandbox = Sandbox::new();
    refused(&sandbox, "`site`");
    sandbox.file("empty", "", 0o644);
    refused(&sandbox, "`site`");
    sandbox.run(&["nowhere"]).fails(10, "`nowhere`");
    sandbox.run(&["site/empty"]).fails(10, "`empty`");
}

#[test]
fn what_no_release_can_hold() {
    let sandbox = Sandbox::site();
    mknodat(CWD, sandbox.path("site/pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    refused(&sandbox, "`pipe` is a FIFO");
    sandbox.pack(&["--exclude", "/pipe"]).ok();

    let sandbox = Sandbox::site();
    fs::write(sandbox.path("site").join(OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    refused(&sandbox, "is not UTF-8");

    for target in ["/etc/passwd", "../outside", "a/../../outside"] {
        let sandbox = Sandbox::site();
        sandbox.link("evil", target);
        refused(&sandbox, target);
    }
}

#[test]
fn names_that_differ_in_case_only() {
    for layout in ["archive", "tree"] {
        let sandbox = Sandbox::site();
        sandbox.file("lib/Cache/x", "1", 0o644);
        sandbox.file("lib/cache/y", "2", 0o644);
        let output =
            sandbox.pack(&["--layout", layout]).fails(10, "`lib/Cache` and `lib/cache` differ in case only");
        assert!(output.stderr.contains("--exclude '/lib/cache'"), "{}", output.stderr);
        sandbox.pack(&["--layout", layout, "--exclude", "/lib/cache"]).ok();
    }
}

#[test]
fn names_that_differ_in_their_unicode_form_only() {
    let sandbox = Sandbox::site();
    sandbox.file("img/cafe\u{301}.png", "1", 0o644);
    sandbox.file("img/café.png", "2", 0o644);
    let output = sandbox.pack(&[]).fails(10, "differ in Unicode form only");
    assert!(output.stderr.contains("--exclude '/img/café.png'"), "{}", output.stderr);
    sandbox.pack(&["--exclude", "/img/café.png"]).ok();
}

#[test]
fn all_that_is_refused_is_said_in_one_run() {
    let sandbox = Sandbox::site();
    for n in 0..300 {
        sandbox.file(&format!("web/sites/default/files/20{:02}/{n}.png", n % 20), "x", 0o644);
    }
    sandbox.file("web/sites/default/settings.php", "x", 0o644);
    sandbox.file("lib/A", "1", 0o644);
    sandbox.file("lib/a", "2", 0o644);
    mknodat(CWD, sandbox.path("site/pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let output = sandbox.pack(&[]).fails(10, "303 things are wrong");
    for line in [
        "refused: web/sites/default/files/: 300 entries, the first 2000/0.png: belongs to the host (uploaded files",
        "refused: web/sites/default/settings.php: belongs to the host (settings",
        "refused: pipe: is a FIFO",
        "refused: lib/a: differs from `lib/A` in case only",
    ] {
        assert!(output.stderr.contains(line), "{line}: {}", output.stderr);
    }
    // What the hint says helps.
    let hint = output.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap();
    let patterns: Vec<&str> = hint.split('\'').skip(1).step_by(2).collect();
    assert!(hint.contains("--exclude") && patterns.len() == 4, "{hint}");
    let excludes: Vec<&str> = patterns.into_iter().flat_map(|pattern| ["--exclude", pattern]).collect();
    sandbox.pack(&excludes).ok();
}

#[test]
fn what_belongs_to_the_host() {
    for path in [
        "sites/default/settings.php",
        "web/sites/default/files/a [1]*.jpg",
        ".env",
        "keys/id_rsa",
        "a/server.key",
        "a/server.pem",
        "a/store.p12",
    ] {
        let sandbox = Sandbox::site();
        sandbox.file(path, "hunter2\n-----BEGIN PRIVATE KEY-----\n", 0o644);
        refused(&sandbox, path);
        let output = sandbox.pack(&[]);
        assert!(!output.stderr.contains("hunter2"));
        // The hint says what to do, and it works.
        for flag in ["--exclude", "--allow"] {
            let remedy = format!("/{path}")
                .replace(' ', "\\ ")
                .replace('[', "\\[")
                .replace(']', "\\]")
                .replace('*', "\\*");
            assert!(output.stderr.contains(&format!("{flag} '{remedy}'")), "{}", output.stderr);
            let stderr = sandbox.pack(&[flag, &remedy]).ok().stderr;
            assert_eq!(stderr.contains(&format!("left out: {path}\n")), flag == "--exclude", "{stderr}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read() {
    // Root reads everything, so the file is read as somebody else.
    if !rustix::process::geteuid().is_root() {
        let sandbox = Sandbox::site();
        sandbox.file("a/x", "2", 0o000);
        refused(&sandbox, "`a/x`");
        return;
    }
    let sandbox = Sandbox::site();
    sandbox.file("a/x", "2", 0o600);
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let binary = sandbox.path("mkt-pack");
    fs::copy(crate::sandbox::BINARY, &binary).unwrap();
    if !crate::sandbox::installed("setpriv") {
        return;
    }
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).arg("site");
    sandbox.tame(&mut command);
    crate::sandbox::run(&mut command).fails(10, "`a/x`");
    assert_eq!(sandbox.names(""), ["mkt-pack", "site"]);
}

#[test]
fn names_are_shown_without_their_control_characters() {
    let sandbox = Sandbox::site();
    let name = "evil\u{1b}[2Jname";
    mknodat(CWD, sandbox.path("site").join(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let output = sandbox.pack(&[]).fails(10, "evil");
    assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
}

#[test]
fn records_inside_the_site() {
    let sandbox = Sandbox::site();
    let output = sandbox.run(&["site", "--records", "site/records"]).fails(2, "`site/records`");
    assert!(output.stderr.contains("--exclude '/records'"), "{}", output.stderr);
    sandbox.run(&["site", "--records", "site/a/../records"]).fails(2, "site/a/../records");
    sandbox.run(&["site", "--records", "site", "--exclude", "/records"]).fails(2, "`site`");
    std::os::unix::fs::symlink("site", sandbox.path("link")).unwrap();
    sandbox.run(&["link", "--records", "site/records"]).fails(2, "site/records");
    assert!(!sandbox.path("site/records").exists());
    // Left out, it may lie there, and two runs give the same.
    sandbox.run(&["site", "--records", "site/records", "--exclude", "/records"]).ok();
    let before = sandbox.files("site/records");
    sandbox.run(&["site", "--records", "site/records", "--exclude", "/records"]).ok();
    assert!(sandbox.files("site/records") == before, "the folder got into the payload");
    // A folder beside the site whose name begins alike is outside.
    sandbox.run(&["site", "--records", "site-records"]).ok();
}

#[test]
fn outputs_that_cannot_be_written() {
    let sandbox = Sandbox::site();
    fs::write(sandbox.path("file"), "mine").unwrap();
    sandbox.pack(&["--records", "file"]).fails(11, "file");
    sandbox.pack(&["--records", "file/below"]).fails(11, "file");
    sandbox.pack(&["--records", "/proc/records"]).fails(11, "/proc/records");
    assert_eq!(fs::read(sandbox.path("file")).unwrap(), b"mine");
    // A directory where pack.json belongs: found last of all, and still nothing of this run is left.
    fs::create_dir_all(sandbox.path("records/pack.json")).unwrap();
    sandbox.pack(&[]).fails(11, "pack.json");
    assert_eq!(sandbox.names("records"), ["pack.json"]);
    sandbox.pack(&["--records", "good", "--record", "nowhere/copy.json"]).fails(11, "nowhere/copy.json");
    assert_eq!(sandbox.names("good").len(), 5);
}

#[test]
fn a_full_disk() {
    let sandbox = Sandbox::new();
    // Noise that does not compress, more than the limit below.
    let mut state = 1_u64;
    let noise = (0..2_000_000).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(33 + (state >> 33) as u8 % 90)
    });
    sandbox.file("noise", &noise.collect::<String>(), 0o644);
    let mut shell = std::process::Command::new("sh");
    // A limit on the size of files instead of a full disk: the same error path, without a file system of its own.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 500; exec \"$0\" site", crate::sandbox::BINARY]);
    sandbox.tame(&mut shell);
    crate::sandbox::run(&mut shell).fails(11, "records");
    assert_eq!(sandbox.names(""), ["site"]);
}
