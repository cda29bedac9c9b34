//! A power cut: what was not synced may be lost, in any combination. The steps are those that the shipped program makes,
//! taken from strace(1); a small model of a disk says what may be left of them, and the program has to cope with that.
//!
//! The model: a name that was made, replaced or removed is there for sure after an fsync of its directory, the content of
//! a file after its own fsync (or a syncfs); before that each change may be lost by itself, and a file may be empty.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use e2e::{Run, peers};

use crate::kill9::Server;
use crate::needs_peers;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Link(PathBuf),
    /// With whether the content is durable.
    File(Vec<u8>),
}

/// One change of one name, not durable yet.
#[derive(Debug, Clone)]
struct Change {
    folder: PathBuf,
    name: PathBuf,
    to: Option<Thing>,
}

/// Names of interest below deploy_to, as they are for sure, and what may or may not have come after.
#[derive(Debug, Clone, Default)]
struct Disk {
    sure: BTreeMap<PathBuf, Thing>,
    seen: BTreeMap<PathBuf, Thing>,
    open: Vec<Change>,
    unsynced: BTreeSet<PathBuf>,
}

impl Disk {
    fn change(&mut self, name: &Path, to: Option<Thing>) {
        match &to {
            Some(thing) => drop(self.seen.insert(name.to_owned(), thing.clone())),
            None => drop(self.seen.remove(name)),
        }
        let folder = name.parent().unwrap().to_owned();
        self.open.push(Change { folder, name: name.to_owned(), to });
    }

    fn step(&mut self, step: &Step) {
        match step {
            // Opened to be appended to.
            Step::Create(path) if self.seen.contains_key(path) => {}
            Step::Create(path) => {
                self.unsynced.insert(path.clone());
                self.change(path, Some(Thing::File(Vec::new())));
            }
            Step::Write(path, bytes) => {
                self.unsynced.insert(path.clone());
                if let Some(Thing::File(content)) = self.seen.get_mut(path) {
                    content.extend(bytes);
                }
            }
            Step::Link(target, path) => self.change(path, Some(Thing::Link(target.clone()))),
            Step::Rename(from, to) => {
                let Some(thing) = self.seen.get(from).cloned() else { return };
                if self.unsynced.remove(from) {
                    self.unsynced.insert(to.clone());
                }
                self.change(to, Some(thing));
                self.change(from, None);
            }
            Step::Remove(path) => self.change(path, None),
            Step::Sync(path) => {
                self.unsynced.remove(path);
                let (done, open) = self.open.drain(..).partition(|change: &Change| change.folder == *path);
                self.open = open;
                self.settle(done);
                // The content of a file whose name is sure.
                if let Some(thing) = self.seen.get(path)
                    && self.sure.contains_key(path)
                {
                    self.sure.insert(path.clone(), thing.clone());
                }
            }
            Step::SyncAll => {
                let open = std::mem::take(&mut self.open);
                self.unsynced.clear();
                self.settle(open);
                self.sure = self.seen.clone();
            }
        }
    }

    fn settle(&mut self, changes: Vec<Change>) {
        for Change { name, to, .. } in changes {
            match to.map(|thing| self.content(&name, thing)) {
                Some(thing) => drop(self.sure.insert(name, thing)),
                None => drop(self.sure.remove(&name)),
            }
        }
    }

    /// A file has what was written by now, if that was synced, else it may be empty.
    fn content(&self, name: &Path, thing: Thing) -> Thing {
        match thing {
            Thing::File(_) if self.unsynced.contains(name) => Thing::File(Vec::new()),
            Thing::File(old) => match self.seen.get(name) {
                Some(Thing::File(now)) => Thing::File(now.clone()),
                _ => Thing::File(old),
            },
            link @ Thing::Link(_) => link,
        }
    }

    /// Everything that may be left: each change that is not sure may have come through or not, in order or not.
    fn may_be(&self) -> BTreeSet<BTreeMap<PathBuf, Thing>> {
        assert!(self.open.len() < 12, "too many changes at once are not sure: {:?}", self.open);
        (0_u32..1 << self.open.len())
            .map(|kept| {
                let mut left = self.clone();
                let kept = self.open.iter().enumerate().filter(|(bit, _)| kept & (1 << bit) != 0);
                left.settle(kept.map(|(_, change)| change.clone()).collect());
                left.sure
            })
            .collect()
    }
}

/// A system call that changes the disk.
#[derive(Debug, Clone)]
enum Step {
    Create(PathBuf),
    Write(PathBuf, Vec<u8>),
    Link(PathBuf, PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    Sync(PathBuf),
    SyncAll,
}

/// The names that are followed: the links, and what the journal consists of.
fn is_followed(path: &Path, deploy_to: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(deploy_to) else { return false };
    let text = inside.to_string_lossy();
    let links = matches!(&*text, "current" | ".current.next");
    links || (text.starts_with(".swap/") && !text.starts_with(".swap/trash") && text != ".swap/lock")
}

/// Runs it under strace and gives its steps.
fn steps(server: &Server, run: &Run) -> Vec<Step> {
    let log = server.path().join("strace.log");
    Run::new(peers::need("strace"), server.path())
        .args(["-f", "-qq", "-y", "-s", "1000000", "-o"])
        .arg(&log)
        .args(["-e", "trace=openat,open,write,rename,renameat,renameat2,symlink,symlinkat,unlink,unlinkat,fsync,fdatasync,syncfs"])
        .arg("--")
        .args(run.argv())
        .output()
        .ok();
    let deploy_to = server.deploy_to();
    let text = fs::read_to_string(&log).unwrap();
    text.lines().filter_map(|line| step(line, &deploy_to)).collect()
}

/// One line of strace: `123 rename("a", "b") = 0`.
fn step(line: &str, deploy_to: &Path) -> Option<Step> {
    let (_, call) = line.split_once(' ')?;
    let (name, rest) = call.trim_start().split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let strings = quoted(arguments);
    let path = |index: usize| {
        let path = PathBuf::from(String::from_utf8(strings.get(index)?.clone()).ok()?);
        is_followed(&path, deploy_to).then_some(path)
    };
    // `fsync(3</srv/site>)`
    let handle = || {
        let (_, rest) = arguments.split_once('<')?;
        Some(PathBuf::from(rest.split_once('>')?.0))
    };
    match name {
        "openat" | "open" if arguments.contains("O_CREAT") => path(0).map(Step::Create),
        "write" => handle()
            .filter(|path| is_followed(path, deploy_to))
            .zip(strings.first().cloned())
            .map(|(p, b)| Step::Write(p, b)),
        "rename" | "renameat" | "renameat2" => Some(Step::Rename(path(0)?, path(1)?)),
        "symlink" | "symlinkat" => {
            let target = PathBuf::from(String::from_utf8(strings.first()?.clone()).ok()?);
            path(1).map(|path| Step::Link(target, path))
        }
        "unlink" | "unlinkat" => path(0).map(Step::Remove),
        "fsync" | "fdatasync" => handle().map(Step::Sync),
        "syncfs" => Some(Step::SyncAll),
        _ => None,
    }
}

/// The strings between quotes, with C's escapes undone.
fn quoted(text: &str) -> Vec<Vec<u8>> {
    let (mut strings, mut current, mut bytes) = (Vec::new(), None::<Vec<u8>>, text.bytes());
    while let Some(byte) = bytes.next() {
        match (byte, &mut current) {
            (b'"', None) => current = Some(Vec::new()),
            (b'"', Some(_)) => strings.extend(current.take()),
            (b'\\', Some(string)) => string.push(match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(other) => other,
                None => break,
            }),
            (byte, Some(string)) => string.push(byte),
            (_, None) => {}
        }
    }
    strings
}

/// Every followed name that is there now.
fn now(deploy_to: &Path) -> BTreeMap<PathBuf, Thing> {
    let mut found = BTreeMap::new();
    let mut folders = vec![deploy_to.to_owned(), deploy_to.join(".swap")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let meta = path.symlink_metadata().unwrap();
            if meta.is_dir() && path.starts_with(deploy_to.join(".swap")) && path != deploy_to.join(".swap") {
                folders.push(path);
            } else if is_followed(&path, deploy_to) && meta.is_symlink() {
                found.insert(path.clone(), Thing::Link(fs::read_link(&path).unwrap()));
            } else if is_followed(&path, deploy_to) && meta.is_file() {
                found.insert(path.clone(), Thing::File(fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// Makes the names be `wanted` and nothing else.
fn restore(deploy_to: &Path, wanted: &BTreeMap<PathBuf, Thing>) {
    for path in now(deploy_to).keys().filter(|path| !wanted.contains_key(*path)) {
        fs::remove_file(path).unwrap();
    }
    for (path, thing) in wanted {
        let _ = fs::remove_file(path);
        match thing {
            Thing::Link(target) => symlink(target, path).unwrap(),
            Thing::File(bytes) => fs::write(path, bytes).unwrap(),
        }
    }
}

#[test]
fn whatever_a_power_cut_leaves_of_a_switch_it_is_the_old_release_or_the_new() {
    needs_peers!();
    let server = Server::tiny();
    server.pack(1, "old");
    server.pack(2, "new");
    server.stage("old").output().ok();
    server.stage("new").output().ok();
    server.verb("activate").arg("old").output().ok();
    let deploy_to = server.deploy_to();
    let mut tried = 0;
    for verb in ["activate", "rollback"] {
        let target = if verb == "activate" { "new" } else { "old" };
        let before = now(&deploy_to);
        let run = server.verb(verb).arg(target);
        let steps = steps(&server, &run);
        let after = now(&deploy_to);
        let mut disk = Disk { sure: before.clone(), seen: before.clone(), ..Disk::default() };
        let mut states = BTreeSet::new();
        for step in &steps {
            disk.step(step);
            states.extend(disk.may_be());
        }
        assert_eq!(
            disk.may_be(),
            BTreeSet::from([after.clone()]),
            "{verb}: at its end everything is durable: {steps:#?}"
        );
        assert!(states.len() > 10, "{verb}: {} states of {} steps", states.len(), steps.len());
        for state in &states {
            restore(&deploy_to, state);
            let when = format!("{verb}, cut to {state:?}");
            server.assert_whole(&[("old", 1), ("new", 2)], &when);
            server.verb("reconcile").output().ok();
            server.assert_whole(&[("old", 1), ("new", 2)], &when);
            server.verb("verify").output().ok();
            tried += 1;
        }
        restore(&deploy_to, &after);
    }
    assert!(tried > 20, "{tried}");
}
