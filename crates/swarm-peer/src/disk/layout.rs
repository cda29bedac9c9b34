//! Which files the payload consists of.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use metainfo::{Content, Info};
use rustix::fs::{self, FallocateFlags, Mode};
use rustix::io::Errno;

use super::beneath;
use crate::{Error, Role};

/// The payload's files in the order of their bytes, below an open directory.
#[derive(Debug)]
pub(crate) struct Layout {
    root: OwnedFd,
    files: Vec<Entry>,
    /// What the caller calls it.
    place: PathBuf,
}

/// One file.
#[derive(Debug)]
struct Entry {
    /// Below the root.
    path: String,
    /// For people.
    shown: PathBuf,
    /// First byte in the payload.
    start: u64,
    length: u64,
}

/// Part of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Number of the file.
    pub(super) file: usize,
    /// First byte in it.
    pub(super) offset: u64,
    /// Bytes, at least one.
    pub(super) length: usize,
}

impl Layout {
    /// Opens the payload at `place`: the file itself, or the directory that holds the files. For a download whatever is
    /// missing is created, with its full size reserved; what is longer is cut.
    pub(crate) fn open(info: &Info, place: &Path, role: Role) -> Result<Self, Error> {
        let open = |source: Errno| Error::Open { path: place.into(), source: source.into() };
        let write = role == Role::Download;
        let layout = match info.content() {
            Content::File { length } => {
                let name =
                    place.file_name().and_then(|name| name.to_str()).ok_or_else(|| open(Errno::INVAL))?;
                let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty());
                // The directory is the caller's choice, link or not: only what is in it is ours.
                let parent = parent.unwrap_or(Path::new(".")).join(".");
                let entry = Entry { path: name.into(), shown: place.into(), start: 0, length: *length };
                Self {
                    root: beneath::directory(&parent).map_err(open)?,
                    files: vec![entry],
                    place: place.into(),
                }
            }
            Content::Tree { files } => {
                if write {
                    match fs::mkdir(place, Mode::RWXU) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(open(error)),
                    }
                }
                let mut start = 0;
                let files = files.iter().map(|file| {
                    let entry = Entry {
                        path: file.path.clone(),
                        shown: place.join(&file.path),
                        start,
                        length: file.length,
                    };
                    start += file.length;
                    entry
                });
                let files = files.collect();
                Self { root: beneath::directory(place).map_err(open)?, files, place: place.into() }
            }
        };
        for entry in &layout.files {
            if write { entry.reserve(&layout.root)? } else { entry.look(&layout.root)? }
        }
        Ok(layout)
    }

    /// What the caller calls it.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// The parts of `length` bytes from `begin` on, in order.
    pub(super) fn spans(&self, begin: u64, length: usize) -> impl Iterator<Item = Span> + '_ {
        let end = begin.saturating_add(length as u64);
        let first = self.files.partition_point(|file| file.start + file.length <= begin);
        let files = self.files.iter().enumerate().skip(first);
        files.take_while(move |(_, file)| file.start < end).filter_map(move |(number, file)| {
            let (from, to) = (begin.max(file.start), end.min(file.start + file.length));
            let length = usize::try_from(to.checked_sub(from)?).ok().filter(|length| *length > 0)?;
            Some(Span { file: number, offset: from - file.start, length })
        })
    }

    /// Opens one of the files.
    pub(super) fn file(&self, number: usize, write: bool) -> Result<File, Error> {
        let entry = self.files.get(number).ok_or_else(|| self.failed(number, Errno::NOENT.into()))?;
        beneath::file(&self.root, &entry.path, write).map_err(|error| entry.cannot_open(error))
    }

    /// A file could not be read.
    pub(super) fn failed(&self, number: usize, source: io::Error) -> Error {
        Error::Read { path: self.shown(number), source }
    }

    /// A file could not be written.
    pub(super) fn cannot_write(&self, number: usize, source: io::Error) -> Error {
        Error::Write { path: self.shown(number), source }
    }

    fn shown(&self, number: usize) -> PathBuf {
        self.files.get(number).map_or_else(|| self.place.clone(), |entry| entry.shown.clone())
    }
}

impl Entry {
    fn cannot_open(&self, source: Errno) -> Error {
        Error::Open { path: self.shown.clone(), source: source.into() }
    }

    /// For a seeder: it is there and a file. Its size and content show when it is hashed.
    fn look(&self, root: &OwnedFd) -> Result<(), Error> {
        self.regular(&beneath::file(root, &self.path, false).map_err(|error| self.cannot_open(error))?)
            .map(drop)
    }

    /// For a download: it is there with its full size, and room for all of it, so that a full disk shows now and not after
    /// minutes.
    fn reserve(&self, root: &OwnedFd) -> Result<(), Error> {
        let file = beneath::create(root, &self.path).map_err(|error| self.cannot_open(error))?;
        let found = self.regular(&file)?;
        let write = |source| Error::Write { path: self.shown.clone(), source };
        if found != self.length {
            file.set_len(self.length).map_err(write)?;
        }
        if self.length > 0 {
            match fs::fallocate(&file, FallocateFlags::empty(), 0, self.length) {
                // Not every file system can: then a full disk shows when it is full.
                Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => {}
                Err(error) => return Err(write(error.into())),
            }
        }
        Ok(())
    }

    fn regular(&self, file: &File) -> Result<u64, Error> {
        let metadata = file.metadata();
        let metadata = metadata.map_err(|source| Error::Open { path: self.shown.clone(), source })?;
        if metadata.is_file() {
            Ok(metadata.len())
        } else {
            Err(Error::NotAFile { path: self.shown.clone() })
        }
    }
}
