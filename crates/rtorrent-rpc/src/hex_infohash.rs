//! The infohash as rtorrent writes it.

use std::fmt;
use std::str::FromStr;

/// An infohash as rtorrent names a download: 40 upper-case hexadecimal digits (BEP 3, SHA-1 of the info dict).
///
/// This crate depends on no other of the workspace, so it has its own spelling of the hash; it converts from the 20
/// bytes without a way to fail.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HexInfohash(String);

/// The text is not 40 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an infohash of 40 hexadecimal digits")]
pub struct BadInfohash(String);

impl HexInfohash {
    /// From the 20 bytes of the SHA-1.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    /// The 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HexInfohash {
    type Err = BadInfohash;

    fn from_str(text: &str) -> Result<Self, BadInfohash> {
        if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            // Bounded, since the text may come from anywhere.
            Err(BadInfohash(text.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for HexInfohash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for HexInfohash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HexInfohash({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_case_is_read_and_upper_case_is_written() {
        let hash: HexInfohash = "0123456789abcdefABCDEF0123456789abcdef01".parse().unwrap();
        assert_eq!(hash.as_str(), "0123456789ABCDEFABCDEF0123456789ABCDEF01");
    }

    #[test]
    fn bytes_and_text_agree() {
        let mut bytes = [0u8; 20];
        bytes[0] = 0x0a;
        bytes[19] = 0xff;
        let hash = HexInfohash::from_bytes(bytes);
        assert_eq!(hash.as_str(), "0A000000000000000000000000000000000000FF");
        assert_eq!(hash.as_str().parse::<HexInfohash>().unwrap(), hash);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "12", "0123456789abcdefABCDEF0123456789abcdef0g", "é123456789abcdefABCDEF0123456789abcdef0"]
        {
            assert!(text.parse::<HexInfohash>().is_err(), "{text}");
        }
    }
}
