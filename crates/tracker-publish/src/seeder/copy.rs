//! Copying one file so that the bytes written are the bytes hashed.
//!
//! A reflink where the file system has it, else a plain copy. Never a hard link: rtorrent may write into the files it
//! seeds, and would write into the build's file too.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use cli::Abort;
use record::Sha256;

use crate::error::Error;

/// Bytes between two looks at the abort flag.
const CHUNK: usize = 1024 * 1024;

/// A file being read, for a copy and its errors.
pub(crate) struct Source<'a> {
    /// Opened for reading, at its start.
    pub(crate) file: &'a File,
    /// Its path.
    pub(crate) path: &'a Path,
}

/// A fresh, empty file being written, for a copy and its errors.
pub(crate) struct Target<'a> {
    /// Opened for reading and writing.
    pub(crate) file: &'a File,
    /// What errors call it: the path it will have.
    pub(crate) path: &'a Path,
}

/// Copies all of `from`, at most `most` bytes; returns how many bytes there are in the copy now.
pub(crate) fn copy(from: &Source<'_>, onto: &Target<'_>, most: u64, abort: &Abort) -> Result<u64, Error> {
    let write_error = |source| Error::Write { path: onto.path.to_owned(), source };
    if rustix::fs::ioctl_ficlone(onto.file, from.file).is_ok() {
        return onto.file.metadata().map(|metadata| metadata.len()).map_err(write_error);
    }
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    loop {
        abort.check()?;
        let count = match { from.file }.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Read { path: from.path.to_owned(), source }),
        };
        let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else { return Ok(done) };
        { onto.file }.write_all(chunk).map_err(write_error)?;
        done += count as u64;
        // One byte more than there should be is enough to know.
        if done > most {
            return Ok(done);
        }
    }
}

/// The SHA-256 of all of a file, from its start; ends early on an abort.
pub(crate) fn sha256(file: &File, path: &Path, abort: &Abort) -> Result<Sha256, Error> {
    struct Watched<'a>(&'a File, &'a Abort);
    impl Read for Watched<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.check().map_err(io::Error::other)?;
            self.0.read(buffer)
        }
    }
    let read_error = |source| Error::Read { path: path.to_owned(), source };
    { file }.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let digest = Sha256::of_reader(Watched(file, abort));
    abort.check()?;
    digest.map_err(read_error)
}
