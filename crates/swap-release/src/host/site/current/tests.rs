//! The resolver against the kernel's own answer, for any text of the link, also across bind mounts.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use record::host::ReleaseState;

use super::*;
use crate::host::disk::RealDisk;
use crate::host::disk::mounts::way;
use crate::host::site::testing::{id, site_with};

/// Set in the process that has mounts of its own.
const MOUNTED: &str = "MKT_TEST_MOUNTED";

/// Two releases, a directory of another tool, links among them and out of them, and places to mount something on.
fn world() -> tempfile::TempDir {
    let root = site_with(&["r1", "r2"]);
    let at = |path: &str| root.path().join(path);
    for folder in ["releases/r1/web/core", "releases/r2/web", "releases/7/web", "elsewhere", "whole", "part"]
    {
        fs::create_dir_all(at(folder)).unwrap();
    }
    for (name, text) in
        [("alias", "releases/r1"), ("up", ".."), ("deep", "up/./alias/../r2//web"), ("loop", "loop")]
    {
        symlink(text, at(name)).unwrap();
    }
    symlink("../../r2", at("releases/7/web/other")).unwrap();
    symlink(at("releases").join("r2"), at("absolute")).unwrap();
    root
}

/// Every directory of every release, by what the kernel calls it.
fn directories(root: &Path) -> HashMap<(u64, u64), ReleaseId> {
    fn walk(folder: &Path, release: &ReleaseId, all: &mut HashMap<(u64, u64), ReleaseId>) {
        let meta = folder.symlink_metadata().unwrap();
        all.insert((meta.dev(), meta.ino()), release.clone());
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), release, all);
            }
        }
    }
    let mut all = HashMap::new();
    for name in ["r1", "r2"] {
        walk(&root.join("releases").join(name), &id(name), &mut all);
    }
    all
}

fn any_text(root: &Path) -> impl Strategy<Value = PathBuf> + use<> {
    let names = vec![
        "releases",
        "r1",
        "r2",
        "7",
        "web",
        "core",
        "other",
        ".",
        "..",
        "",
        "alias",
        "up",
        "deep",
        "absolute",
        "loop",
        "elsewhere",
        "whole",
        "part",
        "name",
        "gone",
    ];
    let starts = vec![root.to_owned(), PathBuf::from("."), root.join("releases"), PathBuf::from("releases")];
    let names = proptest::collection::vec(proptest::sample::select(names), 0..6);
    (proptest::sample::select(starts), names)
        .prop_map(|(start, names)| PathBuf::from(format!("{}/{}", start.display(), names.join("/"))))
}

fn holds_for_any_text(root: &Path, cases: u32) {
    let directories = directories(root);
    let current = root.join("current");
    let site = Site::open(root, &RealDisk).unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&any_text(root), |text| {
        let _none_yet = fs::remove_file(&current);
        symlink(&text, &current).unwrap();
        let found = site.current();
        let Ok(kernel) = fs::metadata(&current) else {
            prop_assert!(matches!(found, Ok(Current::Dangling { .. })), "{found:?}");
            return Ok(());
        };
        prop_assert_eq!(way(&current).unwrap().pop(), fs::canonicalize(&current).ok());
        if !kernel.is_dir() {
            prop_assert!(matches!(found, Err(Error::ForeignCurrent { .. })), "{found:?}");
            return Ok(());
        }
        match (directories.get(&(kernel.dev(), kernel.ino())), found.unwrap()) {
            (Some(id), Current::Release { id: found, right, .. }) => {
                prop_assert_eq!(id, &found);
                prop_assert_eq!(right, text == Path::new("releases").join(id.as_str()));
            }
            (None, Current::Foreign(foreign)) => {
                let meta = fs::metadata(foreign.at).unwrap();
                prop_assert_eq!((meta.dev(), meta.ino()), (kernel.dev(), kernel.ino()));
            }
            (expected, found) => prop_assert!(false, "{found:?}, and it is {expected:?}"),
        }
        Ok(())
    });
    fs::remove_file(&current).unwrap();
    result.unwrap();
    // And the mounts were met, where there are any.
    let inside = std::env::var_os(MOUNTED).map(|_| ["r1", "r2"]);
    for (number, text) in ["whole/web", "part"].into_iter().enumerate() {
        symlink(text, &current).unwrap();
        let found = site.current().unwrap().into_id().map(|id| id.to_string());
        assert_eq!(found.as_deref(), inside.map(|inside| inside[number]), "{text}");
        fs::remove_file(&current).unwrap();
    }
}

#[test]
fn current_is_what_the_kernel_says_whatever_its_text() {
    let root = world();
    holds_for_any_text(root.path(), 700);
}

/// In a mount namespace of its own, where bind mounts of a release and of a part of one are two more ways to it.
#[test]
fn current_is_what_the_kernel_says_across_bind_mounts() {
    if std::env::var_os(MOUNTED).is_none() {
        let me = "host::site::current::tests::current_is_what_the_kernel_says_across_bind_mounts";
        let namespaces = if rustix::process::geteuid().is_root() { "-m" } else { "-Urm" };
        let output = Command::new("unshare")
            .args([namespaces, "--propagation", "private", "--"])
            .arg(std::env::current_exe().unwrap())
            .args([me, "--exact", "--nocapture"])
            .env(MOUNTED, "1")
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if said.contains("Operation not permitted") && std::env::var_os("E2E_PEERS").is_none() {
            // No mount namespace here, and nobody asked for one.
            return;
        }
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let root = world();
    mount(root.path());
    holds_for_any_text(root.path(), 700);
    unmount(root.path());
    nothing_is_lost_by_a_prune(&mount);
}

/// Two ways more to releases, and something else in another tool's.
const MOUNTS: [(&str, &str); 3] =
    [("releases/r1", "whole"), ("releases/r2/web", "part"), ("elsewhere", "releases/7/web")];

fn mount(root: &Path) {
    for (from, to) in MOUNTS {
        let status = Command::new("mount").arg("--bind").args([root.join(from), root.join(to)]).status();
        assert!(status.unwrap().success());
    }
}

/// Wherever a mount is by now, or nowhere.
fn unmount(root: &Path) {
    for at in Mounts::read().within(&root.canonicalize().unwrap()) {
        assert!(Command::new("umount").arg(at).status().unwrap().success());
    }
}

/// Whatever the texts of `current` and of a shared path: what they resolve to is the same after a prune, which has two
/// releases to remove.
fn nothing_is_lost_by_a_prune(prepare: &dyn Fn(&Path)) {
    let root = world();
    let texts = (any_text(root.path()), any_text(root.path()));
    let first = root.path().to_owned();
    drop(root);
    let seen = |path: PathBuf| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let mut removed = 0;
    for _ in 0..48 {
        let root = world();
        prepare(root.path());
        // The texts were made for another root.
        let here = |text: PathBuf| match text.strip_prefix(&first) {
            Ok(below) => root.path().join(below),
            Err(_) => text,
        };
        let (current, shared) = texts.new_tree(&mut runner).unwrap().current();
        let (current, shared) = (here(current), here(shared));
        symlink(&current, root.path().join("current")).unwrap();
        symlink(&shared, root.path().join("shared/files")).unwrap();
        let before = ["current", "shared/files"].map(|path| seen(root.path().join(path)));
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        for name in ["r1", "r2"] {
            let file = locked.site.known(&id(name)).unwrap().unwrap();
            locked.remember(&crate::host::site::ReleaseFile { state: ReleaseState::Failed, ..file }).unwrap();
        }
        drop(locked);
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        if let Ok(reply) = crate::host::verbs::prune::prune(&locked, 1, std::time::Duration::ZERO) {
            removed += reply.removed.len();
        }
        let after = ["current", "shared/files"].map(|path| seen(root.path().join(path)));
        assert_eq!(before, after, "`{}` and `{}`", current.display(), shared.display());
        drop(locked);
        unmount(root.path());
    }
    assert!(removed > 5, "{removed} releases went");
}

#[test]
fn no_text_of_current_or_of_a_shared_path_loses_by_a_prune_what_it_leads_to() {
    nothing_is_lost_by_a_prune(&|_| {});
}

#[test]
fn of_two_names_of_one_tree_it_is_the_release_that_was_built() {
    // As version 0.1 left it after `adopt` of an absolute link to one of our own releases.
    let root = site_with(&["r1"]);
    symlink(root.path().join("releases/r1"), root.path().join("releases/adopted-1")).unwrap();
    symlink("releases/adopted-1", root.path().join("current")).unwrap();
    let site = Site::open(root.path(), &RealDisk).unwrap();
    let locked = crate::host::recovery::lock(site, "test".into()).unwrap();
    let file = locked.site.known(&id("r1")).unwrap().unwrap();
    let mut old = crate::host::site::testing::release("adopted-1");
    old.infohash = "0".repeat(40).parse().unwrap();
    fs::create_dir(locked.site.paths.known_release(&id("adopted-1"))).unwrap();
    locked.remember(&crate::host::site::ReleaseFile { release: old, sequence: 2, ..file }).unwrap();
    assert_eq!(locked.site.current().unwrap().into_id(), Some(id("r1")));
}
