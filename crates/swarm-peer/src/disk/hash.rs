//! Hashing pieces from what is on disk.

use sha1_lanes::{Digest, Engine, Hashers, digest_each};

use super::Payload;
use crate::Error;
use crate::strategy::{BlockDigest, Geometry};

/// Bytes of each piece that are read before the next one's.
const STRIPE: u32 = 64 * 1024;

/// Hashes pieces side by side.
#[derive(Debug)]
pub(super) struct PieceHasher {
    engine: Engine,
    geometry: Geometry,
    buffer: Vec<u8>,
}

impl PieceHasher {
    pub(super) fn new(geometry: Geometry) -> Self {
        Self { engine: Engine::best(), geometry, buffer: Vec::new() }
    }

    /// How many pieces to hash together at best.
    pub(super) fn lanes(&self) -> usize {
        self.engine.lanes()
    }

    /// The hash of each of these pieces.
    pub(super) fn pieces(&mut self, payload: &mut Payload, pieces: &[u32]) -> Result<Vec<Digest>, Error> {
        let mut hashers = Hashers::new(self.engine, pieces.len());
        let longest = pieces.iter().map(|piece| self.geometry.length_of(*piece)).max().unwrap_or_default();
        let stripe = STRIPE.min(longest);
        self.buffer.resize(pieces.len() * stripe as usize, 0);
        let mut lengths = vec![0; pieces.len()];
        let mut done = 0;
        while done < longest {
            let lanes = self.buffer.chunks_exact_mut(stripe as usize).zip(&mut lengths).zip(pieces);
            for ((lane, length), piece) in lanes {
                *length = self.geometry.length_of(*piece).saturating_sub(done).min(stripe) as usize;
                let into = lane.get_mut(..*length).unwrap_or_default();
                payload.read(self.geometry.start_of(*piece) + u64::from(done), into)?;
            }
            let (buffer, lengths) = (&self.buffer, &lengths);
            hashers.update(|lane| {
                let start = lane * stripe as usize;
                buffer.get(start..start + lengths.get(lane).copied().unwrap_or_default()).unwrap_or_default()
            });
            done += stripe;
        }
        Ok(hashers.finalize())
    }

    /// The hash of each block of a piece.
    pub(super) fn blocks(&mut self, payload: &mut Payload, piece: u32) -> Result<Vec<BlockDigest>, Error> {
        let mut digests = Vec::new();
        for number in 0..self.geometry.blocks_of(piece) {
            let block = self.geometry.block(piece, number);
            self.buffer.resize(block.length as usize, 0);
            payload.read(self.geometry.start_of(piece) + u64::from(block.begin), &mut self.buffer)?;
            digests.extend(digest_each(self.engine, &[&self.buffer]));
        }
        Ok(digests)
    }
}
