//! From one tree to another by a patch: the same tree as unpacked, or nothing.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use payload::patch::{self, Contents, Header};
use payload::{Error, Manifest, Mtimes, Sha256, TreeDigest, WalkOptions, archive, walk};
use proptest::prelude::*;

use crate::round_trip::{build, node, path};
use crate::sandbox::{Sandbox, TIME, listing};

/// Two releases of a site, the first one unpacked.
struct Pair {
    before: Sandbox,
    after: Sandbox,
    base: Manifest,
    target: Manifest,
    archives: [Vec<u8>; 2],
}

impl Pair {
    fn new(before: Sandbox, after: Sandbox) -> Self {
        let (base, old) = before.archive();
        before.unpack(&old, &base.digest()).unwrap();
        let mtimes = Mtimes { release: TIME + 60, bases: std::slice::from_ref(&base) };
        let options = archive::Options { mtimes, ..after.options() };
        let (target, new) = archive::write(&after.scan(), &options, Vec::new(), &|_| true).unwrap();
        Self { before, after, base, target, archives: [old, new] }
    }

    /// What an ordinary update does.
    fn update() -> Self {
        let after = Sandbox::site();
        after.file("index.php", "<?php echo 'y';", 0o644);
        after.file("vendor/bin/drush", "#!/bin/sh\n", 0o600);
        after.file("big", &format!("{}!", "0123456789abcdef".repeat(40_000)), 0o644);
        after.file("new/empty", "", 0o644);
        after.file("new/as-a0", "3", 0o755);
        after.file("new/one", "the same twice", 0o644);
        after.file("new/two", "the same twice", 0o644);
        fs::remove_file(after.root().join("a0")).unwrap();
        fs::remove_file(after.root().join("libraries")).unwrap();
        after.file("libraries/was-a-link", "x", 0o644);
        Self::new(Sandbox::site(), after)
    }

    fn base_tree(&self) -> PathBuf {
        self.before.path("out")
    }

    fn make(&self, prefix: bool) -> (Header, Vec<u8>) {
        let [old, new] = &self.archives;
        let old = prefix.then(|| Contents::archive(&old[..], &self.base).unwrap());
        let new = Contents::archive(&new[..], &self.target).unwrap();
        patch::make(&self.base, old, &self.target, new, Vec::new(), &|_| true).unwrap()
    }

    fn apply(&self, patch: &[u8]) -> Result<Manifest, Error> {
        let dest = self.after.path("patched");
        patch::apply(patch, &self.base, &self.base_tree(), &dest, &self.target.digest(), &|_| true)
    }

    /// The error, after which there must be nothing.
    fn refused(&self, patch: &[u8]) -> Error {
        let error = self.apply(patch).unwrap_err();
        assert!(!self.after.path("patched").exists(), "{error}");
        error
    }

    /// What was patched is what is unpacked, times and all, and packs to the same bytes.
    fn holds(&self, patch: &[u8]) {
        assert_eq!(self.apply(patch).unwrap(), self.target);
        let (old, new) = (self.after.path("patched"), self.after.path("unpacked"));
        archive::unpack(&self.archives[1][..], &new, &self.target.digest(), &|_| true).unwrap();
        assert_eq!(listing(&old), listing(&new));
        let scan = walk(&old, &WalkOptions::default(), &|_| true).unwrap();
        let mtimes = Mtimes { release: TIME + 60, bases: std::slice::from_ref(&self.base) };
        let options = archive::Options { mtimes, ..self.after.options() };
        let (_, again) = archive::write(&scan, &options, Vec::new(), &|_| true).unwrap();
        assert!(again == self.archives[1], "it packs to another archive");
        fs::remove_dir_all(old).unwrap();
        fs::remove_dir_all(new).unwrap();
    }
}

#[test]
fn a_patched_tree_is_the_unpacked_one() {
    let pair = Pair::update();
    let (header, bytes) = pair.make(true);
    assert_eq!((header.base, header.target), (pair.base.digest(), pair.target.digest()));
    assert_eq!(header.base_manifest, Sha256::of(&pair.base.to_bytes().unwrap()));
    assert_eq!(Header::read(&mut &bytes[..]).unwrap(), header);
    pair.holds(&bytes);
    let (_, whole) = pair.make(false);
    pair.holds(&whole);
}

#[test]
fn the_bytes_depend_on_the_trees_only() {
    let pair = Pair::update();
    let (_, bytes) = pair.make(true);
    assert!(pair.make(true).1 == bytes);
    // Plain files instead of archives.
    let (old, new) =
        (Contents::tree(&pair.base_tree()).unwrap(), Contents::tree(&pair.after.root()).unwrap());
    let made = patch::make(&pair.base, Some(old), &pair.target, new, Vec::new(), &|_| true).unwrap();
    assert!(made.1 == bytes);
}

#[test]
fn an_ordinary_update_takes_a_fraction() {
    // Text that compresses as code does, so that the whole is no small number either.
    let line =
        |file: usize, n: usize| format!("function f{}_{file}() {{ return {}; }}\n", n * file, n * n % 977);
    let text = |file: usize| (0..400).map(|n| line(file, n)).collect::<String>();
    let (before, after) = (Sandbox::new(), Sandbox::new());
    for file in 0..300 {
        let name = format!("core/{}/{file}.php", file % 20);
        before.file(&name, &text(file), 0o644);
        let changed =
            if file % 30 == 0 { text(file).replacen("return 4", "return 5", 1) } else { text(file) };
        after.file(&name, &changed, 0o644);
    }
    // A bundle whose name has its hash.
    before.file("theme/app.0a1b.js", &text(1_000), 0o644);
    after.file("theme/app.2c3d.js", &text(1_000).replacen("return 9", "return 8", 2), 0o644);
    let pair = Pair::new(before, after);
    let (_, bytes) = pair.make(true);
    let whole = pair.archives[1].len();
    assert!(bytes.len() * 100 < whole, "{} of {whole}", bytes.len());
    let (_, changed) = pair.make(false);
    assert!(changed.len() > bytes.len() * 5 && changed.len() * 4 < whole, "{} of {whole}", changed.len());
    pair.holds(&bytes);
    // The same tree: nothing but two heads.
    let same = Pair::new(Sandbox::site(), Sandbox::site());
    assert!(same.make(true).1.len() < 1_000);
    same.holds(&same.make(true).1);
}

#[test]
fn a_base_that_was_touched_is_found_and_named() {
    let (_, bytes) = Pair::update().make(true);
    let touched = |name: &str, touch: &dyn Fn(PathBuf)| {
        let pair = Pair::update();
        touch(pair.base_tree().join(name));
        let error = pair.refused(&bytes);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        assert!(error.is_mismatch() || matches!(error, Error::Read { .. }), "{error}");
    };
    let append = |path: PathBuf| OpenOptions::new().append(true).open(path).unwrap().write_all(b"x").unwrap();
    let replace = |path: PathBuf| {
        let mut content = fs::read(&path).unwrap();
        content[0] ^= 1;
        fs::write(path, content).unwrap();
    };
    // One that the patch refers to, and one that it leaves alone.
    for name in ["big", "a-b/x"] {
        touched(name, &append);
        touched(name, &replace);
        touched(name, &|path| fs::remove_file(path).unwrap());
        touched(name, &|path| {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
        });
    }
}

#[test]
fn a_patch_for_another_base_or_to_another_tree_is_refused() {
    let pair = Pair::update();
    let (_, bytes) = pair.make(true);
    let with = |base: &Manifest, expected: &TreeDigest| {
        let dest = pair.after.path("patched");
        let error =
            patch::apply(&bytes[..], base, &pair.base_tree(), &dest, expected, &|_| true).unwrap_err();
        assert!(!dest.exists());
        error
    };
    let digest = pair.target.digest();
    assert!(matches!(with(&pair.target, &digest), Error::OtherBase { .. }));
    // The same tree with other times has another text, which the new one refers to.
    let mut later = pair.base.entries().to_vec();
    later[0].mtime += 1;
    assert!(matches!(with(&Manifest::new(later).unwrap(), &digest), Error::OtherBase { .. }));
    assert!(matches!(with(&pair.base, &pair.base.digest()), Error::Digest { .. }));
}

#[test]
fn a_damaged_patch_leaves_nothing() {
    let pair = Pair::update();
    let (_, bytes) = pair.make(true);
    for end in (0..bytes.len()).step_by(7) {
        assert!(pair.refused(&bytes[..end]).is_mismatch(), "cut at {end}");
    }
    for at in (0..bytes.len()).step_by(3) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        // A bit of a frame's own form may mean nothing, and then it is the right tree.
        match pair.apply(&flipped) {
            Ok(manifest) => {
                assert_eq!(manifest, pair.target);
                fs::remove_dir_all(pair.after.path("patched")).unwrap();
            }
            Err(error) => {
                assert!(error.is_mismatch(), "{at}: {error}");
                assert!(!pair.after.path("patched").exists());
            }
        }
    }
    let more = [&bytes[..], b"more"].concat();
    assert!(pair.refused(&more).to_string().contains("more behind its end"));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let pair = Pair::update();
    let (_, bytes) = pair.make(true);
    let head = 8 + usize::try_from(u32::from_le_bytes(bytes[4..8].try_into().unwrap())).unwrap();
    // 300 MiB of zeros instead of the manifest: no more of it is read than the head promises, which is bounded.
    let mut bomb = zstd::Encoder::new(bytes[..head].to_vec(), 1).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 300 << 20), &mut bomb).unwrap();
    let error = pair.refused(&bomb.finish().unwrap());
    assert!(error.is_mismatch(), "{error}");
}

#[test]
fn an_abort_leaves_nothing() {
    let pair = Pair::update();
    let (_, bytes) = pair.make(true);
    let calls = std::sync::atomic::AtomicU64::new(0);
    let dest = pair.after.path("patched");
    let run = |stop: u64| {
        calls.store(0, std::sync::atomic::Ordering::Relaxed);
        let on = |_: u64| calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < stop;
        patch::apply(&bytes[..], &pair.base, &pair.base_tree(), &dest, &pair.target.digest(), &on)
    };
    run(u64::MAX).unwrap();
    let all = calls.load(std::sync::atomic::Ordering::Relaxed);
    fs::remove_dir_all(&dest).unwrap();
    for stop in 0..all {
        assert!(run(stop).unwrap_err().is_aborted(), "{stop} of {all}");
        assert!(!dest.exists());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_two_trees(
        nodes in prop::collection::btree_map(path(), (node(), 0..4_u8), 0..30),
        changed in prop::collection::btree_map(path(), node(), 0..10),
        prefix in any::<bool>(),
    ) {
        // 0: in both; 1: in the first; 2: in the second; 3: another node in the second, if there is one at hand.
        let pick = |not: u8| nodes.iter().filter(move |(_, (_, kind))| *kind != not);
        let first = pick(2).map(|(path, (node, _))| (path.clone(), node.clone())).collect();
        let mut second: std::collections::BTreeMap<_, _> = pick(1)
            .map(|(path, (node, kind))| match (kind, changed.values().next()) {
                (3, Some(other)) => (path.clone(), other.clone()),
                _ => (path.clone(), node.clone()),
            })
            .collect();
        second.extend(changed.clone());
        let (before, after) = (Sandbox::new(), Sandbox::new());
        build(&before, &first);
        build(&after, &second);
        for site in [&before, &after] {
            let manifest = site.manifest();
            let paths = manifest.entries().iter().map(|entry| entry.path.as_str());
            prop_assume!(payload::twins(paths).is_empty());
        }
        let pair = Pair::new(before, after);
        pair.holds(&pair.make(prefix).1);
    }
}
