//! Commands that rtorrent runs on a download as it loads it.

use std::path::Path;

use crate::{Error, Result};

/// A command of rtorrent's own language, run on a download before it starts (`d.directory.set="/srv/seed"`).
///
/// Values are quoted here and nowhere else: in rtorrent's language a comma, a semicolon, a newline or a leading `$`
/// in an unquoted value is syntax, and `$` runs commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadCommand(String);

impl LoadCommand {
    /// Where the data is: the file of a single-file torrent in it, or the directory called `info.name` in it.
    ///
    /// # Errors
    /// [`Error::Argument`] if the path is not absolute or not UTF-8.
    pub fn directory(path: &Path) -> Result<Self> {
        let text = absolute(path, "the directory of a download: it must be absolute and UTF-8")?;
        Ok(Self(format!("d.directory.set={}", quote(text))))
    }

    /// Where the data is, `info.name` ignored: the files of a multi-file torrent directly in it.
    ///
    /// # Errors
    /// [`Error::Argument`] if the path is not absolute or not UTF-8.
    pub fn directory_base(path: &Path) -> Result<Self> {
        let text = absolute(path, "the base directory of a download: it must be absolute and UTF-8")?;
        Ok(Self(format!("d.directory_base.set={}", quote(text))))
    }

    /// A custom field, for event handlers: `$d.custom=key`.
    ///
    /// # Errors
    /// [`Error::Argument`] if the key is not made of letters, digits, `_` and `-`, or the value begins with `$`,
    /// which rtorrent would run as a command however it is quoted.
    pub fn custom(key: &str, value: &str) -> Result<Self> {
        if key.is_empty()
            || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        {
            return Err(Error::argument(key, "the key of a custom field: letters, digits, _ and - only"));
        }
        if value.starts_with('$') {
            return Err(Error::argument(value, "a custom field: rtorrent runs what begins with $"));
        }
        Ok(Self(format!("d.custom.set={key},{}", quote(value))))
    }

    /// Upload slots of this download.
    pub fn uploads_max(slots: u32) -> Self {
        Self(format!("d.uploads_max.set={slots}"))
    }

    /// The text as rtorrent gets it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn absolute<'a>(path: &'a Path, what: &'static str) -> Result<&'a str> {
    path.to_str().filter(|_| path.is_absolute()).ok_or_else(|| Error::argument(&path.to_string_lossy(), what))
}

/// In quotes, only the quote and the backslash mean anything to rtorrent.
fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let command = LoadCommand::directory(Path::new(r#"/a b,c;d"e\f"#)).unwrap();
        assert_eq!(command.as_str(), r#"d.directory.set="/a b,c;d\"e\\f""#);
        let command = LoadCommand::custom("site", "www,1").unwrap();
        assert_eq!(command.as_str(), r#"d.custom.set=site,"www,1""#);
    }

    #[test]
    fn what_rtorrent_would_run_is_refused() {
        assert!(LoadCommand::custom("a,b", "x").is_err());
        assert!(LoadCommand::custom("", "x").is_err());
        assert!(LoadCommand::custom("a", "$execute.nothrow=touch,/x").is_err());
        assert!(LoadCommand::directory(Path::new("srv/seed")).is_err());
    }
}
