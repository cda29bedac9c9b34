//! `[tracker]`, resolved: which kind it is, and all that this kind needs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Announce, Inventory};
use crate::secret::{Secret, SecretSource};
use crate::{Error, Host, HostName};

/// `[tracker]`. Which keys a mode needs and takes is checked when the inventory is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracker {
    /// Its kind.
    pub mode: TrackerMode,
    /// The announce URL; `{passkey}` in it stands for each client's own. Present in every mode but
    /// [`TrackerMode::None`].
    pub announce: Option<Announce>,
    /// Whether fleet-push introduces the peers to each other beside the tracker. Never so for private torrents, whose
    /// peers come from their tracker only (BEP 27).
    pub introduce: bool,
    /// The certificates of the authorities that may sign those of tracker and site, in PEM; the public ones if not given.
    pub ca_file: Option<PathBuf>,
    /// Ocelot's scheme, host and port for updates, where they differ from those of the announce URL.
    pub update: Option<String>,
    /// Ocelot's `site_password`.
    pub secret: Option<SecretSource>,
    /// Whether downloads do not count; the mode decides if nothing is said.
    pub freeleech: Option<bool>,
    /// opentracker's whitelist.
    pub whitelist: Option<PathBuf>,
    /// How opentracker is made to read it again.
    pub reload: Option<Reload>,
    /// Gazelle's site: scheme and host, perhaps a path.
    pub site: Option<String>,
    /// Gazelle's user.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretSource>,
    /// The token of the user of an OPS Gazelle.
    pub token: Option<SecretSource>,
    /// Where Gazelle's session is kept between runs.
    pub session_file: Option<PathBuf>,
    /// Text for the upload's title.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

/// How opentracker is told that its whitelist has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// SIGHUP to the process whose number is in this file.
    PidFile(PathBuf),
    /// A command, run without a shell.
    Command(Vec<String>),
}

/// How peers are found, and where a release is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrackerMode {
    /// No tracker: fleet-push introduces the peers to each other.
    #[default]
    None,
    /// An announce URL, known to the tracker already or open to all.
    Announce,
    /// opentracker with a whitelist.
    Opentracker,
    /// Ocelot by its update protocol, without a site.
    Ocelot,
    /// Gazelle of 2016: login and upload form.
    Gazelle,
    /// The OPS line of Gazelle: token and API.
    GazelleOps,
}

/// Every client's own passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkeys {
    /// Of the hosts asked for, in their order.
    pub hosts: Vec<(HostName, Secret)>,
    /// Of the seeder, if the inventory names one.
    pub seeder: Option<Secret>,
}

impl Inventory {
    /// Whether each client announces with a passkey of its own.
    pub fn has_passkeys(&self) -> bool {
        self.tracker.announce.as_ref().is_some_and(Announce::needs_passkey)
    }

    /// Reads the passkeys of the seeder and of `hosts`. Empty if the announce URL has no `{passkey}`.
    ///
    /// # Errors
    /// A host without one; one that cannot be read or is no passkey; one that two clients share, as a tracker never
    /// gives a user its own peers.
    pub fn passkeys(&self, hosts: &[Host]) -> Result<Passkeys, Error> {
        if !self.has_passkeys() {
            return Ok(Passkeys { hosts: Vec::new(), seeder: None });
        }
        let seeder = self.seeder.as_ref().and_then(|seeder| seeder.passkey.as_ref());
        let seeder = seeder.map(|source| passkey(source, "seeder.passkey")).transpose()?;
        let mut seen: Vec<(String, &Secret)> = Vec::new();
        seen.extend(seeder.iter().map(|secret| ("the seeder".to_owned(), secret)));
        let mut found = Vec::with_capacity(hosts.len());
        for host in hosts {
            let source = host
                .passkey
                .as_ref()
                .ok_or_else(|| Error::NoPasskey { path: self.path.clone(), host: host.name.clone() })?;
            found.push((host.name.clone(), passkey(source, &format!("hosts.{}.passkey", host.name))?));
        }
        for (name, secret) in &found {
            if let Some((first, _)) = seen.iter().find(|(_, known)| *known == secret) {
                let (first, second) = (first.clone(), format!("host `{name}`"));
                return Err(Error::SharedPasskey { path: self.path.clone(), first, second });
            }
            seen.push((format!("host `{name}`"), secret));
        }
        Ok(Passkeys { seeder, hosts: found })
    }
}

fn passkey(source: &SecretSource, key: &str) -> Result<Secret, Error> {
    let secret = source.read(key)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (8..=128).contains(&secret.expose().len()) && secret.expose().bytes().all(plain) {
        return Ok(secret);
    }
    let reason = "a passkey has 8 to 128 letters and digits".to_owned();
    Err(Error::ReadSecret { key: key.to_owned(), place: source.to_string(), reason })
}
