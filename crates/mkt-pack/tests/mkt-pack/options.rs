//! Wrong command lines.

use crate::sandbox::{Sandbox, run};

#[test]
fn wrong_values_are_named() {
    let sandbox = Sandbox::site();
    for (args, naming) in [
        (vec!["--piece-length", "100KiB"], "100KiB"),
        (vec!["--piece-length", "8KiB"], "8KiB"),
        (vec!["--piece-length", "256MiB"], "256MiB"),
        (vec!["--piece-length", "lots"], "lots"),
        (vec!["--release-id", "../etc"], "../etc"),
        (vec!["--release-id", "a b"], "a b"),
        (vec!["--release-id", ""], "''"),
        (vec!["--level", "0"], "0"),
        (vec!["--level", "22"], "22"),
        (vec!["--level", "3", "--layout", "tree"], "--level 3"),
        (vec!["--layout", "zip"], "zip"),
        (vec!["--announce", "ftp://t.example/x"], "ftp://t.example"),
        (vec!["--source", ""], "source"),
        (vec!["--exclude", "a{b"], "a{b"),
        (vec!["--nonsense"], "--nonsense"),
    ] {
        sandbox.pack(&args).fails(2, naming);
        assert_eq!(sandbox.names(""), ["site"], "{args:?}");
    }
    sandbox.run(&[]).fails(2, "");
    let mut command = sandbox.command(&["site"]);
    run(command.env("SOURCE_DATE_EPOCH", "yesterday")).fails(2, "`yesterday`");
}

#[test]
fn a_bad_announce_url_does_not_show_its_passkey() {
    let sandbox = Sandbox::site();
    let secret = "0123456789abcdef";
    for url in ["ftp://t.example/", "http:/t.example/", "http://t.example/ "] {
        let output = sandbox.pack(&["--announce", &format!("{url}{secret}")]).fails(2, "announce URL");
        assert!(!output.stderr.contains(secret), "{}", output.stderr);
        let mut command = sandbox.command(&["site"]);
        let output = run(command.env("MKT_ANNOUNCE", format!("{url}{secret}"))).fails(2, "announce URL");
        assert!(!output.stderr.contains(secret), "{}", output.stderr);
    }
    let mut help = sandbox.command(&["--help"]);
    let output = run(help.env("MKT_ANNOUNCE", secret)).ok();
    assert!(output.stdout.contains("MKT_ANNOUNCE") && !output.stdout.contains(secret), "{}", output.stdout);
}

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).ok();
    assert!(help.stdout.contains("Exit codes") && help.stderr.is_empty());
    let version = sandbox.run(&["--version"]).ok();
    assert_eq!(version.stdout, concat!("mkt-pack ", env!("CARGO_PKG_VERSION"), "\n"));
}
