//! Reading and writing the payload as if it were one file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::layout::{Layout, Span};
use crate::Error;

/// Files that are held open.
const OPEN: usize = 32;

/// One thread's way to the payload.
#[derive(Debug)]
pub(crate) struct Payload {
    layout: Arc<Layout>,
    write: bool,
    /// The one used last comes last.
    open: Vec<(usize, File)>,
}

impl Payload {
    pub(crate) fn new(layout: Arc<Layout>, write: bool) -> Self {
        Self { layout, write, open: Vec::new() }
    }

    /// Fills `into` with what is there from `begin` on.
    pub(crate) fn read(&mut self, begin: u64, into: &mut [u8]) -> Result<(), Error> {
        let layout = Arc::clone(&self.layout);
        let mut rest = into;
        for Span { file: number, offset, length } in layout.spans(begin, rest.len()) {
            let (part, after) = rest.split_at_mut_checked(length).unwrap_or_default();
            self.file(number)?.read_exact_at(part, offset).map_err(|source| layout.failed(number, source))?;
            rest = after;
        }
        Ok(())
    }

    /// Writes to where it belongs.
    pub(crate) fn write(&mut self, begin: u64, data: &[u8]) -> Result<(), Error> {
        let layout = Arc::clone(&self.layout);
        let mut rest = data;
        for Span { file: number, offset, length } in layout.spans(begin, data.len()) {
            let (part, after) = rest.split_at_checked(length).unwrap_or_default();
            let written = self.file(number)?.write_all_at(part, offset);
            written.map_err(|source| layout.cannot_write(number, source))?;
            rest = after;
        }
        Ok(())
    }

    fn file(&mut self, number: usize) -> Result<&File, Error> {
        let found = self.open.iter().position(|(open, _)| *open == number);
        let file = match found {
            Some(at) => self.open.remove(at),
            None => {
                if self.open.len() >= OPEN {
                    self.open.remove(0);
                }
                (number, self.layout.file(number, self.write)?)
            }
        };
        self.open.push(file);
        let last = self.open.last().map(|(_, file)| file);
        last.ok_or_else(|| self.layout.failed(number, io::ErrorKind::NotFound.into()))
    }
}
