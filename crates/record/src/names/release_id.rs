//! The name of a release: the same on every host, and the name of its directory there.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A release id, safe as a directory name and inside a command line.
///
/// 1 to 80 characters of `A-Z a-z 0-9 . _ + -`, the first a letter or digit. So it can never be `.`, `..`, hidden,
/// an option, or a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ReleaseId(String);

/// The longest release id, in bytes; leaves room for the prefixes of temporary names.
const LONGEST: usize = 80;

/// A text that cannot be a release id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a release id: 1 to 80 characters of A-Z a-z 0-9 . _ + - are allowed, the first a letter or digit"
)]
pub struct NotReleaseId(String);

impl ReleaseId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ReleaseId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ReleaseId {
    type Err = NotReleaseId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        let good = text.len() <= LONGEST
            && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
            && text.bytes().all(allowed);
        if good { Ok(Self(text.to_owned())) } else { Err(NotReleaseId(text.chars().take(100).collect())) }
    }
}

impl<'de> Deserialize<'de> for ReleaseId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ReleaseId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReleaseId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_builds_are_accepted() {
        for good in ["42-0a1b2c3d", "r1", "2026.11.23+hotfix_1", &"x".repeat(80)] {
            assert_eq!(good.parse::<ReleaseId>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn nothing_that_is_a_path_an_option_or_hidden() {
        for bad in
            ["", ".", "..", ".hidden", "-rf", "a/b", "a b", "a\n", "ü", "a\0", "$(touch x)", &"x".repeat(81)]
        {
            assert!(bad.parse::<ReleaseId>().is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<ReleaseId>("\"../etc\"").is_err());
    }
}
