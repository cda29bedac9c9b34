//! Fingerprints that somebody vouches for.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use remote::ServerKey;

use crate::Error;

/// The beginning of a fingerprint, as `ssh-keygen -lf` shows it.
const SHA256: &str = "SHA256:";
/// What follows: 32 bytes in base64 without padding.
const DIGITS: usize = 43;
/// A file of ten thousand keys is smaller.
const LIMIT: u64 = 16 << 20;

/// Keys that may be added.
#[derive(Debug)]
pub(super) struct Accepted {
    all: BTreeSet<String>,
    /// Those that were typed one by one.
    typed: Vec<String>,
}

impl Accepted {
    /// What `--accept` says: fingerprints, and files of them.
    pub(super) fn load(arguments: &[String]) -> Result<Self, Error> {
        let mut accepted = Self { all: BTreeSet::new(), typed: Vec::new() };
        for argument in arguments {
            if argument.starts_with(SHA256) {
                let found = fingerprints(argument);
                let [one] = found.as_slice() else {
                    return Err(Error::NotAFingerprint { text: argument.clone() });
                };
                accepted.typed.push(one.clone());
                accepted.all.insert(one.clone());
            } else {
                accepted.all.extend(of_file(Path::new(argument))?);
            }
        }
        Ok(accepted)
    }

    /// Whether this key may be added.
    pub(super) fn has(&self, fingerprint: &str) -> bool {
        self.all.contains(fingerprint)
    }

    /// Those that were typed and are not among `shown`. A file may be about more hosts than are looked at.
    pub(super) fn not_among(&self, shown: &[String]) -> Vec<&str> {
        self.typed.iter().filter(|typed| !shown.contains(typed)).map(String::as_str).collect()
    }
}

/// The fingerprints in a text, such as a line of `ssh-keygen -lf`.
pub(super) fn fingerprints(text: &str) -> Vec<String> {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let whole = |word: &&str| {
        word.strip_prefix(SHA256).is_some_and(|rest| rest.len() == DIGITS && rest.bytes().all(digit))
    };
    text.split_whitespace().filter(whole).map(str::to_owned).collect()
}

fn of_file(path: &Path) -> Result<Vec<String>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes))
        .map_err(|source| Error::Read { path: path.to_owned(), source })?;
    of_text(&String::from_utf8_lossy(&bytes))
        .map_err(|line| Error::NoFingerprint { path: path.to_owned(), line })
}

/// Every line has a fingerprint or a public key, be it of a `.pub` file or of a known_hosts file; else its number is the error.
fn of_text(text: &str) -> Result<Vec<String>, usize> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut found = fingerprints(line);
        if found.is_empty() {
            // A known_hosts line has the host's names before the key. A marker would say something else of it.
            let named = line.split_once(char::is_whitespace).map(|(_, key)| key.trim());
            let keys = [Some(line), named].into_iter().flatten().filter(|_| !line.starts_with('@'));
            found.extend(keys.filter_map(|key| key.parse::<ServerKey>().ok()).map(|key| key.fingerprint()));
        }
        if found.is_empty() {
            return Err(number + 1);
        }
        all.append(&mut found);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with ssh-keygen for this test; no server has it.
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    fn fingerprint() -> String {
        KEY.parse::<ServerKey>().unwrap().fingerprint()
    }

    #[test]
    fn what_ssh_keygen_shows_and_what_a_public_key_file_has() {
        let fingerprint = fingerprint();
        for text in [
            fingerprint.clone(),
            format!("256 {fingerprint} root@web1 (ED25519)\n"),
            format!("# web1\n\n{KEY} root@web1\n"),
            format!("[web1]:2222 {KEY}\n"),
        ] {
            assert_eq!(of_text(&text), Ok(vec![fingerprint.clone()]), "{text}");
        }
    }

    #[test]
    fn a_line_without_one_is_refused() {
        let md5 = "256 MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 root@web1 (ED25519)";
        for text in [md5, "yes", "{", &format!("@revoked * {KEY}"), "SHA256:short", "SHA256:"] {
            assert_eq!(of_text(&format!("{}\n{text}\n", fingerprint())), Err(2), "{text}");
        }
        let arguments = ["SHA256:AAAA".to_owned()];
        assert!(matches!(Accepted::load(&arguments), Err(Error::NotAFingerprint { .. })));
    }

    #[test]
    fn who_was_typed_and_not_met_is_told() {
        let accepted = Accepted::load(&[fingerprint()]).unwrap();
        assert!(accepted.has(&fingerprint()));
        assert_eq!(accepted.not_among(&[]), [fingerprint()]);
        assert!(accepted.not_among(&[fingerprint()]).is_empty());
    }
}
