//! A directory tree as a value: content, modes, links, empty directories.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Everything below a directory, by relative path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Dir { mode: u32 },
    File { mode: u32, size: u64, sha256: [u8; 32] },
    Link { target: String },
}

impl Tree {
    /// Reads `root` without the paths `skip` (and what is below them).
    ///
    /// # Panics
    /// When something cannot be read.
    #[must_use]
    pub fn read(root: &Path, skip: &[&str]) -> Self {
        let mut tree = BTreeMap::new();
        add(root, "", skip, &mut tree);
        Self(tree)
    }

    /// The modes a release has: 0755 where the packed tree has an executable bit for its owner or a directory, else 0644.
    #[must_use]
    pub fn with_release_modes(mut self) -> Self {
        for entry in self.0.values_mut() {
            match entry {
                Entry::Dir { mode } => *mode = 0o755,
                Entry::File { mode, .. } => *mode = if *mode & 0o100 == 0 { 0o644 } else { 0o755 },
                Entry::Link { .. } => {}
            }
        }
        self
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of regular files and their size in bytes.
    #[must_use]
    pub fn files(&self) -> (usize, u64) {
        self.0.values().fold((0, 0), |(count, bytes), entry| match entry {
            Entry::File { size, .. } => (count + 1, bytes + size),
            _ => (count, bytes),
        })
    }

    /// Up to ten differences, one a line; none when the trees are equal byte for byte.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let paths: std::collections::BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let lines: Vec<String> = paths
            .into_iter()
            .filter(|path| self.0.get(*path) != other.0.get(*path))
            .take(10)
            .map(|path| format!("{path}: {:?} / {:?}", self.0.get(path), other.0.get(path)))
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Expects `other` to be equal.
    ///
    /// # Panics
    /// When it is not; the first differences are shown.
    #[track_caller]
    pub fn assert_same(&self, other: &Self, what: &str) {
        if let Some(difference) = self.difference(other) {
            panic!("{what}: the trees differ:\n{difference}");
        }
    }
}

fn add(dir: &Path, prefix: &str, skip: &[&str], tree: &mut BTreeMap<String, Entry>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("read `{}`: {e}", dir.display())) {
        let entry = entry.expect("directory entry");
        let name = entry.file_name().into_string().expect("names in tests are UTF-8");
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if skip.contains(&path.as_str()) {
            continue;
        }
        let meta = entry.metadata().expect("metadata");
        let mode = meta.permissions().mode() & 0o7777;
        if meta.is_dir() {
            add(&entry.path(), &path, skip, tree);
            tree.insert(path, Entry::Dir { mode });
        } else if meta.is_symlink() {
            let target = fs::read_link(entry.path()).expect("link").to_string_lossy().into_owned();
            tree.insert(path, Entry::Link { target });
        } else {
            let content = fs::read(entry.path()).unwrap_or_else(|e| panic!("read `{path}`: {e}"));
            tree.insert(
                path,
                Entry::File { mode, size: meta.len(), sha256: Sha256::digest(&content).into() },
            );
        }
    }
}
