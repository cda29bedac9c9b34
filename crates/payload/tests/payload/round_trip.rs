//! What goes in comes out.

use crate::sandbox::{Sandbox, TIME, listing};
use payload::{Kind, Manifest, WalkOptions, archive, tree, walk};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_site_comes_back_with_modes_links_and_empty_things() {
    let site = Sandbox::site();
    let (manifest, bytes) = site.archive();
    let unpacked = site.unpack(&bytes, &manifest.digest()).unwrap();
    assert_eq!(unpacked, manifest);
    let out = listing(&site.path("out"));
    let time = |what: &str| format!("{what} @{TIME}");
    assert_eq!(out[Path::new("index.php")], time("644 <?php echo 'x';"));
    assert_eq!(out[Path::new(".htaccess")], time("644 Require all denied\n"));
    assert_eq!(out[Path::new("vendor/bin/drush")], time("755 #!/bin/sh\n"));
    assert_eq!(out[Path::new("core/empty")], time("644 "));
    assert_eq!(out[Path::new("core/empty-dir")], time("dir"));
    assert_eq!(out[Path::new("vendor/bin/link")], time("-> ../../core/empty"));
    assert_eq!(out[Path::new("dangling")], time("-> not/there"));
    assert_eq!(out.len(), manifest.entries().len());
    for entry in fs::read_dir(site.path("out")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            assert_eq!(entry.metadata().unwrap().mode() & 0o7777, 0o755, "{entry:?}");
        }
    }
    assert_eq!(fs::metadata(site.path("out")).unwrap().mode() & 0o7777, 0o755);
    assert!(payload::verify::<&str>(&site.path("out"), &manifest, &[], &|_| true).unwrap().is_clean());
}

#[test]
fn a_copy_is_the_same_tree_as_an_unpacked_archive() {
    let site = Sandbox::site();
    let (manifest, bytes) = site.archive();
    site.unpack(&bytes, &manifest.digest()).unwrap();
    tree::copy(&site.root(), &site.path("copy"), &manifest, &manifest.digest(), &|_| true).unwrap();
    assert_eq!(listing(&site.path("copy")), listing(&site.path("out")));
}

#[test]
fn a_copy_takes_what_a_torrent_client_left() {
    let site = Sandbox::site();
    let manifest = site.manifest();
    // No links, no empty directories, no modes; and files of others.
    for gone in ["vendor/bin/link", "libraries", "dangling"] {
        fs::remove_file(site.root().join(gone)).unwrap();
    }
    fs::remove_dir(site.root().join("core/empty-dir")).unwrap();
    site.file("vendor/bin/drush", "#!/bin/sh\n", 0o666);
    site.file("extra", "not ours", 0o644);
    tree::copy(&site.root(), &site.path("copy"), &manifest, &manifest.digest(), &|_| true).unwrap();
    assert!(payload::verify::<&str>(&site.path("copy"), &manifest, &[], &|_| true).unwrap().is_clean());
}

#[test]
fn the_bytes_do_not_depend_on_the_order_of_creation() {
    let one = Sandbox::new();
    let two = Sandbox::new();
    let names: Vec<String> = (0..200).map(|n| format!("d{}/f{n}", n % 7)).collect();
    names.iter().for_each(|name| one.file(name, name, 0o644));
    names.iter().rev().for_each(|name| two.file(name, name, 0o664));
    assert_eq!(one.archive().1, two.archive().1);
}

#[test]
fn tar_unpacks_it_by_hand() {
    let site = Sandbox::site();
    site.file(&format!("{}/{}", "d".repeat(200), "f".repeat(200)), "long", 0o755);
    site.link("long-link", &format!("{}/x", "t".repeat(200)));
    let (manifest, bytes) = site.archive();
    let tar = zstd::decode_all(bytes.as_slice()).unwrap();
    fs::create_dir(site.path("by-hand")).unwrap();
    let mut child = Command::new("tar")
        .args(["-x", "--same-permissions", "-C"])
        .arg(site.path("by-hand"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &tar).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(site.path("by-hand/manifest.jsonl").is_file());
    let report = payload::verify::<&str>(&site.path("by-hand/tree"), &manifest, &[], &|_| true).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn a_path_of_4095_bytes_and_a_tree_of_1000_levels_come_back() {
    let site = Sandbox::new();
    // Created step by step: the whole path is longer than one system call takes.
    let mut dir =
        rustix::fs::open(site.root(), rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty()).unwrap();
    let mut path = String::new();
    let mut enter = |name: &str| {
        rustix::fs::mkdirat(&dir, name, rustix::fs::Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY;
        dir = rustix::fs::openat(&dir, name, flags, rustix::fs::Mode::empty()).unwrap();
        path.push_str(name);
        path.push('/');
    };
    (0..1000).for_each(|_| enter("d"));
    (0..8).for_each(|_| enter(&"e".repeat(250)));
    enter(&"g".repeat(85));
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    let file = rustix::fs::openat(&dir, "f", flags, rustix::fs::Mode::RUSR).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    path.push('f');
    assert_eq!(path.len(), 4095);
    let (manifest, bytes) = site.archive();
    assert_eq!((manifest.entries().len(), manifest.files()), (1010, 1));
    assert!(manifest.get(&path).is_some());
    site.unpack(&bytes, &manifest.digest()).unwrap();
    assert!(payload::verify::<&str>(&site.path("out"), &manifest, &[], &|_| true).unwrap().is_clean());
    tree::copy(&site.root(), &site.path("copy"), &manifest, &manifest.digest(), &|_| true).unwrap();
    assert!(payload::verify::<&str>(&site.path("copy"), &manifest, &[], &|_| true).unwrap().is_clean());
}

/// A random tree as a map of path to what is there.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    File(String, bool),
    Link(String),
    Dir,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c.-]{1,3}",
        1 => "[\\PC&&[^/]]{1,12}",
        1 => "[a-z]{90,255}",
    ]
    .prop_filter("a name", |name| {
        !matches!(name.as_str(), "" | "." | ".." | ".git" | ".env") && name.len() <= 255
    })
}

pub(crate) fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..5).prop_map(|parts| parts.join("/"))
}

pub(crate) fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        5 => ("\\PC{0,40}", any::<bool>()).prop_map(|(content, exec)| Node::File(content, exec)),
        1 => name().prop_map(Node::Link),
        1 => Just(Node::Dir),
    ]
}

/// Leaves out what clashes with an entry before it.
pub(crate) fn build(site: &Sandbox, nodes: &BTreeMap<String, Node>) {
    site.file("zz-always", "one byte at least", 0o644);
    for (path, node) in nodes {
        let full = site.root().join(path);
        let parents_are_dirs = full
            .ancestors()
            .skip(1)
            .take_while(|parent| *parent != site.root())
            .all(|parent| fs::symlink_metadata(parent).map_or(true, |meta| meta.is_dir()));
        if !parents_are_dirs || fs::symlink_metadata(&full).is_ok() {
            continue;
        }
        match node {
            Node::File(content, exec) => site.file(path, content, if *exec { 0o755 } else { 0o644 }),
            Node::Link(target) => site.link(path, target),
            Node::Dir => site.dir(path),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_tree_comes_back(nodes in prop::collection::btree_map(path(), node(), 0..30)) {
        let site = Sandbox::new();
        build(&site, &nodes);
        // Refused, and looked at elsewhere.
        let paths: Vec<String> =
            site.manifest().entries().iter().map(|entry| entry.path.clone()).collect();
        prop_assume!(payload::twins(paths.iter().map(String::as_str)).is_empty());
        let (manifest, bytes) = site.archive();
        let json = manifest.to_bytes().unwrap();
        prop_assert_eq!(&Manifest::parse(json.as_slice()).unwrap(), &manifest);
        site.unpack(&bytes, &manifest.digest()).unwrap();
        let mut before = listing(&site.root());
        before.values_mut().for_each(|what| {
            let at = what.rfind('@').unwrap();
            what.replace_range(at.., &format!("@{TIME}"));
        });
        prop_assert_eq!(listing(&site.path("out")), before);
        let again = walk(&site.path("out"), &WalkOptions::default(), &|_| true).unwrap();
        let again = again.manifest(payload::Mtimes { release: TIME, bases: &[] }, &|_| true).unwrap();
        prop_assert_eq!(again.digest(), manifest.digest());
        tree::copy(&site.root(), &site.path("copy"), &manifest, &manifest.digest(), &|_| true).unwrap();
        prop_assert_eq!(listing(&site.path("copy")), listing(&site.path("out")));
    }
}

#[test]
fn the_archive_starts_with_the_manifest() {
    let site = Sandbox::site();
    let (manifest, bytes) = site.archive();
    let tar = zstd::decode_all(bytes.as_slice()).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(names[0], "manifest.jsonl");
    let expected = manifest.entries().iter().map(|entry| match entry.kind {
        Kind::Dir => format!("tree/{}/", entry.path),
        _ => format!("tree/{}", entry.path),
    });
    assert_eq!(names[1..], expected.collect::<Vec<_>>());
    assert_eq!(site.archive(), (manifest, bytes));
}

#[test]
fn files_larger_than_a_block_come_back_with_and_without_a_base() {
    let site = Sandbox::site();
    let large = |seed: usize, bytes: usize| -> String {
        (0..bytes).map(|at| char::from(b' ' + ((at / 11 + at * seed) % 90) as u8)).collect()
    };
    // On both sides of the border of a block, and one that does not change.
    for (name, bytes) in [("b/one", 4 << 20), ("b/two", (4 << 20) + 1), ("c", 9_000_000), ("same", 8 << 20)] {
        site.file(name, &large(bytes, bytes), 0o644);
    }
    let (before, bytes) = site.archive();
    assert_eq!(before, site.manifest());
    assert_eq!(site.unpack(&bytes, &before.digest()).unwrap(), before);
    assert!(payload::verify::<&str>(&site.path("out"), &before, &[], &|_| true).unwrap().is_clean());
    // The same size, another size, and a new one.
    site.file("b/two", &large(7, (4 << 20) + 1), 0o644);
    site.file("c", &large(7, 8_500_000), 0o644);
    site.file("new", &large(7, 5_000_000), 0o644);
    let mtimes = payload::Mtimes { release: TIME + 9, bases: std::slice::from_ref(&before) };
    let options = archive::Options { mtimes, ..site.options() };
    let (after, bytes) = archive::write(&site.scan(), &options, Vec::new(), &|_| true).unwrap();
    assert_eq!(after, site.scan().manifest(mtimes, &|_| true).unwrap());
    let times = ["b/one", "b/two", "c", "same", "new"].map(|path| after.get(path).unwrap().mtime - TIME);
    assert_eq!(times, [0, 9, 9, 0, 9]);
    fs::remove_dir_all(site.path("out")).unwrap();
    assert_eq!(site.unpack(&bytes, &after.digest()).unwrap(), after);
}
