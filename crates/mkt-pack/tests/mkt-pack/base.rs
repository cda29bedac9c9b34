//! Modification times from the release before.

use std::fs;

use payload::Manifest;

use crate::sandbox::{Sandbox, run};

fn pack_at(sandbox: &Sandbox, time: &str, args: &[&str]) {
    let mut command = sandbox.command(&[&["site"], args].concat());
    run(command.env("SOURCE_DATE_EPOCH", time)).ok();
}

fn mtime(sandbox: &Sandbox, records: &str, path: &str) -> u64 {
    let manifest = fs::read(sandbox.named(records, "manifest")).unwrap();
    Manifest::parse(manifest.as_slice()).unwrap().get(path).unwrap().mtime
}

#[test]
fn unchanged_files_keep_theirs() {
    let sandbox = Sandbox::site();
    pack_at(&sandbox, "1000", &["--records", "one"]);
    sandbox.file("index.php", "<?php // new\n", 0o644);
    pack_at(&sandbox, "2000", &["--records", "two", "--base", "one/pack.json"]);
    let manifest = sandbox.named("one", "manifest");
    pack_at(&sandbox, "2000", &["--records", "three", "--base", manifest.to_str().unwrap()]);
    for records in ["two", "three"] {
        assert_eq!(mtime(&sandbox, records, "index.php"), 2000);
        assert_eq!(mtime(&sandbox, records, "a/x"), 1000);
    }
    assert!(sandbox.files("two") == sandbox.files("three"), "record and manifest are not the same base");
    // The tree is the same whatever its times are.
    pack_at(&sandbox, "3000", &["--records", "four"]);
    let digest = |records: &str| sandbox.record(records)["release"]["tree_digest"].clone();
    assert_eq!(digest("four"), digest("two"));
    assert_ne!(digest("one"), digest("two"));
}

#[test]
fn the_last_release_in_the_folder_is_the_base() {
    let sandbox = Sandbox::site();
    pack_at(&sandbox, "1000", &[]);
    let first = sandbox.record("records");
    assert!(first["details"]["base"].is_null());
    sandbox.file("index.php", "<?PHP\n", 0o644);
    pack_at(&sandbox, "2000", &[]);
    assert_eq!(mtime(&sandbox, "records", "a/x"), 1000);
    assert_eq!(mtime(&sandbox, "records", "index.php"), 2000);
    assert_eq!(sandbox.record("records")["details"]["base"], first["release"]["tree_digest"]);
    // Once more: the same bytes, though the base is another one now.
    let before = sandbox.files("records");
    pack_at(&sandbox, "3000", &[]);
    assert!(sandbox.files("records") == before, "packed again, something else came of it");
    pack_at(&sandbox, "3000", &["--no-base"]);
    assert_eq!(mtime(&sandbox, "records", "a/x"), 3000);
    pack_at(&sandbox, "4000", &["--base", "records/pack.json"]);
    assert_eq!(mtime(&sandbox, "records", "a/x"), 3000);
}

#[test]
fn without_any_time_a_change_of_the_same_size_gets_a_new_one() {
    let sandbox = Sandbox::site();
    sandbox.pack(&[]).ok();
    let first = mtime(&sandbox, "records", "index.php");
    sandbox.file("index.php", "<?PHP\n", 0o644);
    sandbox.file("new.css", "a", 0o644);
    let output = sandbox.pack(&[]).ok();
    assert!(!output.stderr.contains("fixed date"), "{}", output.stderr);
    assert_eq!(mtime(&sandbox, "records", "a/x"), first);
    for changed in ["index.php", "new.css"] {
        assert_eq!(mtime(&sandbox, "records", changed), first + 1, "{changed}");
    }
    // Gone, and back with other content of the same size: not at the time that caches know.
    fs::remove_file(sandbox.path("site/new.css")).unwrap();
    sandbox.file("index.php", "<?php\n", 0o644);
    sandbox.pack(&[]).ok();
    sandbox.file("new.css", "b", 0o644);
    sandbox.pack(&[]).ok();
    assert_eq!(mtime(&sandbox, "records", "index.php"), first + 2);
    assert_eq!(mtime(&sandbox, "records", "new.css"), first + 3);
}

#[test]
fn a_last_release_that_is_damaged_is_no_base_and_no_obstacle() {
    let sandbox = Sandbox::site();
    pack_at(&sandbox, "1000", &[]);
    fs::write(sandbox.named("records", "manifest"), "damaged").unwrap();
    let mut command = sandbox.command(&["site"]);
    let output = run(command.env("SOURCE_DATE_EPOCH", "2000")).ok();
    assert!(output.stderr.contains("is no base") && output.stderr.contains("--no-base"), "{}", output.stderr);
    assert_eq!(mtime(&sandbox, "records", "a/x"), 2000);
}

#[test]
fn the_year_1970_is_no_time() {
    let sandbox = Sandbox::site();
    let mut command = sandbox.command(&["site"]);
    let output = run(command.env("SOURCE_DATE_EPOCH", "0")).fails(2, "SOURCE_DATE_EPOCH");
    assert!(output.stderr.contains("opcache"), "{}", output.stderr);
}

#[test]
fn what_is_no_base_is_refused() {
    let sandbox = Sandbox::site();
    pack_at(&sandbox, "1000", &["--records", "one"]);
    let refused = |base: &str, naming: &str| drop(sandbox.pack(&["--base", base]).fails(10, naming));
    refused("nowhere.json", "nowhere.json");
    fs::write(sandbox.path("garbage"), "garbage").unwrap();
    refused("garbage", "garbage");
    fs::write(sandbox.path("cut.jsonl"), "{\"manifest\":1,\"entries\":5}\n").unwrap();
    refused("cut.jsonl", "cut.jsonl");
    let record = fs::read_to_string(sandbox.path("one/pack.json")).unwrap();
    fs::write(sandbox.path("foreign.json"), record.replace("pack/1", "other/1")).unwrap();
    refused("foreign.json", "other/1");
    let manifest = sandbox.named("one", "manifest");
    fs::write(&manifest, "{\"manifest\":1,\"entries\":0}\n").unwrap();
    refused("one/pack.json", manifest.file_name().unwrap().to_str().unwrap());
    fs::remove_file(&manifest).unwrap();
    refused("one/pack.json", manifest.file_name().unwrap().to_str().unwrap());
    assert!(!sandbox.path("records").exists());
}

/// What `swap-release manifest` prints of a fleet: nothing yet, one release, or several.
#[test]
fn what_a_fleet_serves_is_a_base_from_standard_input() {
    let sandbox = Sandbox::site();
    let piped = |input: &[u8], args: &[&str]| {
        let file = sandbox.path("piped");
        fs::write(&file, input).unwrap();
        let mut command = sandbox.command(&[&["site", "--base", "-"], args].concat());
        run(command.env("SOURCE_DATE_EPOCH", "3000").stdin(fs::File::open(&file).unwrap()))
    };
    let nothing = b"{\"manifest\":1,\"entries\":0}\n";
    piped(nothing, &["--records", "zero"]).ok();
    assert_eq!(mtime(&sandbox, "zero", "a/x"), 3000);
    assert!(sandbox.record("zero")["details"]["base"].is_null());

    pack_at(&sandbox, "1000", &["--records", "one"]);
    sandbox.file("index.php", "<?PHP\n", 0o644);
    pack_at(&sandbox, "5000", &["--records", "two", "--base", "one/pack.json"]);
    let [one, two] = ["one", "two"].map(|records| fs::read(sandbox.named(records, "manifest")).unwrap());
    sandbox.file("index.php", "<?pHP\n", 0o644);
    piped(&one, &["--records", "from-one"]).ok();
    assert_eq!(mtime(&sandbox, "from-one", "index.php"), 3000);
    piped(&[&one[..], &two].concat(), &["--records", "from-both"]).ok();
    assert_eq!(mtime(&sandbox, "from-both", "index.php"), 5001, "the time of a server's other content");
    assert_eq!(mtime(&sandbox, "from-both", "a/x"), 1000);
    assert_eq!(
        sandbox.record("from-both")["details"]["base"],
        sandbox.record("one")["release"]["tree_digest"],
        "the first is the base of record"
    );

    // A program that failed before it prints nothing, or not all.
    for cut in [&b""[..], &one[..one.len() / 2], b"garbage"] {
        piped(cut, &["--records", "none"]).fails(10, "-");
    }
    assert!(!sandbox.path("none").exists());
}
