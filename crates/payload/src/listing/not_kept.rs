//! What a tree has and a release does not keep. A release holds what is the same on every host: content, names, links,
//! and whether a file can be run.

use std::collections::BTreeMap;

use crate::Error;
use crate::content::entry::FileMode;
use crate::disk::pool::{in_parts, readers};
use crate::error::shown;
use crate::listing::list::FoundKind;
use crate::listing::scan::{Scan, TOGETHER};

/// The mode of every directory of a release.
const DIR_MODE: u32 = 0o755;
/// Names of attributes of one entry, in bytes; Linux allows 64 KiB.
const NAMES: usize = 64 * 1024;

/// Paths of which the first is named, control characters escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    /// How many.
    pub count: usize,
    /// The first in bytewise order.
    pub first: String,
}

impl Examples {
    fn add(&mut self, path: &str) {
        if self.count == 0 {
            self.first = shown(path);
        }
        self.count += 1;
    }
}

/// Entries of one mode that get another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeChange {
    /// Permission bits in the tree.
    pub from: u32,
    /// Permission bits in the release.
    pub to: u32,
    /// Which.
    pub entries: Examples,
}

/// What a release leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotKept {
    /// Other modes than 0644 and 0755, the most frequent first.
    pub modes: Vec<ModeChange>,
    /// Entries with extended attributes: capabilities, access control lists, attributes of users. Labels of SELinux
    /// are not counted: every file has one where it is used.
    pub attributes: Examples,
    /// Files that have several names (hard links): each becomes a file of its own.
    pub hard_links: Examples,
}

impl Scan {
    /// What of this tree a release will not have. The attributes are looked for now, a system call an entry.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub fn not_kept(&self) -> Result<NotKept, Error> {
        let has_attributes = |buffer: &mut Vec<u8>, path: &str| {
            buffer.resize(NAMES, 0);
            // What cannot be asked has none that could be kept: a file system without them, or a file that went.
            let size = rustix::fs::llistxattr(self.root.join(path), &mut *buffer).unwrap_or(0);
            let names = buffer.get(..size).unwrap_or_default().split(|byte| *byte == 0);
            names.filter(|name| !name.is_empty()).any(|name| name != b"security.selinux")
        };
        let with: Vec<bool> = in_parts(readers(), self.entries(), TOGETHER, |buffer, part| {
            let found = self.found().get(part).unwrap_or_default().iter();
            Ok::<_, Error>(found.map(|found| has_attributes(buffer, &found.path)).collect::<Vec<_>>())
        })?
        .into_iter()
        .flatten()
        .collect();
        let mut not_kept = NotKept::default();
        let mut modes: BTreeMap<(u32, u32), Examples> = BTreeMap::new();
        for (found, with) in self.found().iter().zip(with) {
            let (from, to) = match found.kind {
                FoundKind::Dir { mode, .. } => (mode, DIR_MODE),
                FoundKind::File { mode, hard_linked, .. } => {
                    if hard_linked {
                        not_kept.hard_links.add(&found.path);
                    }
                    (mode, FileMode::from_bits(mode).bits())
                }
                FoundKind::Link { .. } | FoundKind::Special(_) | FoundKind::NotUtf8 => (0, 0),
            };
            if from != to {
                modes.entry((from, to)).or_default().add(&found.path);
            }
            if with {
                not_kept.attributes.add(&found.path);
            }
        }
        not_kept.modes =
            modes.into_iter().map(|((from, to), entries)| ModeChange { from, to, entries }).collect();
        not_kept.modes.sort_by_key(|change| std::cmp::Reverse(change.entries.count));
        Ok(not_kept)
    }
}
