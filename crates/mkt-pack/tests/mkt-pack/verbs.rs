//! show, check, diff, unpack.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{BINARY, Sandbox, installed, run};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn torrent(sandbox: &Sandbox) -> String {
    sandbox.named("records", "torrent").to_str().unwrap().to_owned()
}

#[test]
fn show_tells_people_and_programs_the_same() {
    let sandbox = Sandbox::site();
    let passkey = "0123456789abcdef0123456789abcdef";
    let url = format!("http://t.example:34000/{passkey}/announce");
    sandbox.pack(&["--layout", "tree", "--source", "SRC", "--private", "--announce", &url]).ok();
    let (torrent, record) = (torrent(&sandbox), sandbox.record("records"));
    let shown = json(&sandbox.run(&["show", &torrent, "--json"]).ok().stdout);
    let release = &record["release"];
    assert_eq!(shown["infohash"], release["infohash"]);
    assert_eq!(shown["name"], release["payload"]["file"]);
    assert_eq!(shown["files"].as_array().unwrap().len() as u64, release["files"].as_u64().unwrap());
    assert_eq!((&shown["private"], &shown["source"]), (&true.into(), &"SRC".into()));
    assert_eq!(shown["trackers"][0][0], "http://t.example:34000/...");
    let magnet = format!(
        "magnet:?xt=urn:btih:{}&dn={}&xl={}",
        release["infohash"].as_str().unwrap(),
        release["payload"]["file"].as_str().unwrap(),
        release["bytes"]
    );
    assert_eq!(shown["magnet"], magnet.as_str());

    let people = sandbox.run(&["show", &torrent]).ok();
    assert!(people.stderr.is_empty() && !people.stdout.contains(passkey), "{people:?}");
    for part in [
        release["infohash"].as_str().unwrap(),
        magnet.as_str(),
        "64 KiB (chosen for",
        "modules/ünïcode näme.txt",
        "private   yes",
        "source    SRC",
        "tier 1: http://t.example:34000/...",
    ] {
        assert!(people.stdout.contains(part), "`{part}`: {}", people.stdout);
    }
    let revealed = sandbox.run(&["show", &torrent, "--reveal"]).ok().stdout;
    assert!(revealed.contains(&url) && revealed.contains(&format!("%2F{passkey}%2F")), "{revealed}");
}

#[test]
fn show_refuses_what_is_no_torrent() {
    let sandbox = Sandbox::site();
    sandbox.run(&["show", "nowhere.torrent"]).fails(10, "`nowhere.torrent`");
    sandbox.run(&["show", "site/index.php"]).fails(10, "`site/index.php`");
    sandbox.run(&["show"]).fails(2, "");
}

#[test]
fn a_site_called_like_a_verb_is_packed_by_its_path() {
    let sandbox = Sandbox::site();
    fs::rename(sandbox.path("site"), sandbox.path("show")).unwrap();
    sandbox.run(&["./show"]).ok();
    assert!(sandbox.path("records/pack.json").exists());
    sandbox.run(&["show"]).fails(2, "");
    sandbox.run(&["--records", "more", "show"]).ok();
    assert!(sandbox.path("more/pack.json").exists());
}

#[test]
fn check_names_the_damaged_files_and_only_those() {
    let sandbox = Sandbox::new();
    for (name, size) in [("a", 200_000), ("b", 200_000), ("c", 200_000), ("d", 10)] {
        sandbox.file(name, &name.repeat(size), 0o644);
    }
    sandbox.pack(&["--layout", "tree"]).ok();
    let torrent = torrent(&sandbox);
    let check = |args: &[&str]| sandbox.run(&[&["check", &torrent, "site"], args].concat());
    assert!(check(&[]).ok().stderr.contains("whole, 10 pieces"));
    assert_eq!(json(&check(&["--json"]).ok().stdout)["whole"], true);

    let mut content = fs::read(sandbox.path("site/b")).unwrap();
    content[100_000] ^= 1;
    fs::write(sandbox.path("site/b"), content).unwrap();
    fs::remove_file(sandbox.path("site/d")).unwrap();
    let output = check(&["--json"]);
    assert_eq!(output.code, Some(12), "{}", output.stderr);
    let report = json(&output.stdout);
    assert_eq!(report["bad_pieces"], serde_json::json!([4, 9]));
    let named: Vec<_> = report["damaged"].as_array().unwrap().iter().map(|file| &file["path"]).collect();
    assert_eq!(named, ["b", "c", "d"]);
    let how: Vec<_> = report["damaged"].as_array().unwrap().iter().map(|file| &file["damage"]).collect();
    assert_eq!(how, ["content", "unproved", "missing"]);
    let people = check(&[]).fails_telling(12, "`site`").stdout;
    assert!(people.contains("b: 1 bad piece\n") && people.contains("d: missing\n"), "{people}");
}

#[test]
fn check_finds_the_payload_beside_its_torrent() {
    let sandbox = Sandbox::site();
    sandbox.pack(&[]).ok();
    sandbox.run(&["check", &torrent(&sandbox)]).ok();
    sandbox.run(&["check", &torrent(&sandbox), "records"]).ok();
    let payload = sandbox.named("records", "payload");
    sandbox.run(&["check", &torrent(&sandbox), payload.to_str().unwrap()]).ok();
    fs::OpenOptions::new().append(true).open(&payload).unwrap().set_len(17).unwrap();
    let output = sandbox.run(&["check", &torrent(&sandbox)]).fails_telling(12, "is damaged");
    assert!(output.stdout.contains("17 bytes where"), "{output:?}");
}

#[test]
fn what_cannot_be_read_is_not_called_damaged() {
    if !rustix::process::geteuid().is_root() || !installed("setpriv") {
        eprintln!("not tested: reading as somebody else needs root and setpriv");
        return;
    }
    let sandbox = Sandbox::site();
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    sandbox.pack(&["--layout", "tree"]).ok();
    sandbox.file("a/x", "2", 0o600);
    let binary = sandbox.path("mkt-pack");
    fs::copy(BINARY, &binary).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
    command.args(["check", &torrent(&sandbox), "site"]);
    sandbox.tame(&mut command);
    let output = run(&mut command).fails(13, "cannot verify `site`");
    assert!(output.stderr.contains("a/x") && !output.stderr.contains("bad piece"), "{}", output.stderr);
}

#[test]
fn diff_compares_records_and_manifests() {
    let sandbox = Sandbox::site();
    sandbox.pack(&["--records", "one"]).ok();
    sandbox.file("index.php", "<?php // new\n", 0o644);
    sandbox.file("vendor/bin/drush", "#!/bin/sh\n", 0o644);
    sandbox.file("new file", "1", 0o644);
    fs::remove_file(sandbox.path("site/a0")).unwrap();
    sandbox.pack(&["--records", "two", "--layout", "tree"]).ok();
    let expected = serde_json::json!({
        "added": ["new file"], "removed": ["a0"], "changed": ["index.php"], "mode": ["vendor/bin/drush"], "bytes": 14,
        "before": sandbox.record("one")["release"]["tree_digest"],
        "after": sandbox.record("two")["release"]["tree_digest"],
    });
    let manifest = sandbox.named("two", "manifest");
    for after in ["two/pack.json", manifest.to_str().unwrap()] {
        assert_eq!(json(&sandbox.run(&["diff", "one/pack.json", after, "--json"]).ok().stdout), expected);
    }
    let people = sandbox.run(&["diff", "one/pack.json", "two/pack.json"]).ok();
    for line in ["+ new file\n", "- a0\n", "M index.php\n", "m vendor/bin/drush\n"] {
        assert!(people.stdout.contains(line), "{line}: {people:?}");
    }
    assert!(people.stderr.contains("1 added (+), 1 removed (-)"), "{people:?}");
    let same = sandbox.run(&["diff", "one/pack.json", "one/pack.json"]).ok().stderr;
    assert!(same.contains("the same tree"), "{same}");
    sandbox.run(&["diff", "one/pack.json", "nowhere"]).fails(10, "`nowhere`");
}

#[test]
fn unpack_gives_back_the_tree_of_either_layout() {
    for layout in ["archive", "tree"] {
        let sandbox = Sandbox::site();
        sandbox.link("l", "a/x");
        fs::create_dir(sandbox.path("site/empty-dir")).unwrap();
        sandbox.pack(&["--layout", layout]).ok();
        let payload = match layout {
            "archive" => sandbox.named("records", "payload"),
            _ => sandbox.path("site"),
        };
        let payload = payload.to_str().unwrap();
        let manifest = sandbox.named("records", "manifest");
        for (dest, proof) in [
            ("by-record", ["--record", "records/pack.json"]),
            ("by-manifest", ["--manifest", manifest.to_str().unwrap()]),
        ] {
            sandbox.run(&[&["unpack", payload, dest], proof.as_slice()].concat()).ok();
            let diff = Command::new("diff")
                .args(["-r", "--no-dereference"])
                .args([sandbox.path("site"), sandbox.path(dest)])
                .output()
                .unwrap();
            assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stdout));
            assert_eq!(
                fs::metadata(sandbox.path(dest).join("vendor/bin/drush")).unwrap().mode() & 0o777,
                0o755
            );
            sandbox
                .run(&["unpack", payload, dest, "--record", "records/pack.json"])
                .fails(11, &format!("`{payload}`"));
        }
        sandbox.run(&["unpack", payload, "out"]).fails(2, "");
        assert!(!sandbox.path("out").exists());
    }
}

#[test]
fn unpack_leaves_nothing_of_a_payload_that_is_not_the_one() {
    let sandbox = Sandbox::site();
    sandbox.pack(&[]).ok();
    let payload = sandbox.named("records", "payload");
    let unpack = |payload: &str, record: &str| sandbox.run(&["unpack", payload, "out", "--record", record]);
    sandbox.file("index.php", "other", 0o644);
    sandbox.pack(&["--records", "other"]).ok();
    let output = unpack(payload.to_str().unwrap(), "other/pack.json").fails(12, "tree digest");
    assert!(output.stderr.contains("different releases"), "{}", output.stderr);
    let mut bytes = fs::read(&payload).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(sandbox.path("bad"), bytes).unwrap();
    let output = unpack("bad", "records/pack.json");
    assert!(matches!(output.code, Some(10 | 12)), "{}", output.stderr);
    unpack("nowhere", "records/pack.json").fails(10, "`nowhere`");
    assert!(!sandbox.path("out").exists());
}
