//! The account used on a host.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// A login name: letters, digits, `.`, `-`, `_`, not beginning with `-`, at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct UserName(String);

impl UserName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.chars().all(allowed) {
            return Err(format!("`{}` is not a user name", text.escape_debug()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for UserName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_options_and_other_text() {
        assert!("deploy".parse::<UserName>().is_ok());
        for name in ["", "-oProxyCommand=x", "a b", "a@b", "a\n"] {
            assert!(name.parse::<UserName>().is_err(), "{name:?}");
        }
    }
}
