//! Modification times from the release before.

use crate::sandbox::{Sandbox, run};
use payload::Manifest;
use std::fs;

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
fn the_folder_of_the_release_before_can_be_the_one_of_this() {
    let sandbox = Sandbox::site();
    pack_at(&sandbox, "1000", &[]);
    pack_at(&sandbox, "2000", &["--base", "records/pack.json"]);
    assert_eq!(mtime(&sandbox, "records", "a/x"), 1000);
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
