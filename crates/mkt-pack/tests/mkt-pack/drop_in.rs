//! In mktorrent's place: the same options give the same info dict, byte for byte, as Debian's mktorrent.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use metainfo::Metainfo;

use crate::sandbox::{Sandbox, installed, run};
use crate::trees::{Random, fill};

/// `created by`, as it is written.
const MADE_BY: &str = concat!("14:mkt-pack ", env!("CARGO_PKG_VERSION"));

/// mktorrent in the sandbox. It names what it is given, so the tree has the same name for both.
fn mktorrent(sandbox: &Sandbox, args: &[&str]) -> Metainfo {
    let mut command = Command::new("mktorrent");
    command.args(args).args(["-o", "theirs.torrent"]);
    sandbox.tame(&mut command);
    let output = run(&mut command).ok();
    assert!(!output.stderr.contains("rror"), "{}", output.stderr);
    Metainfo::read(&sandbox.path("theirs.torrent")).unwrap()
}

fn ours(sandbox: &Sandbox, args: &[&str]) -> Metainfo {
    sandbox.run(&[args, &["-o", "ours.torrent"]].concat()).ok();
    Metainfo::read(&sandbox.path("ours.torrent")).unwrap()
}

#[track_caller]
fn same_info(sandbox: &Sandbox, args: &[&str], compat: bool) -> (Metainfo, Metainfo) {
    let theirs = mktorrent(sandbox, args);
    let flag: &[&str] = if compat { &["--mktorrent-compat"] } else { &[] };
    let ours = ours(sandbox, &[args, flag].concat());
    assert!(ours.info_bytes() == theirs.info_bytes(), "{args:?}");
    assert_eq!(ours.infohash(), theirs.infohash());
    (ours, theirs)
}

#[test]
fn forty_random_trees_have_mktorrents_info_dict() {
    if !installed("mktorrent") {
        return;
    }
    for seed in 0..40 {
        let sandbox = Sandbox::new();
        fill(&sandbox, seed, false);
        let random = &mut Random::new(seed + 1000);
        let exponent = random.pick(&["15", "16", "17", "18", "20", "22"]);
        let mut args = vec!["-a", "http://t.example/announce"];
        for (flag, one_in) in [(&["-l", exponent][..], 2), (&["-p"], 2), (&["-s", "SRC"], 2), (&["-d"], 2)] {
            if random.below(one_in) == 0 {
                args.extend(flag);
            }
        }
        args.extend([&["-n", "a name"][..], &["-t", "1"], &["-v"], &[]][random.below(4)]);
        args.push(random.pick(&["site", "site/", "./site"]));
        same_info(&sandbox, &args, seed % 2 == 0);
    }
}

#[test]
fn single_files_have_mktorrents_info_dict() {
    if !installed("mktorrent") {
        return;
    }
    for size in [1, 32_767, 32_768, 32_769, 262_144, 1_000_000] {
        let sandbox = Sandbox::new();
        sandbox.file("a file", &"x".repeat(size), 0o644);
        for args in
            [&["site/a file"][..], &["-l", "15", "-p", "site/a file"], &["-n", "b", "-s", "S", "site/a file"]]
        {
            same_info(&sandbox, args, size % 2 == 0);
            for file in ["ours.torrent", "theirs.torrent"] {
                fs::remove_file(sandbox.path(file)).unwrap();
            }
        }
    }
}

#[test]
fn what_stands_outside_the_info_dict_is_mktorrents_too() {
    if !installed("mktorrent") {
        return;
    }
    for args in [
        &["-a", "http://a.example/x"][..],
        &["-a", "http://a.example/x,udp://b.example:1/y", "-a", "http://c.example/z"],
        &[
            "--announce=http://a.example/x,http://b.example/y",
            "--comment=two words",
            "--web-seed=http://w.example/1",
        ],
        &[
            "-a",
            "http://a.example/x",
            "-a",
            "http://b.example/y",
            "-w",
            "http://w/1,http://w/2",
            "-w",
            "http://w/3",
        ],
        &["-c", "x", "--private", "--source=S", "--piece-length=16", "--name=n", "--threads=2", "--verbose"],
        &[],
    ] {
        let sandbox = Sandbox::site();
        let args = [args, &["--no-date", "site"]].concat();
        let (ours, theirs) = same_info(&sandbox, &args, true);
        assert_eq!(ours.announce(), theirs.announce(), "{args:?}");
        assert_eq!(ours.announce_list(), theirs.announce_list(), "{args:?}");
        assert_eq!((ours.comment(), ours.web_seeds()), (theirs.comment(), theirs.web_seeds()), "{args:?}");
        assert_eq!((ours.creation_date(), theirs.creation_date()), (None, None));
        // All but the name of the program.
        let (ours, theirs) =
            (fs::read(sandbox.path("ours.torrent")), fs::read(sandbox.path("theirs.torrent")));
        let ours = String::from_utf8_lossy(&ours.unwrap()).replace(MADE_BY, "13:mktorrent 1.1");
        assert!(ours == String::from_utf8_lossy(&theirs.unwrap()), "{args:?}");
    }
}

#[test]
fn compat_follows_links_stamps_a_date_and_leaves_out_what_cannot_be_read() {
    if !installed("mktorrent") {
        return;
    }
    for seed in 100..105 {
        let sandbox = Sandbox::new();
        fill(&sandbox, seed, false);
        fs::create_dir_all(sandbox.path("outside/dir")).unwrap();
        fs::write(sandbox.path("outside/dir/f"), "outside").unwrap();
        symlink("../outside", sandbox.path("site/to-outside")).unwrap();
        symlink("0", sandbox.path("site/to-0")).unwrap();
        symlink("/etc/hostname", sandbox.path("site/hostname")).unwrap();
        sandbox.file(".git/HEAD", "ref: x", 0o644);
        sandbox.file("sites/default/settings.php", "<?php", 0o644);
        let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (ours, theirs) = same_info(&sandbox, &["-a", "http://t.example/x", "site"], true);
        assert!(ours.creation_date().is_some_and(|date| (before..before + 600).contains(&date)));
        assert!(theirs.creation_date().is_some());
        // The strict form neither follows nor stamps.
        sandbox.run(&["-o", "strict.torrent", "site"]).fails(10, "link `");
    }
    let sandbox = Sandbox::site();
    for (path, target) in [("loop/back", ".."), ("one", "two"), ("two", "one"), ("gone", "nowhere")] {
        fs::create_dir_all(sandbox.path("site/loop")).unwrap();
        let path = sandbox.path("site").join(path);
        symlink(target, &path).unwrap();
        sandbox
            .run(&["--mktorrent-compat", "-o", "x.torrent", "site"])
            .fails(10, path.file_name().unwrap().to_str().unwrap());
        fs::remove_file(path).unwrap();
        assert_eq!(sandbox.names(""), ["site"]);
    }
}

#[test]
fn compat_leaves_unreadable_files_out_with_a_warning_as_mktorrent_does() {
    if !rustix::process::geteuid().is_root() || !installed("setpriv") || !installed("mktorrent") {
        eprintln!("not compared: reading as somebody else needs root, setpriv and mktorrent");
        return;
    }
    let sandbox = Sandbox::site();
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    sandbox.file("a/x", "2", 0o600);
    let binary = sandbox.path("mkt-pack");
    fs::copy(crate::sandbox::BINARY, &binary).unwrap();
    let as_nobody = |program: &str, args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]).args(args);
        sandbox.tame(&mut command);
        run(&mut command)
    };
    let binary = binary.to_str().unwrap();
    let output = as_nobody(binary, &["--mktorrent-compat", "-d", "-o", "ours.torrent", "site"]).ok();
    assert!(output.stderr.contains("warning: cannot read `a/x`"), "{}", output.stderr);
    as_nobody("mktorrent", &["-d", "-o", "theirs.torrent", "site"]).ok();
    let read = |name: &str| Metainfo::read(&sandbox.path(name)).unwrap();
    assert!(read("ours.torrent").info_bytes() == read("theirs.torrent").info_bytes());
    as_nobody(binary, &["-o", "strict.torrent", "site"]).fails(10, "a/x");
    assert!(!sandbox.path("strict.torrent").exists());
}

#[test]
fn what_mktorrents_later_version_adds() {
    let sandbox = Sandbox::site();
    let paths = |args: &[&str]| -> Vec<String> {
        let torrent = ours(&sandbox, &[args, &["-f", "site"]].concat());
        match torrent.info().content() {
            metainfo::Content::Tree { files } => files.iter().map(|file| file.path.clone()).collect(),
            metainfo::Content::File { .. } => panic!("a tree"),
        }
    };
    // -e: base names, a list; in the strict form patterns with a directory as well.
    for compat in [&[][..], &["--mktorrent-compat"]] {
        let left = paths(&[compat, &["-e", "*.php,.hta*", "-e", "drush"]].concat());
        assert_eq!(left, ["a-b/x", "a.b", "a/x", "a0", "empty", "modules/ünïcode näme.txt"]);
    }
    assert_eq!(
        paths(&["-e", "core,/a/,modules,vendor"]),
        [".htaccess", "a-b/x", "a.b", "a0", "empty", "index.php"]
    );
    // -x: another infohash each time for the same content.
    let (one, other) =
        (ours(&sandbox, &["-x", "-f", "site"]), ours(&sandbox, &["--cross-seed", "-f", "site"]));
    assert_eq!(one.info().pieces(), other.info().pieces());
    assert_ne!(one.infohash(), other.infohash());
    // -f: without it nothing is overwritten.
    let before = fs::read(sandbox.path("ours.torrent")).unwrap();
    let output = sandbox.run(&["-o", "ours.torrent", "site"]).fails(11, "`ours.torrent` is there already");
    assert!(output.stderr.contains("--force"), "{}", output.stderr);
    assert_eq!(fs::read(sandbox.path("ours.torrent")).unwrap(), before);
}

#[test]
fn the_strict_form_is_deterministic_and_says_what_a_torrent_cannot_hold() {
    let sandbox = Sandbox::site();
    sandbox.link("l", "a/x");
    fs::create_dir(sandbox.path("site/empty-dir")).unwrap();
    sandbox.file(".git/HEAD", "ref: x", 0o644);
    let output = sandbox.run(&["-o", "one.torrent", "site"]).ok();
    assert!(output.stderr.contains("1 link and 1 empty directory"), "{}", output.stderr);
    assert_eq!(sandbox.names(""), ["one.torrent", "site"]);
    sandbox.run(&["-o", "two.torrent", "-t", "1", "site"]).ok();
    let read = |name: &str| fs::read(sandbox.path(name)).unwrap();
    assert!(read("one.torrent") == read("two.torrent"));
    let torrent = Metainfo::read(&sandbox.path("one.torrent")).unwrap();
    assert!(torrent.announce().unwrap().is_no_tracker());
    assert_eq!(torrent.creation_date(), None);
    assert!(torrent.check(&sandbox.path("site"), &|_| true).unwrap().is_whole());
    sandbox.file("sites/default/settings.php", "<?php", 0o644);
    sandbox.run(&["-o", "three.torrent", "site"]).fails(10, "settings.php");
}

#[test]
fn names_that_some_clients_alter_are_told() {
    for layout in [&["-o", "x.torrent"][..], &["--layout", "tree"]] {
        for (path, other) in
            [("a\\b", "c"), ("d/...", "d/c"), ("case/Read.me", "case/read.me"), ("a\nb", "c")]
        {
            if layout[0] == "--layout" && path.starts_with("case/") {
                // Which no release may have.
                continue;
            }
            let sandbox = Sandbox::new();
            sandbox.file(path, "1", 0o644);
            sandbox.file(other, "2", 0o644);
            let stderr = sandbox.pack(layout).ok().stderr;
            assert!(stderr.contains("some clients alter or refuse"), "{path}: {stderr}");
        }
        let stderr = Sandbox::site().pack(layout).ok().stderr;
        assert!(!stderr.contains("some clients"), "{stderr}");
    }
}

#[test]
fn output_and_records_together() {
    for layout in ["archive", "tree"] {
        let sandbox = Sandbox::site();
        let args =
            ["--layout", layout, "-o", "copy.torrent", "--records", "records", "-c", "x", "-w", "http://w/"];
        sandbox.pack(&args).ok();
        let copy = fs::read(sandbox.path("copy.torrent")).unwrap();
        assert!(copy == fs::read(sandbox.named("records", "torrent")).unwrap());
        sandbox.pack(&args).fails(11, "`copy.torrent`");
        sandbox.pack(&[&args[..], &["--force"]].concat()).ok();
    }
    // MKT_RECORDS is set for a whole pipeline and asks for nothing by itself.
    let sandbox = Sandbox::site();
    run(sandbox.command(&["site", "-o", "x.torrent"]).env("MKT_RECORDS", "elsewhere")).ok();
    assert_eq!(sandbox.names(""), ["site", "x.torrent"]);
    run(sandbox.command(&["site"]).env("MKT_RECORDS", "elsewhere")).ok();
    assert!(sandbox.path("elsewhere/pack.json").exists());
}

#[test]
fn flags_that_do_not_go_together_are_named() {
    let sandbox = Sandbox::site();
    for (args, naming) in [
        (&["-o", "x.torrent", "--base", "b.json"][..], "--base"),
        (&["-o", "x.torrent", "--release-id", "r"], "--release-id"),
        (&["-o", "x.torrent", "--level", "3"], "--level"),
        (&["-o", "x.torrent", "--layout", "archive"], "--layout archive"),
        (&["--mktorrent-compat", "--records", "r"], "--records"),
        (&["-n", "name"], "--name"),
        (&["-x"], "--cross-seed"),
        (&["-l", "14K"], "14K"),
        (&["-l", "28"], "268435456"),
        (&["-l", "13"], "8192"),
        (&["-w", "nonsense"], "nonsense"),
        (&["-o", "x.torrent", "-n", ""], ""),
        (&["-o", "site/x.torrent"], "`site/x.torrent`"),
    ] {
        let output = sandbox.pack(args);
        assert!(matches!(output.code, Some(2 | 10)), "{args:?} {}", output.stderr);
        assert!(output.stderr.contains(naming), "{args:?} {}", output.stderr);
        assert_eq!(sandbox.names(""), ["site"], "{args:?}");
    }
}

#[test]
fn a_target_without_a_name_of_its_own_and_no_output() {
    let sandbox = Sandbox::site();
    let mut command = sandbox.command(&["--mktorrent-compat", "."]);
    run(command.current_dir(sandbox.path("site"))).ok();
    assert!(sandbox.path("site/site.torrent").exists());
    assert_eq!(Metainfo::read(&sandbox.path("site/site.torrent")).unwrap().info().name(), "site");
    sandbox.run(&["site/index.php"]).ok();
    assert!(sandbox.path("index.php.torrent").exists());
    sandbox.run(&["site/empty"]).fails(10, "`empty`");
    sandbox.run(&["-o", "x.torrent", "/dev/null"]).fails(10, "/dev/null");
}
