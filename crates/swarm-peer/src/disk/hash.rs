//! Hashing pieces from what is on disk.

use sha1::{Digest, Sha1};

use super::Payload;
use crate::Error;
use crate::strategy::{BlockDigest, Geometry};

/// Bytes that are read before they are hashed, at most.
const READ: usize = 256 * 1024;

/// Hashes pieces.
#[derive(Debug)]
pub(super) struct PieceHasher {
    geometry: Geometry,
    buffer: Vec<u8>,
}

impl PieceHasher {
    pub(super) fn new(geometry: Geometry) -> Self {
        Self { geometry, buffer: Vec::new() }
    }

    /// The hash of a piece.
    pub(super) fn piece(&mut self, payload: &mut Payload, piece: u32) -> Result<[u8; 20], Error> {
        let (start, length) = (self.geometry.start_of(piece), self.geometry.length_of(piece) as usize);
        let mut hasher = Sha1::new();
        for begin in (0..length).step_by(READ) {
            self.buffer.resize((length - begin).min(READ), 0);
            payload.read(start + begin as u64, &mut self.buffer)?;
            hasher.update(&self.buffer);
        }
        Ok(hasher.finalize().into())
    }

    /// The hash of each block of a piece.
    pub(super) fn blocks(&mut self, payload: &mut Payload, piece: u32) -> Result<Vec<BlockDigest>, Error> {
        let mut digests = Vec::new();
        for number in 0..self.geometry.blocks_of(piece) {
            let block = self.geometry.block(piece, number);
            self.buffer.resize(block.length as usize, 0);
            payload.read(self.geometry.start_of(piece) + u64::from(block.begin), &mut self.buffer)?;
            digests.push(Sha1::digest(&self.buffer).into());
        }
        Ok(digests)
    }
}
