//! The list of everything in a tree, and the digest that names the tree.

use std::collections::{BTreeMap, HashSet};

use sha2::Digest;

use crate::Error;
use crate::content::entry::{Entry, Kind};
use crate::content::fold;
use crate::content::links;
use crate::content::path;
use crate::digest::TreeDigest;
use crate::error::shown;

/// Most entries a manifest may have. A large site has 50,000.
pub const MAX_ENTRIES: u64 = 1_000_000;
/// Longest manifest that is read, in bytes. 50,000 entries make 10 MB.
pub const MAX_MANIFEST_BYTES: u64 = 256 * 1024 * 1024;
/// Latest modification time a tar header holds in octal (year 2242).
pub(crate) const MAX_MTIME: u64 = 0o777_7777_7777;

/// Every path of a tree with type, mode, size, SHA-256 and modification time, in bytewise order of the whole path.
///
/// Only valid manifests can be had: paths are safe and unique, every parent is listed as a directory, and no link
/// leads out of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<Entry>,
    digest: TreeDigest,
}

impl Manifest {
    /// Takes entries in any order and checks them.
    ///
    /// # Errors
    /// [`Error::Path`], [`Error::Link`], or [`Error::Manifest`] naming the line.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, Error> {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self::from_sorted(entries)
    }

    /// Takes entries that must be in order already.
    pub(crate) fn from_sorted(entries: Vec<Entry>) -> Result<Self, Error> {
        if entries.len() as u64 > MAX_ENTRIES {
            return Err(Error::Manifest { line: 1, reason: format!("more than {MAX_ENTRIES} entries") });
        }
        let mut dirs = HashSet::from([""]);
        let mut links = BTreeMap::new();
        let mut previous: Option<&str> = None;
        let mut bytes = 0_u64;
        for (entry, line) in entries.iter().zip(2..) {
            let fault = |reason: String| Err(Error::Manifest { line, reason });
            let name = shown(&entry.path);
            path::check(&entry.path)?;
            match previous {
                Some(previous) if previous == entry.path => {
                    return fault(format!("`{name}` is listed twice"));
                }
                Some(previous) if previous > entry.path.as_str() => {
                    return fault(format!("`{name}` is out of order"));
                }
                _ => previous = Some(&entry.path),
            }
            if !dirs.contains(path::parent(&entry.path)) {
                return fault(format!("the directory of `{name}` is not listed before it"));
            }
            if entry.mtime > MAX_MTIME {
                return fault(format!("the mtime of `{name}` is after the year 2242"));
            }
            match &entry.kind {
                Kind::Dir => {
                    dirs.insert(&entry.path);
                }
                Kind::Link { target } => {
                    path::check_target(&entry.path, target)?;
                    links.insert(entry.path.as_str(), target.as_str());
                }
                Kind::File { size, .. } => match bytes.checked_add(*size) {
                    Some(sum) if sum <= i64::MAX as u64 => bytes = sum,
                    _ => return fault(format!("the sizes add up to more than 2^63 bytes at `{name}`")),
                },
            }
        }
        links::check(&links)?;
        let digest = digest(&entries);
        Ok(Self { entries, digest })
    }

    /// SHA-256 over the canonical form: the line `tree/1\n`, then for each entry in bytewise order of its path
    /// - a directory: `d ` path NUL
    /// - a file: `f ` mode (4 octal digits) ` ` size (decimal) ` ` SHA-256 (64 hex) ` ` path NUL
    /// - a link: `l ` path NUL target NUL
    ///
    /// No path or target can hold NUL, so different trees have different forms. Modification times are left out:
    /// they are for caches, and the same tree may be released at different times.
    #[must_use]
    pub fn digest(&self) -> TreeDigest {
        self.digest
    }

    /// Refuses names of which some file systems would keep one: a release must be the same everywhere.
    pub(crate) fn check_twins(&self) -> Result<(), Error> {
        Error::of_all(fold::faults(self.entries.iter().map(|entry| entry.path.as_str())).collect())
    }

    /// All entries, in bytewise order of their path.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let index = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(index)
    }

    /// Number of regular files.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.entries.iter().filter(|entry| matches!(entry.kind, Kind::File { .. })).count() as u64
    }

    /// Sum of the file sizes in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(Entry::size).sum()
    }

    /// Fails unless this is the tree with that digest.
    pub(crate) fn expect(&self, expected: &TreeDigest) -> Result<(), Error> {
        if self.digest == *expected {
            return Ok(());
        }
        Err(Error::Digest { expected: *expected, found: self.digest })
    }
}

fn digest(entries: &[Entry]) -> TreeDigest {
    let mut hasher = sha2::Sha256::new();
    hasher.update("tree/1\n");
    for Entry { path, kind, .. } in entries {
        match kind {
            Kind::Dir => hasher.update("d "),
            Kind::File { mode, size, sha256 } => {
                hasher.update(format!("f {} {size} ", mode.as_str()));
                hasher.update(sha256.hex());
                hasher.update(" ");
            }
            Kind::Link { .. } => hasher.update("l "),
        }
        hasher.update(path);
        hasher.update("\0");
        if let Kind::Link { target } = kind {
            hasher.update(target);
            hasher.update("\0");
        }
    }
    TreeDigest::finish(hasher)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileMode, Sha256};

    fn dir(path: &str) -> Entry {
        Entry { path: path.into(), mtime: 0, kind: Kind::Dir }
    }

    fn file(path: &str) -> Entry {
        let kind = Kind::File { mode: FileMode::Plain, size: 3, sha256: Sha256::of(b"abc") };
        Entry { path: path.into(), mtime: 0, kind }
    }

    fn link(path: &str, target: &str) -> Entry {
        Entry { path: path.into(), mtime: 0, kind: Kind::Link { target: target.into() } }
    }

    #[test]
    fn the_digest_is_pinned() {
        let manifest = Manifest::new(vec![file("d/f"), link("d/l", "f"), dir("d"), dir("e")]).unwrap();
        // printf 'tree/1\nd d\0f 0644 3 %s d/f\0l d/l\0f\0d e\0' $(printf abc | sha256sum | cut -c1-64) | sha256sum
        let expected = "f6c6896829a830ef9a123908d6873fc2f71abfa415f784fa6f898562aab349c3";
        assert_eq!(manifest.digest().to_string(), expected);
        assert_eq!((manifest.files(), manifest.bytes()), (1, 3));
    }

    #[test]
    fn the_digest_depends_on_everything_but_the_time() {
        let base = Manifest::new(vec![file("f")]).unwrap();
        let mut later = file("f");
        later.mtime = 5;
        assert_eq!(Manifest::new(vec![later]).unwrap().digest(), base.digest());
        let change = |mode, size, content: &[u8]| {
            let kind = Kind::File { mode, size, sha256: Sha256::of(content) };
            Manifest::new(vec![Entry { path: "f".into(), mtime: 0, kind }]).unwrap().digest()
        };
        for other in [
            change(FileMode::Executable, 3, b"abc"),
            change(FileMode::Plain, 4, b"abc"),
            change(FileMode::Plain, 3, b"abd"),
            Manifest::new(vec![file("g")]).unwrap().digest(),
            Manifest::new(vec![dir("f")]).unwrap().digest(),
            Manifest::new(vec![link("f", "g")]).unwrap().digest(),
            Manifest::new(vec![file("f"), dir("g")]).unwrap().digest(),
            Manifest::new(vec![]).unwrap().digest(),
        ] {
            assert_ne!(other, base.digest());
        }
    }

    #[test]
    fn refuses_what_is_no_tree() {
        let reason = |entries: Vec<Entry>| Manifest::new(entries).unwrap_err().to_string();
        assert!(reason(vec![file("a"), file("a")]).contains("twice"));
        assert!(reason(vec![file("a"), dir("a")]).contains("twice"));
        assert!(reason(vec![file("a/b")]).contains("not listed before"));
        assert!(reason(vec![file("a"), file("a/b")]).contains("not listed before"));
        assert!(reason(vec![link("a", "b"), file("a/b"), dir("b")]).contains("not listed before"));
        assert!(reason(vec![file("../a")]).contains("`../a`"));
        assert!(reason(vec![link("a", "/etc")]).contains("absolute"));
        assert!(
            Manifest::from_sorted(vec![file("b"), file("a")])
                .unwrap_err()
                .to_string()
                .contains("out of order")
        );
        let huge = |path: &str| {
            let kind = Kind::File { mode: FileMode::Plain, size: u64::MAX / 2, sha256: Sha256::of(b"") };
            Entry { path: path.into(), mtime: 0, kind }
        };
        assert!(reason(vec![huge("a"), huge("b")]).contains("2^63"));
        let mut late = file("a");
        late.mtime = MAX_MTIME + 1;
        assert!(reason(vec![late]).contains("2242"));
    }

    #[test]
    fn finds_an_entry() {
        let manifest = Manifest::new(vec![dir("a"), file("a/b"), file("a-b")]).unwrap();
        assert_eq!(manifest.get("a/b"), Some(&file("a/b")));
        assert_eq!(manifest.get("a/c"), None);
    }
}
