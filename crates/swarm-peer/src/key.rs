//! The key of one push.

use std::fmt;
use std::str::FromStr;

/// 32 random bytes that the controller gives to every peer of one push. Text form: 64 hex digits.
///
/// It proves membership, it does not encrypt: payload and infohash go over the network in the clear.
#[derive(Clone, PartialEq, Eq)]
pub struct PushKey([u8; Self::LEN]);

/// The text was not 64 hex digits. The text is not repeated: it may have been meant as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a push key: 64 hex digits expected")]
pub struct ParsePushKeyError;

impl PushKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A new one from the system's random number generator.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; Self::LEN];
        getrandom::fill(&mut bytes).map_err(std::io::Error::from)?;
        Ok(Self(bytes))
    }

    /// Its text form: for the standard input of a peer, never for an argument, a log, a record or an error.
    #[must_use]
    pub fn expose(&self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for PushKey {
    type Err = ParsePushKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; Self::LEN];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParsePushKeyError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKey(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_hex_and_nothing_else_shows_it() {
        let key = PushKey::random().unwrap();
        assert_eq!(key.expose().parse(), Ok(key.clone()));
        assert!(!format!("{key:?}").contains(&key.expose()));
        assert_ne!(PushKey::random().unwrap(), key);
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            assert_eq!(bad.parse::<PushKey>(), Err(ParsePushKeyError));
        }
    }
}
