//! Reading what belongs into a block.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicBool;

use sha2::Digest;

use super::header;
use super::page::Page;
use super::plan::{Block, Part};
use super::turns::Turns;
use crate::content::entry::{Entry, FileMode, Kind};
use crate::digest::Sha256;
use crate::disk::pool::{in_parts, readers};
use crate::error::shown;
use crate::listing::hash::hash_file;
use crate::listing::list::{Found, FoundKind};
use crate::listing::stamp::Stamp;
use crate::{Error, Mtimes, Progress, Scan};

/// Makes tar of a tree, block by block, in any order.
pub(super) struct Filler<'a> {
    scan: &'a Scan,
    mtimes: Mtimes<'a>,
    progress: &'a Progress<'a>,
    /// By the index of a file in parts, which are hashed one after the other, by whoever has read them.
    hashers: BTreeMap<usize, Turns<sha2::Sha256>>,
    /// Of the files in parts whose header says when they changed, before all of them was read.
    known: BTreeMap<usize, Sha256>,
}

impl<'a> Filler<'a> {
    /// Also hashes the large files that may be as they were in the release before.
    pub(super) fn new(
        scan: &'a Scan,
        mtimes: Mtimes<'a>,
        blocks: &[Block],
        progress: &'a Progress<'a>,
    ) -> Result<Self, Error> {
        let first = |block: &Block| match block {
            Block::Part(Part { entry, number: 0, .. }) => Some(*entry),
            _ => None,
        };
        let large: Vec<usize> = blocks.iter().filter_map(first).collect();
        let hash = |&index: &usize| {
            let found = scan.found().get(index)?;
            let FoundKind::File { stamp, .. } = &found.kind else { return None };
            mtimes.before(&found.path).any(|before| before.size() == stamp.size).then(|| {
                // Its bytes count when they are packed.
                let hash = hash_file(&scan.dir, &found.path, stamp, &mut Vec::new(), &|_| progress(0))?;
                Ok((index, hash))
            })
        };
        let known = in_parts(readers(), large.len(), 1, |(): &mut (), part| {
            large.get(part).unwrap_or_default().iter().filter_map(hash).collect::<Result<Vec<_>, Error>>()
        })?;
        let known = known.into_iter().flatten().collect();
        let hashers = large.iter().map(|index| (*index, Turns::new(sha2::Sha256::new()))).collect();
        Ok(Self { scan, mtimes, progress, hashers, known })
    }

    /// Puts a block together; gives the entries that end in it, or nothing once `stop` is set.
    pub(super) fn fill(
        &self,
        block: &Block,
        page: &mut Page,
        stop: &AtomicBool,
    ) -> Result<Option<Vec<Entry>>, Error> {
        page.clear();
        match block {
            Block::Entries(range) => {
                let found = self.scan.found().get(range.clone()).unwrap_or_default();
                found.iter().map(|found| self.entry(found, page)).collect::<Result<_, _>>().map(Some)
            }
            Block::Part(part) => self.part(part, page, stop),
        }
    }

    fn entry(&self, found: &Found, page: &mut Page) -> Result<Entry, Error> {
        let path = &found.path;
        let kind = match &found.kind {
            FoundKind::File { mode, stamp, .. } => return self.file(path, *mode, stamp, page),
            FoundKind::Dir { .. } => Kind::Dir,
            FoundKind::Link { target } => Kind::Link { target: String::from_utf8_lossy(target).into_owned() },
            // Refused by `walk`, without which there is no scan.
            FoundKind::Special(kind) => return Err(Error::Special { path: shown(path), kind }),
            FoundKind::NotUtf8 => return Err(Error::NotUtf8 { path: shown(path) }),
        };
        self.advance(path, 0)?;
        let entry = Entry { mtime: self.mtimes.of(path, &kind), path: path.clone(), kind };
        page.push(&header::of_entry(&entry));
        Ok(entry)
    }

    /// A whole file. The bytes that are hashed are the bytes that are packed.
    fn file(&self, path: &str, mode: u32, listed: &Stamp, page: &mut Page) -> Result<Entry, Error> {
        let mut file = self.open(path)?;
        let size = usize::try_from(listed.size).unwrap_or(usize::MAX);
        let head = page.append(header::length_of_file(path));
        // One byte more shows that the file goes on where it should end.
        let begin = page.append(size + 1);
        let content = page.from(begin);
        let mut got = 0;
        while got <= size {
            match file.read(content.get_mut(got..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::read(path, error)),
            }
        }
        if got != size {
            return Err(Error::Changed { path: shown(path) });
        }
        page.shorten(1);
        self.advance(path, listed.size)?;
        let entry = self.described(path, mode, listed.size, Sha256::of(page.from(begin)));
        page.put(head, &header::of_entry(&entry));
        page.push(header::pad(listed.size));
        Ok(entry)
    }

    fn part(&self, part: &Part, page: &mut Page, stop: &AtomicBool) -> Result<Option<Vec<Entry>>, Error> {
        let listed = self.scan.found().get(part.entry).map(|found| (&found.path, &found.kind));
        let (Some((path, FoundKind::File { mode, stamp, .. })), Some(hasher)) =
            (listed, self.hashers.get(&part.entry))
        else {
            return Ok(None);
        };
        let changed = || Error::Changed { path: shown(path) };
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::UnexpectedEof => changed(),
            _ => Error::read(path, error),
        };
        let known = self.known.get(&part.entry);
        if part.number == 0 {
            // Unless it is known, its size is another than in the release before, and so is its content.
            let hash = known.copied().unwrap_or(Sha256::new([0; 32]));
            page.push(&header::of_entry(&self.described(path, *mode, stamp.size, hash)));
        }
        let file = self.open(path)?;
        let begin = page.append(part.length);
        file.read_exact_at(page.from(begin), part.offset).map_err(failed)?;
        self.advance(path, part.length as u64)?;
        let hashed = hasher.at(part.number, stop, |hasher| {
            hasher.update(page.from(begin));
            part.last.then(|| Sha256::finish(std::mem::take(hasher)))
        });
        let Some(hash) = hashed else { return Ok(None) };
        let Some(hash) = hash else { return Ok(Some(Vec::new())) };
        let goes_on = file.read_at(&mut [0], stamp.size).map_err(failed)? > 0;
        if goes_on || known.is_some_and(|known| *known != hash) {
            return Err(changed());
        }
        page.push(header::pad(stamp.size));
        Ok(Some(vec![self.described(path, *mode, stamp.size, hash)]))
    }

    fn described(&self, path: &str, mode: u32, size: u64, sha256: Sha256) -> Entry {
        let kind = Kind::File { mode: FileMode::from_bits(mode), size, sha256 };
        Entry { mtime: self.mtimes.of(path, &kind), path: path.into(), kind }
    }

    fn open(&self, path: &str) -> Result<File, Error> {
        self.scan.dir.read(path).map_err(|error| Error::read(path, error))
    }

    fn advance(&self, path: &str, bytes: u64) -> Result<(), Error> {
        if (self.progress)(bytes) { Ok(()) } else { Err(Error::aborted(path)) }
    }
}
