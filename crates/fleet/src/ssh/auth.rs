//! Logging in: with a key file and the certificate beside it, else with the keys of the agent.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use ssh_key::PrivateKey;
use ssh2::ErrorCode;

use super::Passphrase;
use super::certificate::Certificate;
use super::link::{Failure, Link};
use super::options::SshOptions;
use crate::{Error, Host};

/// The largest RSA key in PEM form is below 16 KiB.
const KEY_LIMIT: u64 = 64 << 10;
/// The type of an RSA key's certificate (OpenSSH's PROTOCOL.certkeys).
const RSA_CERTIFICATE: &[u8] = b"ssh-rsa-cert-v01@openssh.com";
/// libssh2.h: LIBSSH2_ERROR_FILE, a private key that cannot be read or decrypted.
const ERROR_FILE: i32 = -16;

/// What to log in with.
pub(super) enum Credentials {
    Key(Box<Key>),
    Agent,
}

impl Credentials {
    /// The key file of the command line, else of the host, read and looked at; without one, the agent.
    pub(super) fn load(host: &Host, options: &SshOptions) -> Result<Self, Error> {
        let Some(path) = options.identity.as_ref().or(host.identity.as_ref()) else { return Ok(Self::Agent) };
        let text = read_key(path)?;
        if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
            return Err(Error::NotAnIdentity { path: path.clone() });
        }
        let locked = match PrivateKey::from_openssh(&text) {
            Ok(key) => key.is_encrypted(),
            // The older PEM forms say so in words (RFC 1421, 4.6.1.1; RFC 5958).
            Err(_) => text.contains("ENCRYPTED"),
        };
        if locked && options.passphrase.is_none() {
            return Err(Error::IdentityLocked { path: path.clone(), given: false });
        }
        let passphrase = options.passphrase.clone().filter(|_| locked);
        let certificate = read_certificate(path)?;
        Ok(Self::Key(Box::new(Key { path: path.clone(), text, passphrase, certificate })))
    }

    /// Logs in within `limit`.
    pub(super) fn log_in(&self, host: &Host, link: &Link, limit: Duration) -> Result<(), Error> {
        match self {
            Self::Key(key) => key.log_in(host, link, Instant::now() + limit),
            Self::Agent => with_agent(host, link, limit),
        }
    }
}

/// A private key that has been read.
pub(super) struct Key {
    path: PathBuf,
    text: String,
    passphrase: Option<Passphrase>,
    /// The certificate beside it.
    certificate: Option<(PathBuf, String)>,
}

impl Key {
    /// With the certificate first, as ssh does; if that is refused, with the key alone.
    fn log_in(&self, host: &Host, link: &Link, deadline: Instant) -> Result<(), Error> {
        if let Some((path, text)) = &self.certificate {
            match self.offer(host, link, deadline, Some(text)) {
                Ok(()) => return Ok(()),
                Err(Failure::Refused(error)) => {
                    log::debug!("{}: certificate `{}`: {error}", host.name, path.display());
                }
                Err(Failure::Error(error)) => return Err(*error),
            }
        }
        self.offer(host, link, deadline, None).map_err(|failure| {
            failure.or_refused(|error| match error.code() {
                ErrorCode::Session(ERROR_FILE) if self.passphrase.is_some() => {
                    Error::IdentityLocked { path: self.path.clone(), given: true }
                }
                ErrorCode::Session(ERROR_FILE) => Error::NotAnIdentity { path: self.path.clone() },
                _ => refused(host, self.words(host), error.message()),
            })
        })
    }

    fn offer(
        &self,
        host: &Host,
        link: &Link,
        deadline: Instant,
        certificate: Option<&str>,
    ) -> Result<(), Failure> {
        let secret = self.passphrase.as_ref().map(Passphrase::expose);
        let left = deadline.saturating_duration_since(Instant::now());
        link.run("log-in", left, |session| {
            session.userauth_pubkey_memory(host.user.as_str(), certificate, &self.text, secret)
        })
    }

    /// What was offered, and what is plainly wrong with it.
    fn words(&self, host: &Host) -> String {
        let key = format!("the key `{}`", self.path.display());
        let Some((path, text)) = &self.certificate else { return key };
        let fault = match Certificate::from_openssh(text) {
            Some(certificate) => certificate.check_user(host.user.as_str(), SystemTime::now()).err(),
            None => Some("it is not an OpenSSH certificate".to_owned()),
        };
        let fault = fault.map_or_else(String::new, |why| format!(" ({why})"));
        format!("{key} and its certificate `{}`{fault}", path.display())
    }
}

/// The certificate of a key is where `ssh-keygen -s` puts it: `id_ed25519-cert.pub` beside `id_ed25519`.
fn read_certificate(key: &Path) -> Result<Option<(PathBuf, String)>, Error> {
    let mut path = key.as_os_str().to_owned();
    path.push("-cert.pub");
    let path = PathBuf::from(path);
    match read_key(&path) {
        Ok(text) => Ok(Some((path, text.trim().to_owned()))),
        Err(Error::ReadIdentity { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_key(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_LIMIT).read_to_string(&mut text))
        .map_err(|source| Error::ReadIdentity { path: path.to_owned(), source })?;
    Ok(text)
}

fn refused(host: &Host, with: String, detail: &str) -> Error {
    Error::AuthRefused {
        host: host.name.clone(),
        user: host.user.to_string(),
        address: host.address.clone(),
        port: host.port,
        with,
        detail: detail.to_owned(),
    }
}

/// Offers the agent's keys one after the other.
fn with_agent(host: &Host, link: &Link, limit: Duration) -> Result<(), Error> {
    let no_agent =
        |error: &ssh2::Error| refused(host, "the keys of the SSH agent".to_owned(), error.message());
    let deadline = Instant::now() + limit;
    let (mut agent, keys) = {
        let _alone = link.hold();
        let mut agent = link.session.agent().map_err(|error| no_agent(&error))?;
        agent.connect().map_err(|error| no_agent(&error))?;
        agent.list_identities().map_err(|error| no_agent(&error))?;
        let keys = agent.identities().map_err(|error| no_agent(&error))?;
        (agent, keys)
    };
    for key in &keys {
        let left = deadline.saturating_duration_since(Instant::now());
        match link.run("log-in", left, |_| agent.userauth(host.user.as_str(), key)) {
            Ok(()) => return Ok(()),
            Err(Failure::Refused(error)) => {
                log::debug!("{}: agent key {}: {error}", host.name, key.comment());
            }
            Err(Failure::Error(error)) => return Err(*error),
        }
    }
    let _alone = link.hold();
    let _gone = agent.disconnect();
    let count = format!("{} keys of the SSH agent", keys.len());
    // libssh2 1.11 has an agent sign for an RSA certificate by SHA-1, which OpenSSH 8.8 and later refuse.
    let detail = if keys
        .iter()
        .any(|key| key.blob().get(4..).is_some_and(|kind| kind.starts_with(RSA_CERTIFICATE)))
    {
        "none was accepted, and its RSA certificate cannot be used: name the key file, with the certificate beside it"
    } else {
        "none was accepted"
    };
    Err(refused(host, count, detail))
}
