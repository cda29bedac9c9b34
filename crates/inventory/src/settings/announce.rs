//! An announce URL, which may carry a passkey.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret::Secret;

/// A tracker's announce URL (BEP 3). Its path and query may be a passkey: `Display` and `Debug` show scheme and authority
/// only.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Announce(String);

impl Announce {
    /// The whole URL, passkey included: for the torrent, never for a log or a record.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What stands for a client's own passkey.
const PASSKEY: &str = "{passkey}";

impl Announce {
    /// Whether each client announces with a passkey of its own: `{passkey}` stands for it.
    pub fn needs_passkey(&self) -> bool {
        self.0.contains(PASSKEY)
    }

    /// The URL of the client that has this passkey.
    #[must_use]
    pub fn with_passkey(&self, passkey: &Secret) -> Self {
        Self(self.0.replace(PASSKEY, passkey.expose()))
    }
}

impl TryFrom<String> for Announce {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = ["http://", "https://", "udp://"].iter().any(|scheme| text.starts_with(scheme));
        if !known || text.len() > 2048 || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(
                "an announce URL begins with http://, https:// or udp:// and holds no space".to_owned()
            );
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // Credentials before an `@` are a secret too.
        let host = authority.rsplit('@').next().unwrap_or_default();
        write!(f, "{scheme}://{host}/...")
    }
}

impl fmt::Debug for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Announce({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_passkey() {
        for url in [
            "http://t.example:80/s3cret/announce",
            "http://t.example:80?k=s3cret",
            "http://u:s3cret@t.example:80/",
        ] {
            let announce = Announce::try_from(url.to_owned()).unwrap();
            assert_eq!(announce.to_string(), "http://t.example:80/...");
            assert!(!format!("{announce:?}").contains("s3cret"));
            assert_eq!(announce.expose(), url);
        }
    }

    #[test]
    fn refuses_other_text_without_repeating_it() {
        for url in ["", "s3cret", "ftp://s3cret", "http://t/a s3cret"] {
            assert!(!Announce::try_from(url.to_owned()).unwrap_err().contains("s3cret"));
        }
    }
}
