//! SHA-256 of a file's content and of a whole tree, as two types that cannot be confused.

use std::fmt;
use std::str::FromStr;

use sha2::Digest;

/// The text was not 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a SHA-256: 64 lower-case hex digits expected")]
pub struct ParseDigestError {
    /// What was given, shortened, with control characters escaped.
    text: String,
}

macro_rules! sha256_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes that are such a digest already.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The raw 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Its 64 digits.
            pub(crate) fn hex(&self) -> [u8; 64] {
                let mut digits = [0; 64];
                // It has room for them.
                let _ = hex::encode_to_slice(self.0, &mut digits);
                digits
            }

            pub(crate) fn finish(hasher: sha2::Sha256) -> Self {
                Self(hasher.finalize().into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(std::str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;

            fn from_str(text: &str) -> Result<Self, ParseDigestError> {
                parse(text).map(Self)
            }
        }
    };
}

sha256_type!(
    /// SHA-256 of a file's content.
    Sha256
);
sha256_type!(
    /// SHA-256 of a manifest in canonical form, see [`Manifest::digest`](crate::Manifest::digest). Two trees with the
    /// same digest have the same paths, types, modes, link targets and contents; modification times are left out.
    TreeDigest
);

impl Sha256 {
    /// Hashes bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

/// Lower case only: records and manifests hold one spelling, so that texts can be compared.
fn parse(text: &str) -> Result<[u8; 32], ParseDigestError> {
    let mut bytes = [0; 32];
    if !text.bytes().any(|byte| byte.is_ascii_uppercase()) && hex::decode_to_slice(text, &mut bytes).is_ok() {
        return Ok(bytes);
    }
    Err(ParseDigestError { text: text.chars().take(80).flat_map(char::escape_debug).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_reads_back() {
        // `printf abc | sha256sum`
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of(b"abc").to_string(), hex);
        assert_eq!(hex.parse::<Sha256>().unwrap(), Sha256::of(b"abc"));
        assert_eq!(hex.parse::<TreeDigest>().unwrap().as_bytes(), Sha256::of(b"abc").as_bytes());
    }

    #[test]
    fn refuses_other_spellings() {
        let upper = Sha256::of(b"abc").to_string().to_uppercase();
        for bad in ["", "ba78", &upper, &"g".repeat(64), &"a".repeat(65)] {
            assert!(bad.parse::<TreeDigest>().unwrap_err().to_string().contains(&format!("`{bad}`")));
        }
    }
}
