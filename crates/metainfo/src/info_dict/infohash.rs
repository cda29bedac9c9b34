//! The 20 bytes that name a torrent.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// SHA-1 of the bencoded info dict (BEP 3): the name under which trackers, peers and clients know a torrent.
///
/// Displayed as 40 lower-case hex digits; parsed from hex in either case, since rtorrent prints upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Infohash([u8; Self::LEN]);

/// The text was not 40 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an infohash: 40 hex digits expected")]
pub struct ParseInfohashError {
    /// What was given, shortened, with control characters escaped.
    text: String,
}

impl Infohash {
    /// Length in bytes.
    pub const LEN: usize = 20;

    /// Wraps 20 bytes that are an infohash already, as a handshake or a tracker carries them.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Hashes the bencoded info dict, exactly the bytes that stand in the `.torrent` after `4:info`.
    #[must_use]
    pub fn from_info_bytes(info: &[u8]) -> Self {
        Self(Sha1::digest(info).into())
    }

    /// The raw 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for Infohash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Infohash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Infohash {
    type Err = ParseInfohashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; Self::LEN];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseInfohashError {
            text: text.chars().take(60).flat_map(char::escape_debug).collect(),
        })?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_the_bytes_it_is_given() {
        // `printf abc | sha1sum`
        assert_eq!(Infohash::from_info_bytes(b"abc").to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn reads_both_cases_and_prints_lower() {
        let lower = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let parsed: Infohash = lower.to_uppercase().parse().unwrap();
        assert_eq!(parsed.to_string(), lower);
        assert_eq!(format!("{parsed:?}"), lower);
        assert_eq!(parsed.as_bytes()[0], 0xa9);
        assert_eq!(Infohash::new(*parsed.as_bytes()), parsed);
    }

    #[test]
    fn refuses_other_text_and_names_it() {
        for bad in [
            "",
            "a9993e",
            "g9993e364706816aba3e25717850c26c9cd0d89d",
            "a9993e364706816aba3e25717850c26c9cd0d89d00",
        ] {
            let error = bad.parse::<Infohash>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
        assert!("\x1b[2J".parse::<Infohash>().unwrap_err().to_string().contains("\\u{1b}[2J"));
    }
}
