//! A program to run on a host.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// The name of a program to be found by the host's PATH, or its absolute path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Program(String);

impl Program {
    /// The program as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Program {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = !text.contains('/') && !text.is_empty() && !text.starts_with('-');
        let absolute = text.starts_with('/') && !text.ends_with('/');
        if !(named || absolute) || text.chars().any(char::is_control) {
            return Err(format!(
                "`{}` is neither a program's name nor its absolute path",
                text.escape_debug()
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Program {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_an_absolute_path() {
        for text in ["swap-release", "/usr/bin/swap-release"] {
            assert!(text.parse::<Program>().is_ok());
        }
        for text in ["", "bin/x", "./x", "-c", "/usr/bin/", "a\nb"] {
            assert!(text.parse::<Program>().is_err(), "{text:?}");
        }
    }
}
