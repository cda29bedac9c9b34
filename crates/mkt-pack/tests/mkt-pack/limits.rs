//! Very many files, very few descriptors, very little space.

use std::fs;
use std::path::Path;
use std::process::Command;

use metainfo::Metainfo;

use crate::sandbox::{BINARY, Sandbox, run};

/// In memory where there is some: this is about numbers, not about disks.
fn sandbox() -> Sandbox {
    let memory = Path::new("/dev/shm");
    Sandbox::within(if memory.is_dir() { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) })
}

/// Hard links of a few files: as many names as wanted in a moment.
fn many_names(sandbox: &Sandbox, dirs: usize, files: usize) {
    for content in 0..10 {
        sandbox.file(&format!("content{content}"), &content.to_string().repeat(content), 0o644);
    }
    for dir in 0..dirs {
        let path = sandbox.path(&format!("site/d{dir}"));
        fs::create_dir(&path).unwrap();
        for file in 0..files {
            let from = sandbox.path(&format!("site/content{}", (dir + file) % 10));
            fs::hard_link(from, path.join(format!("f{file}"))).unwrap();
        }
    }
}

#[test]
fn three_hundred_thousand_files() {
    let sandbox = sandbox();
    many_names(&sandbox, 300, 1000);
    sandbox.run(&["site", "-o", "x.torrent"]).ok();
    let torrent = Metainfo::read(&sandbox.path("x.torrent")).unwrap();
    assert!(matches!(torrent.info().content(), metainfo::Content::Tree { files } if files.len() == 300_010));
    sandbox.run(&["check", "x.torrent", "site"]).ok();
    sandbox.pack(&["--level", "1"]).ok();
    assert_eq!(sandbox.record("records")["release"]["files"], 300_010);
}

/// The binary with so many descriptors and not one more.
fn with_descriptors(sandbox: &Sandbox, number: u32, args: &[&str]) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {number}; exec \"$0\" \"$@\""), BINARY]).args(args);
    sandbox.tame(&mut shell);
    run(&mut shell).ok();
}

#[test]
fn sixty_four_descriptors_are_enough_for_everything() {
    let sandbox = sandbox();
    many_names(&sandbox, 120, 20);
    // A deep path holds no descriptor for each of its directories.
    sandbox.file(&format!("{}file", "deeper/".repeat(150)), "x", 0o644);
    for layout in ["archive", "tree"] {
        with_descriptors(&sandbox, 64, &["site", "--layout", layout, "--records", layout]);
        let payload = match layout {
            "archive" => sandbox.named(layout, "payload"),
            _ => sandbox.path("site"),
        };
        let (payload, record) = (payload.to_str().unwrap(), format!("{layout}/pack.json"));
        let torrent = sandbox.named(layout, "torrent");
        with_descriptors(&sandbox, 64, &["check", torrent.to_str().unwrap(), payload]);
        with_descriptors(&sandbox, 64, &["unpack", payload, &format!("out-{layout}"), "--record", &record]);
    }
    for args in [&["-o", "x.torrent"][..], &["--mktorrent-compat", "-o", "y.torrent"]] {
        with_descriptors(&sandbox, 64, &[&["site"], args].concat());
    }
}

#[test]
fn no_space_for_a_torrent_or_a_tree() {
    let sandbox = Sandbox::site();
    sandbox.file("large", &"x".repeat(2_000_000), 0o644);
    sandbox.pack(&[]).ok();
    let payload = sandbox.named("records", "payload");
    let limited = |blocks: u32, args: &[&str]| {
        let mut shell = Command::new("sh");
        // A limit on the size of files instead of a full disk: the same error path.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, BINARY]).args(args);
        sandbox.tame(&mut shell);
        run(&mut shell)
    };
    let before = sandbox.names("");
    limited(1, &["site", "-o", "x.torrent"]).fails(11, "`x.torrent`");
    let unpack = ["unpack", payload.to_str().unwrap(), "out", "--record", "records/pack.json"];
    limited(500, &unpack).fails(11, payload.to_str().unwrap());
    assert_eq!(sandbox.names(""), before);
}

#[test]
fn loops_of_links_are_kept_and_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.file("f", "x", 0o644);
    sandbox.link("itself", "itself");
    sandbox.link("one", "two");
    sandbox.link("two", "one");
    fs::create_dir(sandbox.path("site/dir")).unwrap();
    sandbox.link("dir/up", "..");
    sandbox.pack(&[]).ok();
    let payload = sandbox.named("records", "payload");
    sandbox.run(&["unpack", payload.to_str().unwrap(), "out", "--record", "records/pack.json"]).ok();
    for (link, target) in [("itself", "itself"), ("one", "two"), ("dir/up", "..")] {
        assert_eq!(fs::read_link(sandbox.path("out").join(link)).unwrap(), Path::new(target));
    }
    let output = sandbox.run(&["site", "-o", "x.torrent"]).ok();
    assert!(output.stderr.contains("4 links"), "{}", output.stderr);
}
