//! The name of a file beside a record.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A bare file name: records name files of their own folder only, so a record can be moved, archived and sent with
/// its folder, and can never point out of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct FileName(String);

/// A text that is not a bare file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a bare file name")]
pub struct NotFileName(String);

impl FileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of this file in a folder.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FileName {
    type Err = NotFileName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = text.is_empty()
            || text.len() > 255
            || text.starts_with('.')
            || text.contains(['/', '\\'])
            || text.chars().any(char::is_control);
        if bad { Err(NotFileName(text.chars().take(100).collect())) } else { Ok(Self(text.to_owned())) }
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FileName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FileName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^./\\\\][^/\\\\]*$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_folder() {
        for bad in ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", ".hidden", "a\nb"] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
        }
        let good: FileName = "0a1b.tar.zst".parse().unwrap();
        assert_eq!(good.in_folder(Path::new("records")), Path::new("records/0a1b.tar.zst"));
    }
}
