//! Messages from bytes.

use bit_vec::BitVec;

use super::Violation;
use super::message::{BLOCK, Block, Message};

/// Fields of a block's message before the payload: id, piece, begin.
const PIECE_FIELDS: usize = 9;
/// The longest message of a kind that is not known here, and so is passed over.
const LONGEST_UNKNOWN: usize = 64 * 1024;

/// What was at the start of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A message.
    Message(Message),
    /// A block of payload, not longer than [`BLOCK`]. Nothing else about it has been checked.
    Piece {
        /// Index of the piece.
        piece: u32,
        /// First byte within the piece.
        begin: u32,
        /// The payload.
        data: &'a [u8],
    },
    /// A message of a kind that is not known here.
    Unknown,
}

/// Reads the first message of a torrent with so many pieces, and says how many bytes it took; `None` while bytes are
/// missing. A length that no message of its kind has is refused as soon as the kind is known, before the rest has come.
///
/// # Errors
/// A length or a bitfield that cannot be.
pub fn read(bytes: &[u8], pieces: u32) -> Result<Option<(Incoming<'_>, usize)>, Violation> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if length == 0 {
        return Ok(Some((Incoming::Message(Message::KeepAlive), 4)));
    }
    let Some(&id) = rest.first() else {
        let most = LONGEST_UNKNOWN.max(bitfield_bytes(pieces) + 1);
        return if length > most { Err(Violation("a message that is too long")) } else { Ok(None) };
    };
    if !fits(id, length, pieces) {
        return Err(Violation("a message whose length is not that of its kind"));
    }
    let Some(body) = rest.get(1..length) else { return Ok(None) };
    Ok(Some((parse(id, body, pieces)?, 4 + length)))
}

/// Whether a message of this kind can have this length, its id included.
fn fits(id: u8, length: usize, pieces: u32) -> bool {
    match id {
        0..=3 | 14 | 15 => length == 1,
        4 | 13 | 17 => length == 5,
        5 => length == 1 + bitfield_bytes(pieces),
        6 | 8 | 16 => length == 13,
        7 => (PIECE_FIELDS + 1..=PIECE_FIELDS + BLOCK as usize).contains(&length),
        _ => length <= LONGEST_UNKNOWN,
    }
}

fn parse(id: u8, body: &[u8], pieces: u32) -> Result<Incoming<'_>, Violation> {
    // The lengths have been checked: no field is missing.
    let number = |at: usize| {
        let bytes = body.get(4 * at..).and_then(<[u8]>::first_chunk).copied();
        bytes.map_or(0, u32::from_be_bytes)
    };
    let block = || Block { piece: number(0), begin: number(1), length: number(2) };
    Ok(Incoming::Message(match id {
        0 => Message::Choke,
        1 => Message::Unchoke,
        2 => Message::Interested,
        3 => Message::NotInterested,
        4 => Message::Have(number(0)),
        5 => Message::Bitfield(bitfield(body, pieces)?),
        6 => Message::Request(block()),
        7 => {
            let data = body.get(PIECE_FIELDS - 1..).unwrap_or_default();
            return Ok(Incoming::Piece { piece: number(0), begin: number(1), data });
        }
        8 => Message::Cancel(block()),
        13 => Message::Suggest(number(0)),
        14 => Message::HaveAll,
        15 => Message::HaveNone,
        16 => Message::Reject(block()),
        17 => Message::AllowedFast(number(0)),
        _ => return Ok(Incoming::Unknown),
    }))
}

fn bitfield_bytes(pieces: u32) -> usize {
    pieces.div_ceil(8) as usize
}

/// The first bit is the highest of the first byte; bits behind the last piece must be zero (BEP 3).
fn bitfield(bytes: &[u8], pieces: u32) -> Result<BitVec, Violation> {
    let mut bits = BitVec::from_bytes(bytes);
    if bits.iter().skip(pieces as usize).any(|bit| bit) {
        return Err(Violation("a bitfield with more pieces than the torrent"));
    }
    bits.truncate(pieces as usize);
    Ok(bits)
}
