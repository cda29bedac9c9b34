//! Text that must never be shown.

use std::fmt;

/// A password, token, cookie or key. `Debug` shows nothing of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown by accident.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text: for the wire, never for a log, a record or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

/// A 32-character key as Ocelot has them: a passkey, `site_password`, `report_password`. Ocelot finds the action at a
/// fixed offset behind it, so no other length can work.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Secret);

impl Key {
    /// Characters of a key.
    pub const LEN: usize = 32;

    /// The text, if it can be a key.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() == Self::LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(Secret::new(text)))
    }

    /// A new random one, in lower-case hex digits as Gazelle makes them.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn random() -> std::io::Result<Self> {
        use std::io::Read;
        let mut bytes = [0; Self::LEN / 2];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())))
    }

    /// The text: for the wire and the `.torrent`, never for a log, a record or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown() {
        let key = Key::new("0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?} {:?}", Secret::new("hunter2")), "Key(...) Secret(...)");
    }

    #[test]
    fn a_key_has_32_letters_and_digits() {
        for bad in
            ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcde/", &"a".repeat(33)]
        {
            assert_eq!(Key::new(bad), None, "{bad}");
        }
        let (one, other) = (Key::random().unwrap(), Key::random().unwrap());
        assert!(one != other && Key::new(one.expose()).is_some());
    }
}
