//! patch, and unpack --base.

use std::fs;
use std::process::Command;

use crate::sandbox::Sandbox;

/// Two releases: the first in `previous`, and unpacked in `old`; the second in `records`.
fn releases() -> Sandbox {
    let sandbox = Sandbox::site();
    sandbox.pack(&["--records", "previous"]).ok();
    unpack(&sandbox, "previous", "old");
    sandbox.file("core/lib/d1/class1.php", "<?php // 2\n", 0o644);
    sandbox.file("core/lib/d0/class299.php", "<?php // another\n", 0o644);
    sandbox.file("new.php", "<?php // new\n", 0o644);
    fs::remove_file(sandbox.path("site/a0")).unwrap();
    sandbox.pack(&["--base", "previous/pack.json"]).ok();
    sandbox
}

fn unpack(sandbox: &Sandbox, records: &str, dest: &str) {
    let payload = sandbox.named(records, "payload");
    let record = format!("{records}/pack.json");
    sandbox.run(&["unpack", payload.to_str().unwrap(), dest, "--record", &record]).ok();
}

const MAKE: [&str; 5] = ["patch", "previous/pack.json", "records/pack.json", "--output", "update.patch"];
const APPLY: [&str; 9] = [
    "unpack",
    "update.patch",
    "new",
    "--record",
    "records/pack.json",
    "--base",
    "previous/pack.json",
    "--base-tree",
    "old",
];

fn same(sandbox: &Sandbox, one: &str, other: &str) {
    let rsync = ["-rlptn", "--checksum", "--delete", "--itemize-changes"];
    let from = format!("{}/", sandbox.path(one).display());
    let output = Command::new("rsync").args(rsync).arg(from).arg(sandbox.path(other)).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn a_patch_makes_of_one_release_the_next_one() {
    let sandbox = releases();
    let said = sandbox.run(&MAKE).ok().stderr;
    assert!(said.contains("update.patch: ") && said.contains(" instead of "), "{said}");
    let (patch, payload) = (sandbox.path("update.patch"), sandbox.named("records", "payload"));
    let bytes = |path: &std::path::Path| fs::metadata(path).unwrap().len();
    assert!(bytes(&patch) * 4 < bytes(&payload), "{} of {}", bytes(&patch), bytes(&payload));
    sandbox.run(&APPLY).ok();
    unpack(&sandbox, "records", "whole");
    same(&sandbox, "new", "whole");
    // What came out is packed to the same torrent.
    fs::rename(sandbox.path("site"), sandbox.path("built")).unwrap();
    fs::rename(sandbox.path("new"), sandbox.path("site")).unwrap();
    sandbox.pack(&["--records", "again", "--base", "previous/pack.json"]).ok();
    assert_eq!(
        sandbox.record("again")["release"]["infohash"],
        sandbox.record("records")["release"]["infohash"]
    );
    // Not over a file that is there, unless asked for; and the same bytes.
    let first = fs::read(&patch).unwrap();
    sandbox.run(&MAKE).fails(11, "`update.patch`");
    sandbox.run(&[&MAKE[..], &["--force"]].concat()).ok();
    assert!(fs::read(&patch).unwrap() == first);
}

#[test]
fn without_the_old_payload_it_says_what_that_costs_and_works() {
    let sandbox = releases();
    fs::remove_file(sandbox.named("previous", "payload")).unwrap();
    let said = sandbox.run(&MAKE).ok().stderr;
    assert!(said.contains("files that changed go whole"), "{said}");
    sandbox.run(&APPLY).ok();
    unpack(&sandbox, "records", "whole");
    same(&sandbox, "new", "whole");
    let whole = fs::read(sandbox.path("update.patch")).unwrap();
    let said = sandbox.run(&[&MAKE[..], &["--force", "--base-tree", "old"]].concat()).ok().stderr;
    assert!(!said.contains("go whole"), "{said}");
    assert!(fs::read(sandbox.path("update.patch")).unwrap() != whole);
    fs::remove_file(sandbox.named("records", "payload")).unwrap();
    let made = sandbox.run(&[&MAKE[..], &["--force"]].concat());
    made.fails(10, "the payload of `records/pack.json` is not beside it");
}

#[test]
fn a_base_that_was_edited_or_is_another_is_refused_and_nothing_is_left() {
    let sandbox = releases();
    sandbox.run(&MAKE).ok();
    let mut other = APPLY;
    other[6] = "records/pack.json";
    sandbox.run(&other).fails(12, "the patch is for the tree");
    let edited = sandbox.path("old/index.php");
    fs::write(&edited, "<?php // edited on the server\n").unwrap();
    sandbox.run(&APPLY).fails(12, "update.patch");
    fs::write(&edited, "<?php\n").unwrap();
    fs::write(sandbox.path("cut.patch"), &fs::read(sandbox.path("update.patch")).unwrap()[..600]).unwrap();
    let mut cut = APPLY;
    cut[1] = "cut.patch";
    sandbox.run(&cut).fails(12, "cut.patch");
    assert!(!sandbox.path("new").exists());
    // Without its base a patch is no payload.
    sandbox.run(&APPLY[..5]).fails(12, "update.patch");
    sandbox.run(&APPLY[..7]).fails(2, "");
    sandbox.run(&APPLY).ok();
}
