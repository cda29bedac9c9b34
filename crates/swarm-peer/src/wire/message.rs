//! The messages.

use bit_vec::BitVec;

/// Bytes of a block, the unit of requests: what every client asks for and the most that any serves.
pub const BLOCK: u32 = 16 * 1024;

/// A part of a piece, as requests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// Index of the piece.
    pub piece: u32,
    /// First byte within the piece.
    pub begin: u32,
    /// Bytes.
    pub length: u32,
}

/// Everything but blocks of payload. BEP 3 up to `Cancel`, then BEP 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Nothing to say, still there.
    KeepAlive,
    /// Requests will not be served.
    Choke,
    /// Requests will be served.
    Unchoke,
    /// Would ask if it were unchoked.
    Interested,
    /// Would not.
    NotInterested,
    /// Has this piece now.
    Have(u32),
    /// Has these pieces; one bit for each.
    Bitfield(BitVec),
    /// Wants a block.
    Request(Block),
    /// Does not want it any more.
    Cancel(Block),
    /// Would like this piece to be asked for.
    Suggest(u32),
    /// Has every piece.
    HaveAll,
    /// Has none.
    HaveNone,
    /// Will not serve a request.
    Reject(Block),
    /// Serves this piece even when choking.
    AllowedFast(u32),
}
