//! How many bytes of content one piece hash covers.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::limits::{MAX_PIECE, MIN_PIECE};

/// A power of two from 16 KiB, the block that peers exchange, to 128 MiB, the most that rtorrent takes.
///
/// Parsed from `65536`, `64KiB`, `64K`, `1MiB` or `1M`; displayed as `64 KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceLength(u32);

impl PieceLength {
    /// 16 KiB.
    pub const MIN: Self = Self(MIN_PIECE);
    /// 128 MiB.
    pub const MAX: Self = Self(MAX_PIECE);
    /// 64 KiB: a packed site of 17 MB has 260 pieces, enough to swarm, and its torrent stays below 10 kB.
    pub const DEFAULT: Self = Self(1 << 16);

    /// What [`Self::chosen_for`] does not go below, and not above.
    const CHOSEN: std::ops::RangeInclusive<u32> = (1 << 16)..=(1 << 24);
    /// Pieces that a payload should have at least, so that every peer soon has something the others lack.
    pub const ENOUGH_PIECES: u64 = 200;

    /// The length for so much content: the longest that gives [`Self::ENOUGH_PIECES`], so that the torrent stays small,
    /// but not below 64 KiB, where a swarm spends its time on requests, nor above 16 MiB, where a peer waits too long
    /// until it has something to give.
    #[must_use]
    pub const fn chosen_for(content: u64) -> Self {
        let mut length = *Self::CHOSEN.start();
        while length < *Self::CHOSEN.end() && content.div_ceil(2 * length as u64) >= Self::ENOUGH_PIECES {
            length *= 2;
        }
        Self(length)
    }

    /// Checks a number of bytes.
    ///
    /// # Errors
    /// [`Error::PieceLength`] unless it is a power of two between [`Self::MIN`] and [`Self::MAX`].
    pub fn new(bytes: u64) -> Result<Self, Error> {
        u32::try_from(bytes)
            .ok()
            .filter(|length| length.is_power_of_two() && (Self::MIN.0..=Self::MAX.0).contains(length))
            .map(Self)
            .ok_or_else(|| Error::PieceLength { text: bytes.to_string() })
    }

    /// Bytes a piece.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.0
    }

    /// Pieces that so many bytes of content make; the last may be short.
    #[must_use]
    pub const fn pieces(self, content: u64) -> u64 {
        content.div_ceil(self.0 as u64)
    }
}

impl Default for PieceLength {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for PieceLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            length if length % (1 << 20) == 0 => write!(f, "{} MiB", length >> 20),
            length => write!(f, "{} KiB", length >> 10),
        }
    }
}

impl FromStr for PieceLength {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit =
            match text.get(digits.len()..).unwrap_or_default().trim_start().to_ascii_lowercase().as_str() {
                "" | "b" => Some(1),
                "k" | "kib" => Some(1 << 10),
                "m" | "mib" => Some(1 << 20),
                _ => None,
            };
        let bytes = digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
        bytes.and_then(|bytes| Self::new(bytes).ok()).ok_or_else(|| Error::PieceLength {
            text: text.chars().take(40).flat_map(char::escape_debug).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_and_without_unit() {
        for text in ["65536", "64KiB", "64K", "64 KiB", "64k", "65536B"] {
            assert_eq!(text.parse::<PieceLength>().unwrap(), PieceLength::DEFAULT, "{text}");
        }
        assert_eq!("1MiB".parse::<PieceLength>().unwrap().bytes(), 1 << 20);
        assert_eq!("128M".parse::<PieceLength>().unwrap(), PieceLength::MAX);
    }

    #[test]
    fn refuses_what_is_no_power_of_two_or_out_of_range() {
        for text in [
            "",
            "K",
            "0",
            "65535",
            "100KiB",
            "8KiB",
            "256MiB",
            "64KB",
            "-64K",
            "18446744073709551615M",
            "64Ki\n",
        ] {
            let error = text.parse::<PieceLength>().unwrap_err().to_string();
            assert!(error.contains("from 16 KiB to 128 MiB"), "{error}");
        }
    }

    #[test]
    fn chosen_lengths_give_enough_pieces_and_no_more_than_needed() {
        for (content, expected) in [
            (0, "64K"),
            (17_000_000, "64K"),
            (2 * 13_000_000, "64K"),
            (2 * 13_200_000, "128K"),
            (84_000_000, "256K"),
            (2 << 30, "8M"),
            (u64::MAX, "16M"),
        ] {
            assert_eq!(PieceLength::chosen_for(content), expected.parse().unwrap(), "{content}");
        }
    }

    #[test]
    fn counts_pieces_at_the_borders() {
        let length = PieceLength::MIN;
        assert_eq!(length.pieces(0), 0);
        assert_eq!(length.pieces(16_383), 1);
        assert_eq!(length.pieces(16_384), 1);
        assert_eq!(length.pieces(16_385), 2);
    }
}
