//! Logging in: with a key file and the certificate beside it, else with the keys of the agent.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use inventory::{AgentSocket, Host};
use ssh_key::PrivateKey;
use ssh2::ErrorCode;

use super::certificate::Certificate;
use super::link::{Failure, Link};
use super::options::SshOptions;
use super::passphrase::Passphrase;
use crate::{HostError, HostFault, KeyFileError};

/// The largest RSA key in PEM form is below 16 KiB.
const KEY_LIMIT: u64 = 64 << 10;
/// The type of an RSA key's certificate (OpenSSH's PROTOCOL.certkeys).
const RSA_CERTIFICATE: &[u8] = b"ssh-rsa-cert-v01@openssh.com";
/// libssh2.h: LIBSSH2_ERROR_FILE, a private key that cannot be read or decrypted.
const ERROR_FILE: i32 = -16;
/// LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED, a signature that was not enough.
const PUBLICKEY_UNVERIFIED: i32 = -19;

/// What to log in with.
pub(super) enum Credentials {
    /// Keys, in the order in which they are offered; at least one.
    Keys(Vec<Key>),
    Agent(AgentSocket),
}

impl Credentials {
    /// The key file of the command line, else those of the host, read and looked at; without one, the agent.
    pub(super) fn load(host: &Host, options: &SshOptions) -> Result<Self, HostError> {
        let way = &host.way;
        let paths: Vec<&PathBuf> = match (&options.identity, &host.identity) {
            (Some(path), _) => vec![path],
            (None, Some(path)) => [path].into_iter().chain(&way.identities).collect(),
            (None, None) if way.identities_only || way.agent == AgentSocket::None => {
                return Err(HostFault::NoIdentity.at(&host.name));
            }
            (None, None) => return Ok(Self::Agent(way.agent.clone())),
        };
        let only = paths.len() == 1;
        let mut keys = Vec::new();
        for path in paths {
            match Key::load(path, &way.certificates, options) {
                // Of several, one that cannot be opened is left out, as ssh does without a person to ask.
                Err(KeyFileError::IdentityLocked { path, .. }) if !only => {
                    log::debug!("{}: key `{}` is encrypted", host.name, path.display());
                }
                loaded => keys.push(loaded.map_err(|error| error.at(&host.name))?),
            }
        }
        if keys.is_empty() { Err(HostFault::NoIdentity.at(&host.name)) } else { Ok(Self::Keys(keys)) }
    }

    /// Logs in within `limit`.
    pub(super) fn log_in(&self, host: &Host, link: &Link, limit: Duration) -> Result<(), HostError> {
        let deadline = Instant::now() + limit;
        let result = match self {
            Self::Keys(keys) => with_keys(keys, host, link, deadline),
            Self::Agent(socket) => with_agent(host, link, limit, socket),
        };
        let (name, user) = (host.name.clone(), host.user.to_string());
        let (address, port) = (host.address.clone(), host.port);
        result.map_err(|failure| match failure {
            Failed::Refused(Refusal { with, detail, accepted }) => match other_methods(link, &user) {
                Ok(Some(remaining)) => HostError {
                    host: name,
                    kind: HostFault::KeyIsNotEnough { user, address, port, with, accepted, remaining },
                },
                // It has hung up, which libssh2 calls a refusal.
                Err(Failure::Error(error)) if accepted => of_account(host, link, *error),
                Ok(None) | Err(_) => HostError {
                    host: name,
                    kind: HostFault::AuthRefused { user, address, port, with, detail },
                },
            },
            Failed::Error(error) => of_account(host, link, *error),
        })
    }
}

/// A log-in without success.
enum Failed {
    Refused(Refusal),
    Error(Box<HostError>),
}

impl From<HostError> for Failed {
    fn from(error: HostError) -> Self {
        Self::Error(Box::new(error))
    }
}

/// What was refused.
struct Refusal {
    with: String,
    detail: String,
    /// The key itself was fine.
    accepted: bool,
}

impl Refusal {
    fn new(with: String, error: &ssh2::Error) -> Self {
        // libssh2 asks first whether a key would do, and signs only then.
        let accepted = error.code() == ErrorCode::Session(PUBLICKEY_UNVERIFIED);
        Self { with, detail: error.message().to_owned(), accepted }
    }
}

/// What a server wants instead of a key, or besides: once it has accepted one, a key is no method any more.
fn other_methods(link: &Link, user: &str) -> Result<Option<String>, Failure> {
    let methods = link.run("log-in", link.step, |session| session.auth_methods(user).map(str::to_owned))?;
    let methods: Vec<&str> = methods.split(',').filter(|method| !method.is_empty()).collect();
    Ok((!methods.is_empty() && !methods.contains(&"publickey")).then(|| methods.join(", ")))
}

/// A connection that was lost during the log-in: sshd says why PAM turns an account away in a banner, and hangs up.
fn of_account(host: &Host, link: &Link, error: HostError) -> HostError {
    match (error, banner(link)) {
        (HostError { kind: HostFault::Lost { .. }, .. }, Some(said)) => HostFault::AccountRefused {
            user: host.user.to_string(),
            address: host.address.clone(),
            port: host.port,
            said,
        }
        .at(&host.name),
        (error, _) => error,
    }
}

/// What the server said during the log-in, in one line.
fn banner(link: &Link) -> Option<String> {
    let _alone = link.hold();
    let text = link.session.userauth_banner().ok()??;
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).take(200).collect();
    (!line.is_empty()).then_some(line)
}

/// Offers one key after the other.
fn with_keys(keys: &[Key], host: &Host, link: &Link, deadline: Instant) -> Result<(), Failed> {
    let mut refused: Option<Refusal> = None;
    for key in keys {
        match key.log_in(host, link, deadline) {
            Err(Failed::Refused(refusal)) => {
                refused = Some(match refused {
                    None => refusal,
                    Some(before) => Refusal {
                        with: format!("{}, {}", before.with, refusal.with),
                        detail: refusal.detail,
                        accepted: before.accepted || refusal.accepted,
                    },
                });
                // The key was right: another one is not what is missing.
                if refused.as_ref().is_some_and(|refusal| refusal.accepted) {
                    break;
                }
            }
            result => return result,
        }
    }
    Err(refused.map_or_else(|| HostFault::NoIdentity.at(&host.name).into(), Failed::Refused))
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
    /// Reads the key `path`, and the certificate beside it or the one of `certificates` that fits.
    fn load(path: &Path, certificates: &[PathBuf], options: &SshOptions) -> Result<Self, KeyFileError> {
        let text = read_key(path)?;
        if !text.contains("-----BEGIN ") || !text.contains("PRIVATE KEY-----") {
            return Err(KeyFileError::NotAnIdentity { path: path.to_owned() });
        }
        refuse_exposed(path)?;
        let parsed = PrivateKey::from_openssh(&text);
        let locked = match &parsed {
            Ok(key) => key.is_encrypted(),
            // The older PEM forms say so in words (RFC 1421, 4.6.1.1; RFC 5958).
            Err(_) => text.contains("ENCRYPTED"),
        };
        if locked && options.passphrase.is_none() {
            return Err(KeyFileError::IdentityLocked { path: path.to_owned(), given: false });
        }
        let passphrase = options.passphrase.clone().filter(|_| locked);
        let mut certificate = read_certificate(path)?;
        for named in certificates {
            let text = read_key(named)?.trim().to_owned();
            let of_key = |key: &PrivateKey| {
                Certificate::from_openssh(&text).is_some_and(|it| it.key == *key.public_key().key_data())
            };
            // The public half of a PEM key is not read here: one certificate is then taken for its own.
            let fits = parsed.as_ref().map_or(certificates.len() == 1, of_key);
            if certificate.is_none() && fits {
                certificate = Some((named.clone(), text));
            }
        }
        Ok(Self { path: path.to_owned(), text, passphrase, certificate })
    }

    /// With the certificate first, as ssh does; if that is refused, with the key alone.
    fn log_in(&self, host: &Host, link: &Link, deadline: Instant) -> Result<(), Failed> {
        if let Some((path, text)) = &self.certificate {
            match self.offer(host, link, deadline, Some(text)) {
                Ok(()) => return Ok(()),
                Err(Failure::Refused(error)) => {
                    log::debug!("{}: certificate `{}`: {error}", host.name, path.display());
                }
                Err(Failure::Error(error)) => return Err(Failed::Error(error)),
            }
        }
        self.offer(host, link, deadline, None).map_err(|failure| match failure {
            Failure::Error(error) => Failed::Error(error),
            Failure::Refused(error) => match error.code() {
                ErrorCode::Session(ERROR_FILE) if self.passphrase.is_some() => {
                    KeyFileError::IdentityLocked { path: self.path.clone(), given: true }
                        .at(&host.name)
                        .into()
                }
                ErrorCode::Session(ERROR_FILE) => {
                    KeyFileError::NotAnIdentity { path: self.path.clone() }.at(&host.name).into()
                }
                _ => Failed::Refused(Refusal::new(self.words(host), &error)),
            },
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
fn read_certificate(key: &Path) -> Result<Option<(PathBuf, String)>, KeyFileError> {
    let mut path = key.as_os_str().to_owned();
    path.push("-cert.pub");
    let path = PathBuf::from(path);
    match read_key(&path) {
        Ok(text) => Ok(Some((path, text.trim().to_owned()))),
        Err(KeyFileError::ReadIdentity { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// As ssh does: a key of this user that others may read is refused.
fn refuse_exposed(path: &Path) -> Result<(), KeyFileError> {
    let read = |source| KeyFileError::ReadIdentity { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(read)?;
    let mode = metadata.mode() & 0o777;
    let is_ours = metadata.uid() == rustix::process::getuid().as_raw();
    if is_ours && metadata.is_file() && mode & 0o077 != 0 {
        return Err(KeyFileError::IdentityExposed { path: path.to_owned(), mode });
    }
    Ok(())
}

fn read_key(path: &Path) -> Result<String, KeyFileError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_LIMIT).read_to_string(&mut text))
        .map_err(|source| KeyFileError::ReadIdentity { path: path.to_owned(), source })?;
    Ok(text)
}

/// Offers the agent's keys one after the other.
fn with_agent(host: &Host, link: &Link, limit: Duration, socket: &AgentSocket) -> Result<(), Failed> {
    let no_agent = |error: &ssh2::Error| {
        let detail = format!("there is none that answers: {}", error.message());
        Failed::Refused(Refusal { with: "the keys of the SSH agent".to_owned(), detail, accepted: false })
    };
    let deadline = Instant::now() + limit;
    let (mut agent, keys) = {
        let _alone = link.hold();
        let mut agent = link.session.agent().map_err(|error| no_agent(&error))?;
        if let AgentSocket::At(path) = socket {
            agent.set_identity_path(path).map_err(|error| no_agent(&error))?;
        }
        agent.connect().map_err(|error| no_agent(&error))?;
        agent.list_identities().map_err(|error| no_agent(&error))?;
        let keys = agent.identities().map_err(|error| no_agent(&error))?;
        (agent, keys)
    };
    let mut accepted = false;
    for key in &keys {
        let left = deadline.saturating_duration_since(Instant::now());
        match link.run("log-in", left, |_| agent.userauth(host.user.as_str(), key)) {
            Ok(()) => return Ok(()),
            Err(Failure::Refused(error)) => {
                log::debug!("{}: agent key {}: {error}", host.name, key.comment());
                accepted |= Refusal::new(String::new(), &error).accepted;
            }
            Err(Failure::Error(error)) => return Err(Failed::Error(error)),
        }
    }
    let _alone = link.hold();
    let _gone = agent.disconnect();
    let with = format!("{} keys of the SSH agent", keys.len());
    // libssh2 1.11 has an agent sign for an RSA certificate by SHA-1, which OpenSSH 8.8 and later refuse.
    let detail = if keys
        .iter()
        .any(|key| key.blob().get(4..).is_some_and(|kind| kind.starts_with(RSA_CERTIFICATE)))
    {
        "none was accepted, and its RSA certificate cannot be used: name the key file, with the certificate beside it"
    } else {
        "none was accepted"
    };
    Err(Failed::Refused(Refusal { with, detail: detail.to_owned(), accepted }))
}
