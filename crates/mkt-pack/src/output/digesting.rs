//! A writer that hashes what is written through it.

use std::io::{self, Write};

use record::Sha256;
use sha2::Digest;

/// The writer beneath and the hash so far.
pub(crate) struct Digesting<W> {
    out: W,
    hasher: sha2::Sha256,
}

impl<W> Digesting<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, hasher: sha2::Sha256::new() }
    }

    /// The writer, and the SHA-256 of all that it took.
    pub(crate) fn into_parts(self) -> (W, Sha256) {
        (self.out, Sha256::from_bytes(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.hasher.update(buffer.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
