//! The name of a host or group in the inventory.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// A host's (or group's) name in `fleet.toml`: what records, logs and JUnit reports call it.
///
/// Letters, digits, `.`, `-` and `_`, beginning with a letter or digit, at most 100 bytes: safe as a file name and on a
/// terminal. It need not resolve; what is dialled is the host's [`Address`](crate::Address).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct HostName(String);

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = text.chars().next().ok_or("a host name must not be empty")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if text.len() > 100 || !first.is_ascii_alphanumeric() || !text.chars().all(allowed) {
            return Err(format!(
                "`{}` is not a host name: letters, digits, `.`, `-` and `_`, at most 100",
                text.escape_debug()
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_ordinary_names() {
        for name in ["web1", "web-1.example.org", "9front", "a_b"] {
            assert_eq!(name.parse::<HostName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn refuses_what_a_path_or_terminal_would_misread() {
        for name in ["", ".", "..", "-v", "a/b", "a b", "w\u{1b}[31m", "ü", &"x".repeat(101)] {
            assert!(name.parse::<HostName>().is_err(), "{name:?}");
        }
    }
}
