//! What is kept of a login between runs: the cookie, or that the login was refused, in a file for nobody else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Secret;

/// A session file.
#[derive(Debug, Clone)]
pub(super) struct SessionFile(PathBuf);

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing yet.
    Nothing,
    /// The cookie of the last login.
    Cookie(Secret),
    /// The last login of this user was refused; another would be one step to a ban.
    Refused,
}

impl SessionFile {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn load(&self, user: &str) -> Kept {
        let value = fs::read(&self.0).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(value) = value.filter(|value| value.get("user").and_then(Value::as_str) == Some(user))
        else {
            return Kept::Nothing;
        };
        match value.get("cookie").and_then(Value::as_str) {
            Some(cookie) if is_cookie(cookie) => Kept::Cookie(Secret::new(cookie)),
            _ if value.get("refused") == Some(&Value::Bool(true)) => Kept::Refused,
            _ => Kept::Nothing,
        }
    }

    pub(super) fn keep_cookie(&self, user: &str, cookie: &Secret) -> io::Result<()> {
        self.write(&json!({ "user": user, "cookie": cookie.expose() }))
    }

    pub(super) fn keep_refusal(&self, user: &str) -> io::Result<()> {
        self.write(&json!({ "user": user, "refused": true }))
    }

    /// Mode 0600 from its first byte on; renamed into place, so that no reader sees half of it.
    fn write(&self, value: &Value) -> io::Result<()> {
        let mut name = self.0.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = self.0.with_file_name(name);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(format!("{value}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// Whether it can stand in a header.
pub(super) fn is_cookie(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 1024
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte))
}
