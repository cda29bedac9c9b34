//! Logging in: with a key file, else with the keys of the agent.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ssh_key::PrivateKey;
use ssh2::ErrorCode;

use super::Passphrase;
use super::link::{Failure, Link};
use super::options::SshOptions;
use crate::{Error, Host};

/// The largest RSA key in PEM form is below 16 KiB.
const KEY_LIMIT: u64 = 64 << 10;
/// libssh2.h: LIBSSH2_ERROR_FILE, a private key that cannot be read or decrypted.
const ERROR_FILE: i32 = -16;

/// What to log in with.
pub(super) enum Credentials {
    Key { path: PathBuf, text: String, passphrase: Option<Passphrase> },
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
        Ok(Self::Key { path: path.clone(), text, passphrase })
    }

    /// Logs in within `limit`.
    pub(super) fn log_in(&self, host: &Host, link: &Link, limit: Duration) -> Result<(), Error> {
        match self {
            Self::Key { path, text, passphrase } => {
                let secret = passphrase.as_ref().map(Passphrase::expose);
                link.run("log-in", limit, |session| {
                    session.userauth_pubkey_memory(host.user.as_str(), None, text, secret)
                })
                .map_err(|failure| {
                    failure.or_refused(|error| match error.code() {
                        ErrorCode::Session(ERROR_FILE) if passphrase.is_some() => {
                            Error::IdentityLocked { path: path.clone(), given: true }
                        }
                        ErrorCode::Session(ERROR_FILE) => Error::NotAnIdentity { path: path.clone() },
                        _ => refused(host, format!("the key `{}`", path.display()), error.message()),
                    })
                })
            }
            Self::Agent => with_agent(host, link, limit),
        }
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
    Err(refused(host, format!("{} keys of the SSH agent", keys.len()), "none was accepted"))
}
