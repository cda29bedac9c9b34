//! A tree that was listed.

use std::path::PathBuf;

use rustix::io::Errno;

use crate::disk::beneath::Beneath;
use crate::disk::pool::{cores, in_parts};
use crate::error::shown;
use crate::listing::exclude::Rules;
use crate::listing::list::{Found, FoundKind, Listing, list};
use crate::listing::stamp::Stamp;
use crate::{Error, Progress};

/// Entries that a thread looks at before it takes more.
pub(crate) const TOGETHER: usize = 64;

/// A tree that was listed and not yet read.
#[derive(Debug)]
pub struct Scan {
    pub(crate) root: PathBuf,
    pub(crate) dir: Beneath,
    pub(crate) rules: Rules,
    pub(crate) listing: Listing,
}

impl Scan {
    /// In bytewise order of the path.
    pub(crate) fn found(&self) -> &[Found] {
        &self.listing.found
    }

    /// Paths left out by a pattern; what lies beneath an excluded directory is not listed.
    #[must_use]
    pub fn excluded(&self) -> &[String] {
        &self.listing.skipped
    }

    /// Looks once more at every file and directory: at the end of work that must be about one state of the tree.
    ///
    /// # Errors
    /// [`Error::Changed`] with the first path that came, went, or is not what it was; those of listing.
    pub fn check_unchanged(&self, progress: &Progress<'_>) -> Result<(), Error> {
        self.look_again(true, progress)
    }

    /// Looks once more at every directory: the same for work that has seen of each file that it was, when all of it was
    /// read, what it was when it was listed. Only what was written into a file later is not noticed.
    ///
    /// # Errors
    /// Those of [`Self::check_unchanged`].
    pub fn check_names_unchanged(&self, progress: &Progress<'_>) -> Result<(), Error> {
        self.look_again(false, progress)
    }

    fn look_again(&self, files: bool, progress: &Progress<'_>) -> Result<(), Error> {
        let is_as_listed = |path: &str, kind: &FoundKind| {
            let before = match kind {
                FoundKind::Dir { stamp, .. } => stamp,
                FoundKind::File { stamp, .. } if files => stamp,
                // Nobody can change a link: another one has its name then, which the directory shows.
                _ => return Ok(true),
            };
            if !progress(0) {
                return Err(Error::aborted(path));
            }
            match (self.dir.stat(path), kind) {
                (Ok(stat), FoundKind::Dir { .. }) => Ok(Stamp::of(&stat).has_same_names(before)),
                (Ok(stat), _) => Ok(Stamp::of(&stat) == *before),
                (Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP), _) => Ok(false),
                (Err(error), _) => Err(Error::read(path, error)),
            }
        };
        let root = is_as_listed("", &FoundKind::Dir { mode: 0, stamp: self.listing.root })?;
        // They were read a moment ago, so nobody waits for the disk.
        let parts = in_parts(cores(), self.entries(), TOGETHER, |(): &mut (), part| {
            let mut found = self.found().get(part).unwrap_or_default().iter();
            found.try_fold(true, |all, found| Ok(all && is_as_listed(&found.path, &found.kind)?))
        })?;
        let all = parts.into_iter().all(|part| part);
        // A directory changes its time also when something came and went, and every name is what it was.
        if root && all { Ok(()) } else { self.compare(progress) }
    }

    /// Lists the tree again and compares.
    fn compare(&self, progress: &Progress<'_>) -> Result<(), Error> {
        let now = list(&self.dir, |path, is_dir| self.rules.excludes(path, is_dir), progress)?.found;
        let before = self.found();
        let different = before.iter().zip(&now).position(|(before, now)| !before.is_same(now));
        let at = different.unwrap_or(before.len().min(now.len()));
        // Where one list has an entry more, the other is at a later path already, or at its end.
        let changed = [before.get(at), now.get(at)].into_iter().flatten().map(|found| &found.path).min();
        changed.map_or(Ok(()), |path| Err(Error::Changed { path: shown(path) }))
    }

    /// Entries found: files, directories and links.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.found().len()
    }

    /// Regular files with what they were when they were listed, in bytewise order of the path.
    pub fn files(&self) -> impl Iterator<Item = (&str, Stamp)> + Clone {
        self.found().iter().filter_map(|found| match found.kind {
            FoundKind::File { stamp, .. } => Some((found.path.as_str(), stamp)),
            _ => None,
        })
    }

    /// Number of links.
    #[must_use]
    pub fn links(&self) -> usize {
        self.found().iter().filter(|found| matches!(found.kind, FoundKind::Link { .. })).count()
    }

    /// Number of directories with nothing in them, which a torrent cannot hold.
    #[must_use]
    pub fn empty_dirs(&self) -> usize {
        self.listing.empty_dirs
    }

    /// Sum of the file sizes in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, stamp)| stamp.size).sum()
    }
}
