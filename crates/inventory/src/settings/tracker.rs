//! `[tracker]`, resolved: which kind it is, and all that this kind needs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Announce;
use crate::SecretSource;

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
