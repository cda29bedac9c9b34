//! Reading an archive member by member, each of which is known beforehand.

use std::io::{BufReader, Read};

use tar::Header;

use super::header::{self, BLOCK, END};
use crate::Error;
use crate::content::entry::Entry;
use crate::content::manifest::{MAX_MANIFEST_BYTES, Manifest};
use crate::disk::read::read_some;
use crate::error::shown;

/// Largest window a frame may ask for, as a power of two: 128 MiB of memory, what the highest levels use.
const WINDOW_LOG: u32 = 27;

/// The decompressed stream. Never reads more than the next member's header and content, so a bomb is not unpacked.
pub(crate) struct Members<R: Read> {
    tar: zstd::Decoder<'static, BufReader<R>>,
}

impl<R: Read> Members<R> {
    pub(crate) fn new(input: R) -> Result<Self, Error> {
        let failed = |source| Error::unpack(header::MANIFEST, source);
        let mut tar = zstd::Decoder::new(input).map_err(failed)?;
        tar.window_log_max(WINDOW_LOG).map_err(failed)?;
        Ok(Self { tar })
    }

    /// Reads the first member, the only one whose size is not known.
    pub(crate) fn manifest(&mut self) -> Result<Manifest, Error> {
        let mut block = [0; BLOCK];
        self.exact(header::MANIFEST, &mut block)?;
        let found = Header::from_byte_slice(&block);
        let size = found.entry_size().unwrap_or(u64::MAX);
        if found.path_bytes() != header::MANIFEST.as_bytes() || size > MAX_MANIFEST_BYTES {
            return Err(Error::Member { expected: header::MANIFEST.into(), found: describe(&block) });
        }
        let manifest = Manifest::parse((&mut self.tar).take(size)).map_err(|error| match error {
            Error::ManifestIo { source, .. } => Error::unpack(header::MANIFEST, source),
            other => other,
        })?;
        if header::of_manifest(&manifest, size) != block {
            return Err(Error::Member { expected: header::MANIFEST.into(), found: describe(&block) });
        }
        self.padding(header::MANIFEST, size)?;
        Ok(manifest)
    }

    /// Reads the header that belongs to the entry.
    pub(crate) fn header(&mut self, entry: &Entry) -> Result<(), Error> {
        let expected = header::of_entry(entry);
        for (number, expected) in expected.chunks_exact(BLOCK).enumerate() {
            let mut block = [0; BLOCK];
            self.exact(&entry.path, &mut block)?;
            if block != expected {
                // A later block is the rest of a long name, which says nothing by itself.
                let found = if number == 0 { describe(&block) } else { "another long name".into() };
                return Err(Error::Member { expected: format!("tree/{}", shown(&entry.path)), found });
            }
        }
        Ok(())
    }

    /// Reads some of the content of a member that has `left` bytes more.
    pub(crate) fn content<'a>(
        &mut self,
        path: &str,
        buffer: &'a mut Vec<u8>,
        left: u64,
    ) -> Result<&'a [u8], Error> {
        let got = read_some(&mut self.tar, buffer, left).map_err(|error| Error::unpack(path, error))?;
        if got.is_empty() && left > 0 {
            return Err(ends_early(path));
        }
        Ok(got)
    }

    /// Reads the whole content of a small member.
    pub(crate) fn whole(&mut self, path: &str, size: usize) -> Result<Vec<u8>, Error> {
        let mut content = vec![0; size];
        self.exact(path, &mut content)?;
        Ok(content)
    }

    /// Reads the zeros after a content.
    pub(crate) fn padding(&mut self, path: &str, size: u64) -> Result<(), Error> {
        let mut zeros = vec![0; header::padding(size)];
        self.exact(path, &mut zeros)?;
        if zeros.iter().all(|&byte| byte == 0) {
            return Ok(());
        }
        Err(Error::Member { expected: "padding".into(), found: format!("bytes after `{}`", shown(path)) })
    }

    /// Reads the end of the archive and of the input: a member more, or anything else, is refused.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        const END_OF_ARCHIVE: &str = "end of archive";
        let mut block = END;
        self.exact(END_OF_ARCHIVE, &mut block)?;
        if block != END {
            let found = block.first_chunk::<BLOCK>().map(describe).unwrap_or_default();
            return Err(Error::Member { expected: END_OF_ARCHIVE.into(), found });
        }
        match self.tar.read(&mut [0]).map_err(|error| Error::unpack(END_OF_ARCHIVE, error))? {
            0 => Ok(()),
            _ => Err(Error::Member { expected: END_OF_ARCHIVE.into(), found: "more bytes".into() }),
        }
    }

    fn exact(&mut self, path: &str, block: &mut [u8]) -> Result<(), Error> {
        self.tar.read_exact(block).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => ends_early(path),
            _ => Error::unpack(path, error),
        })
    }
}

fn ends_early(path: &str) -> Error {
    Error::unpack(path, std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the archive ends too early"))
}

/// What a header that does not belong there seems to be.
fn describe(block: &[u8; BLOCK]) -> String {
    if block.iter().all(|&byte| byte == 0) {
        return "the end of the archive".into();
    }
    let header = Header::from_byte_slice(block);
    let kind = match header.entry_type() {
        tar::EntryType::Regular => "file",
        tar::EntryType::Directory => "directory",
        tar::EntryType::Symlink => "link",
        tar::EntryType::Link => "hard link",
        tar::EntryType::Char | tar::EntryType::Block => "device node",
        tar::EntryType::Fifo => "FIFO",
        tar::EntryType::GNULongName | tar::EntryType::GNULongLink => "long name",
        _ => "member of another kind",
    };
    let size = header.entry_size().map_or_else(|_| "unreadable size".into(), |size| format!("{size} bytes"));
    let mode = header.mode().map_or_else(|_| "unreadable mode".into(), |mode| format!("mode {mode:04o}"));
    format!("a {kind} `{}` ({mode}, {size})", shown(&String::from_utf8_lossy(&header.path_bytes())))
}
