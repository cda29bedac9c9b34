//! The effects, for real and written down; can stop before any of them, as a kill would.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};

use super::{Disk, RealDisk};

/// Does what [`RealDisk`] does below `root`, and keeps a list of it.
pub(crate) struct RecordingDisk {
    root: PathBuf,
    log: RefCell<Vec<String>>,
    /// Effects that are still done; from then on every one fails, as after a kill nothing is done any more.
    left: RefCell<Option<usize>>,
    killed: Cell<bool>,
    /// Then one effect fails and those after it are done: a disk that refuses once.
    once: bool,
    /// One effect that fails, after it was done so many times.
    refused: RefCell<Option<(String, usize)>>,
}

impl RecordingDisk {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            log: RefCell::default(),
            left: RefCell::default(),
            killed: Cell::default(),
            once: false,
            refused: RefCell::default(),
        }
    }

    /// Like `new`, but after `count` effects nothing is done any more.
    pub(crate) fn killed_after(root: &Path, count: usize) -> Self {
        Self { left: RefCell::new(Some(count)), ..Self::new(root) }
    }

    /// Like `new`, but the effect after `count` others fails, and it alone.
    pub(crate) fn failing_after(root: &Path, count: usize) -> Self {
        Self { once: true, ..Self::killed_after(root, count) }
    }

    /// Whether an effect was not done because nothing is done any more, or it alone was to fail.
    pub(crate) fn was_killed(&self) -> bool {
        self.killed.get()
    }

    /// From now on `effect` fails, as it is in the log, after it was done `times` more times.
    pub(crate) fn refuse(&self, effect: &str, times: usize) {
        *self.refused.borrow_mut() = Some((effect.to_owned(), times));
    }

    /// What was done, with paths below the root.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    fn note(&self, what: &str, paths: &[&Path]) -> io::Result<()> {
        let left = *self.left.borrow();
        if let Some(left) = left.filter(|_| !(self.once && self.killed.get())) {
            let fewer = left.checked_sub(1).ok_or_else(|| {
                self.killed.set(true);
                io::Error::other("killed")
            })?;
            *self.left.borrow_mut() = Some(fewer);
        }
        let names: Vec<String> = paths
            .iter()
            .map(|path| path.strip_prefix(&self.root).unwrap_or(path).display().to_string())
            .collect();
        let effect = format!("{what} {}", names.join(" -> "));
        if let Some((refused, times)) = self.refused.borrow_mut().as_mut()
            && *refused == effect
        {
            *times = times.checked_sub(1).ok_or(io::ErrorKind::PermissionDenied)?;
        }
        self.log.borrow_mut().push(effect);
        Ok(())
    }
}

impl Disk for RecordingDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.note("make", &[path])?;
        RealDisk.make_folder(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.note("write", &[path])?;
        RealDisk.write(path, bytes)
    }
    fn append(&self, path: &Path, line: &str) -> io::Result<()> {
        self.note("append", &[path])?;
        RealDisk.append(path, line)
    }
    fn link(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.note("link", &[path, target])?;
        RealDisk.link(target, path)
    }
    fn link_aside(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.note("link", &[path, target])?;
        RealDisk.link_aside(target, path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename", &[from, to])?;
        RealDisk.rename(from, to)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename", &[from, to])?;
        RealDisk.rename_new(from, to)
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        self.note("exchange", &[one, other])?;
        RealDisk.exchange(one, other)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.note("remove", &[path])?;
        RealDisk.remove(path)
    }
    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.note("remove tree", &[path])?;
        RealDisk.remove_tree(path)
    }
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.note(&format!("mode {mode:o}"), &[path])?;
        RealDisk.set_mode(path, mode)
    }
    fn sync_tree(&self, path: &Path) -> io::Result<()> {
        self.note("sync tree", &[path])?;
        RealDisk.sync_tree(path)
    }
}
