//! Where the content of a tree is read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::Digest;

use super::plan::Part;
use crate::archive::Members;
use crate::content::entry::{Entry, Kind};
use crate::disk::beneath::Beneath;
use crate::disk::read::read_some;
use crate::error::shown;
use crate::{Error, Manifest, Progress, Sha256};

/// The content of a tree: its plain files, or its archive.
pub struct Contents<'a> {
    source: Source<'a>,
    /// The file that was begun, and the hash of what was read of it.
    begun: Option<(Begun, sha2::Sha256)>,
    buffer: Vec<u8>,
}

enum Source<'a> {
    Tree(Beneath),
    Archive { members: Box<Members<Box<dyn Read + Send + 'a>>>, entries: Vec<Entry>, next: usize },
}

enum Begun {
    File(File),
    Member,
}

impl<'a> Contents<'a> {
    /// Plain files below a directory. What the manifest does not list is not looked at.
    ///
    /// # Errors
    /// [`Error::Root`].
    pub fn tree(root: &Path) -> Result<Self, Error> {
        Ok(Self::new(Source::Tree(Beneath::open(root)?)))
    }

    /// An archive, which must be the one of that manifest.
    ///
    /// # Errors
    /// [`Error::Digest`]; [`Error::Unpack`] or a fault of the manifest for an archive that is damaged.
    pub fn archive(input: impl Read + Send + 'a, manifest: &Manifest) -> Result<Self, Error> {
        let input: Box<dyn Read + Send + 'a> = Box::new(input);
        let mut members = Members::new(input)?;
        let found = members.manifest()?;
        found.expect(&manifest.digest())?;
        // Its own entries: the same tree may have been packed with other times.
        let entries = found.entries().to_vec();
        Ok(Self::new(Source::Archive { members: Box::new(members), entries, next: 0 }))
    }

    fn new(source: Source<'a>) -> Self {
        Self { source, begun: None, buffer: Vec::new() }
    }

    /// Appends a part of a file. Parts are asked for in the order of the manifest, and all of a file.
    ///
    /// A file is hashed as it is read, and known to be wrong at its last part.
    pub(super) fn read(
        &mut self,
        part: &Part<'_>,
        to: &mut Vec<u8>,
        progress: &Progress<'_>,
    ) -> Result<(), Error> {
        let path = &part.entry.path;
        if part.offset == 0 {
            self.begun =
                Some((self.source.begin(part.entry, &mut self.buffer, progress)?, sha2::Sha256::new()));
        }
        let wrong = || Error::Content { path: shown(path) };
        let (begun, hasher) = self.begun.as_mut().ok_or_else(wrong)?;
        let mut left = part.length;
        while left > 0 {
            let got = match (&mut *begun, &mut self.source) {
                (Begun::File(file), _) => {
                    read_some(file, &mut self.buffer, left).map_err(|error| Error::read(path, error))?
                }
                (Begun::Member, Source::Archive { members, .. }) => {
                    members.content(path, &mut self.buffer, left)?
                }
                (Begun::Member, Source::Tree(_)) => return Err(wrong()),
            };
            if got.is_empty() {
                return Err(wrong());
            }
            hasher.update(got);
            to.extend_from_slice(got);
            left -= got.len() as u64;
            if !progress(got.len() as u64) {
                return Err(Error::aborted(path));
            }
        }
        if part.is_last() {
            let found = self.begun.take().map(|(_, hasher)| Sha256::finish(hasher));
            if let Source::Archive { members, .. } = &mut self.source {
                members.padding(path, part.entry.size())?;
            }
            if !matches!(&part.entry.kind, Kind::File { sha256, .. } if Some(*sha256) == found) {
                return Err(wrong());
            }
        }
        Ok(())
    }
}

impl Source<'_> {
    /// Opens a file, or goes on to its member.
    fn begin(
        &mut self,
        entry: &Entry,
        buffer: &mut Vec<u8>,
        progress: &Progress<'_>,
    ) -> Result<Begun, Error> {
        let wrong = || Error::Content { path: shown(&entry.path) };
        match self {
            Self::Tree(root) => {
                let file = root.read(&entry.path).map_err(|error| Error::read(&entry.path, error))?;
                let metadata = file.metadata().map_err(|error| Error::read(&entry.path, error))?;
                if !metadata.is_file() || metadata.len() != entry.size() {
                    return Err(wrong());
                }
                Ok(Begun::File(file))
            }
            Self::Archive { members, entries, next } => {
                while let Some(member) = entries.get(*next) {
                    *next += 1;
                    members.header(member)?;
                    if member.path == entry.path {
                        return Ok(Begun::Member);
                    }
                    let mut left = member.size();
                    while left > 0 {
                        let got = members.content(&member.path, buffer, left)?.len() as u64;
                        left -= got;
                        if !progress(0) {
                            return Err(Error::aborted(&member.path));
                        }
                    }
                    members.padding(&member.path, member.size())?;
                }
                Err(wrong())
            }
        }
    }
}
