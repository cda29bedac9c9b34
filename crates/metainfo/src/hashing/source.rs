//! Reading the files that are hashed.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fstat, open, openat};

use crate::Error;
use crate::hashing::source_file::SourceFile;
use crate::hashing::spans::{Span, Spans};

/// Most bytes a system call: beyond this the copy gets no cheaper, and what was copied is still in the cache.
const READ: usize = 1 << 20;

/// The directory that files start from, found once for all threads: of the path to a small file walking down to it is
/// half.
pub(crate) struct Root<'a> {
    path: &'a Path,
    dir: OwnedFd,
}

impl<'a> Root<'a> {
    /// That of the first file. Without it every file is found by its whole path.
    pub(crate) fn of(files: &[SourceFile<'a>]) -> Option<Self> {
        let path = files.first()?.root;
        let dir = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        Some(Self { path, dir })
    }
}

/// One thread's way to the content: the files laid end to end, of which it holds the ones it read last.
pub(crate) struct Source<'a> {
    files: &'a [SourceFile<'a>],
    spans: &'a Spans,
    root: Option<&'a Root<'a>>,
    /// The one read last comes last.
    open: Vec<(usize, File)>,
}

impl<'a> Source<'a> {
    /// Files a thread holds open: a piece may lie across a border.
    pub(crate) const OPEN: usize = 2;

    pub(crate) fn new(files: &'a [SourceFile<'a>], spans: &'a Spans, root: Option<&'a Root<'a>>) -> Self {
        Self { files, spans, root, open: Vec::new() }
    }

    /// Reads `length` bytes of the content from `begin` on. `buffer` must have one byte more: it is room to see that a file
    /// goes on where it should end, at no system call more.
    pub(crate) fn read<'b>(
        &mut self,
        begin: u64,
        length: usize,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Error> {
        let mut rest = &mut *buffer;
        for span in self.spans.of_range(begin, length as u64) {
            let Some(source) = self.files.get(span.file) else { break };
            rest = self.read_span(span, source, rest)?;
        }
        Ok(buffer.split_at(length).0)
    }

    /// Reads one part of the content to the start of `into`, and returns what is behind it.
    fn read_span<'b>(
        &mut self,
        span: Span,
        source: &SourceFile<'_>,
        into: &'b mut [u8],
    ) -> Result<&'b mut [u8], Error> {
        let failed = |error| Error::Read { path: source.location(), source: error };
        let changed = |found| Error::Changed { path: source.location(), expected: source.length, found };
        let file = self.take(span.file, source).map_err(failed)?;
        let (mut offset, end) = (span.offset, span.offset + span.length);
        let mut rest = into;
        while offset < end {
            let left = usize::try_from(end - offset).unwrap_or(READ);
            let beyond = usize::from(left <= READ && end == source.length);
            let (wanted, _) = rest.split_at_mut(left.min(READ) + beyond);
            let got = match file.read_at(wanted, offset) {
                Ok(0) => return Err(changed(offset)),
                Ok(got) => got,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            if got > left {
                let size = fstat(&file).map_err(|error| failed(error.into()))?.st_size;
                return Err(changed(u64::try_from(size).unwrap_or_default()));
            }
            offset += got as u64;
            (_, rest) = rest.split_at_mut(got);
        }
        if end == source.length && source.stamp.is_some() {
            source.expect(&fstat(&file).map_err(|error| failed(error.into()))?)?;
        }
        self.open.push((span.file, file));
        Ok(rest)
    }

    /// The file, opened unless it is at hand.
    fn take(&mut self, index: usize, source: &SourceFile<'_>) -> std::io::Result<File> {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == index) {
            return Ok(self.open.remove(at).1);
        }
        // Closed first, so that there are never more than there may be.
        if self.open.len() >= Self::OPEN {
            self.open.remove(0);
        }
        match self.root {
            Some(root) if std::ptr::eq(root.path, source.root) && !source.path.is_empty() => {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                Ok(openat(&root.dir, source.path, flags, Mode::empty())?.into())
            }
            _ => File::open(source.location()),
        }
    }
}
