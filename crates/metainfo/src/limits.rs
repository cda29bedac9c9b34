//! How much of a `.torrent` is read.

/// Largest `.torrent` that is read, in bytes. 40,000 files make 4 MB.
pub const MAX_TORRENT_BYTES: u64 = 64 * 1024 * 1024;
/// Most files a torrent may list.
pub const MAX_FILES: usize = 1_000_000;
/// Shortest piece, in bytes: the block that peers exchange.
pub(crate) const MIN_PIECE: u32 = 1 << 14;
/// Longest piece, in bytes: the most that rtorrent takes.
pub(crate) const MAX_PIECE: u32 = 1 << 27;
