//! How peers find each other: the announce URL that goes into the torrent, and who must be told of the release.

use std::path::PathBuf;

use inventory::{Announce, Inventory, Reload, SecretSource, TrackerMode as Mode};
use metainfo::AnnounceUrl;
use record::TrackerMode;
use tracker_client::{FreeTorrent, Key, Secret};

use crate::error::Error;

/// Length from which a run of letters and digits in a URL is taken for a passkey: those of Gazelle and Ocelot have 32.
const PASSKEY: usize = 32;
/// What stands for each client's own passkey.
const PLACE: &str = "{passkey}";
/// What a site is told of a release if the inventory says nothing.
const DESCRIPTION: &str = "Release {release} with tree digest {tree_digest}: {files} files, {bytes} bytes. Commit {commit}, build {build}.";

/// The tracker, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tracker {
    /// The announce URL, with `{passkey}` where each client's own goes.
    announce: AnnounceUrl,
    /// Who must be told of a release.
    pub(crate) kind: Kind,
}

/// Who must be told of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no tracker: `fleet-push` introduces the peers.
    None,
    /// Nobody: it takes every torrent, or knows this one already.
    Announce,
    /// opentracker, by a file.
    Opentracker {
        /// Its whitelist.
        whitelist: PathBuf,
        /// How it is made to read that again.
        reload: Reload,
    },
    /// Ocelot, by updates.
    Ocelot(Updates),
    /// A Gazelle, which tells its Ocelot.
    Gazelle(Box<Gazelle>),
}

/// A Gazelle site and what goes into its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gazelle {
    /// Scheme and host, perhaps a path.
    pub(crate) site: String,
    /// Who uploads.
    pub(crate) account: Account,
    /// Text for the title, with `{release}` and its like.
    pub(crate) title: String,
    /// Text for the tags.
    pub(crate) tags: String,
    /// Text for the description.
    pub(crate) description: String,
    /// The site's Ocelot, for the case that the site did not tell it.
    pub(crate) updates: Option<Updates>,
}

/// Who uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// To the pages of 2016.
    Login {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
        /// Where the session is kept.
        session_file: PathBuf,
    },
    /// To the API of the OPS line.
    Token(Secret),
}

/// What is needed to send updates to an Ocelot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Updates {
    /// Scheme, host and port.
    pub(crate) base: String,
    /// `site_password`.
    pub(crate) secret: Key,
    /// Whether downloads count.
    pub(crate) free: FreeTorrent,
}

impl Tracker {
    /// No tracker.
    pub(crate) fn none() -> Self {
        Self { announce: AnnounceUrl::no_tracker(), kind: Kind::None }
    }

    /// A tracker by its announce URL.
    ///
    /// # Errors
    /// If it is not one, or holds what looks like a passkey: the record carries the URL to every later stage.
    pub(crate) fn announce(url: &str) -> Result<Self, Error> {
        let announce: AnnounceUrl = url.parse().map_err(Error::Announce)?;
        if announce.is_no_tracker() {
            Ok(Self::none())
        } else if holds_secret(announce.expose()) {
            Err(Error::Passkey { url: announce })
        } else {
            Ok(Self { announce, kind: Kind::Announce })
        }
    }

    /// The tracker that the inventory names, secrets read.
    pub(crate) fn configured(inventory: &Inventory) -> Result<Self, Error> {
        let table = &inventory.tracker;
        let missing = |key| Error::MissingSetting { flag: "--fleet", key };
        let url = table.announce.as_ref().map(Announce::expose);
        let mut tracker = match url {
            None => return Ok(Self::none()),
            Some(url) => Self::announce(url)?,
        };
        tracker.kind = match table.mode {
            Mode::None | Mode::Announce => return Ok(tracker),
            Mode::Opentracker => Kind::Opentracker {
                whitelist: table.whitelist.clone().ok_or(missing("tracker.whitelist"))?,
                reload: table.reload.clone().ok_or(missing("tracker.pid_file"))?,
            },
            Mode::Ocelot => {
                let updates = tracker.updates(inventory, FreeTorrent::Free)?;
                Kind::Ocelot(updates.ok_or(missing("tracker.secret_file"))?)
            }
            Mode::Gazelle | Mode::GazelleOps => Kind::Gazelle(Box::new(tracker.gazelle(inventory)?)),
        };
        Ok(tracker)
    }

    fn gazelle(&self, inventory: &Inventory) -> Result<Gazelle, Error> {
        let table = &inventory.tracker;
        let missing = |key| Error::MissingSetting { flag: "--fleet", key };
        let read = |source: &Option<SecretSource>, key: &str, missing_key| {
            let source = source.as_ref().ok_or(missing(missing_key))?;
            Ok::<_, Error>(Secret::new(source.read(key)?.expose()))
        };
        let account = if table.mode == Mode::Gazelle {
            Account::Login {
                username: table.username.clone().ok_or(missing("tracker.username"))?,
                password: read(&table.password, "tracker.password", "tracker.password_file")?,
                session_file: table.session_file.clone().ok_or(missing("tracker.session_file"))?,
            }
        } else {
            Account::Token(read(&table.token, "tracker.token", "tracker.token_file")?)
        };
        let text =
            |given: &Option<String>, otherwise: &str| given.clone().unwrap_or_else(|| otherwise.to_owned());
        Ok(Gazelle {
            site: table.site.clone().ok_or(missing("tracker.site"))?,
            account,
            title: text(&table.title, "Release {release}"),
            tags: text(&table.tags, "deploy"),
            description: text(&table.description, DESCRIPTION),
            // What the site itself says, unless the inventory says more.
            updates: self.updates(inventory, FreeTorrent::Normal)?,
        })
    }

    /// How its Ocelot is told of torrents and users, if the inventory gives the secret for that.
    fn updates(&self, inventory: &Inventory, otherwise: FreeTorrent) -> Result<Option<Updates>, Error> {
        let table = &inventory.tracker;
        let Some(source) = &table.secret else { return Ok(None) };
        let secret = source.read("tracker.secret")?;
        let secret = Key::new(secret.expose()).ok_or(Error::NotAKey { key: "tracker.secret".into() })?;
        let base = match &table.update {
            Some(base) => base.clone(),
            None => {
                let url = self.announce.expose();
                let base = url.strip_suffix(&format!("/{PLACE}/announce"));
                base.ok_or(Error::NotOcelot { url: self.announce.clone() })?.to_owned()
            }
        };
        let free = match table.freeleech {
            None => otherwise,
            Some(true) => FreeTorrent::Free,
            Some(false) => FreeTorrent::Normal,
        };
        Ok(Some(Updates { base, secret, free }))
    }

    /// Whether peers are found without one.
    pub(crate) fn is_none(&self) -> bool {
        self.kind == Kind::None
    }

    /// Whether each client announces with a passkey of its own.
    pub(crate) fn needs_passkey(&self) -> bool {
        self.announce.expose().contains(PLACE)
    }

    /// Whether a passkey must be one of Ocelot's.
    pub(crate) fn needs_keys_of_ocelot(&self) -> bool {
        matches!(self.kind, Kind::Ocelot(_) | Kind::Gazelle(_))
    }

    /// The URL with `{passkey}` in it.
    pub(crate) fn template(&self) -> &AnnounceUrl {
        &self.announce
    }

    /// What the torrent of the client with this passkey says.
    pub(crate) fn url(&self, passkey: Option<&str>) -> Result<AnnounceUrl, Error> {
        let url = self.announce.expose().replace(PLACE, passkey.unwrap_or(PLACE));
        url.parse().map_err(Error::Announce)
    }

    /// What the record says: never a secret, since [`Tracker::announce`] refuses those.
    pub(crate) fn recorded(&self) -> (TrackerMode, Option<String>) {
        let mode = match &self.kind {
            Kind::None => return (TrackerMode::None, None),
            Kind::Announce => TrackerMode::Announce,
            Kind::Opentracker { .. } => TrackerMode::Opentracker,
            Kind::Ocelot(_) => TrackerMode::Ocelot,
            Kind::Gazelle(gazelle) => match gazelle.account {
                Account::Login { .. } => TrackerMode::Gazelle,
                Account::Token(_) => TrackerMode::GazelleOps,
            },
        };
        (mode, Some(self.announce.expose().to_owned()))
    }
}

/// Whether a URL has a user and password, or a token as long as a passkey after its host.
fn holds_secret(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let dashed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'%' | b'.');
    authority.contains('@')
        || runs(tail, plain).any(|run| run.len() >= PASSKEY)
        // A UUID or base64url; words joined by dashes are not meant, so a digit must be in it.
        || runs(tail, dashed).any(|run| run.len() >= PASSKEY && run.iter().any(u8::is_ascii_digit))
}

fn runs(text: &str, belongs: impl Fn(&u8) -> bool) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(move |byte| !belongs(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_refused_and_never_shown() {
        for url in [
            "http://t.example:2710/0123456789abcdef0123456789abcdef/announce",
            "http://t.example/announce?passkey=ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF",
            "https://t.example/announce/6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "http://user:pass@t.example/announce",
            "udp://t.example:80/a/0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            let error = Tracker::announce(url).unwrap_err();
            assert!(matches!(error, Error::Passkey { .. }), "{url}: {error}");
            let shown = format!("{error} {error:?}");
            for secret in ["0123456789abcdef", "ABCDEFGH", "6f9619ff", "pass@"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn open_trackers_are_taken_as_they_are() {
        for url in [
            "http://10.0.0.5:6969/announce",
            "udp://tracker.example:80",
            "https://t.example/the-tracker-of-our-production-web-servers/announce",
            "http://abcdefghijklmnopqrstuvwxyz0123456789.example/announce",
            "http://10.0.0.5:34000/{passkey}/announce",
        ] {
            let tracker = Tracker::announce(url).unwrap();
            assert_eq!(tracker.recorded(), (TrackerMode::Announce, Some(url.to_owned())));
            assert_eq!(tracker.template().expose(), url);
        }
        assert!(matches!(Tracker::announce("ftp://t.example/"), Err(Error::Announce(_))));
    }

    #[test]
    fn the_url_that_stands_for_no_tracker_is_no_tracker() {
        assert_eq!(Tracker::announce(metainfo::NO_TRACKER_ANNOUNCE).unwrap(), Tracker::none());
        assert_eq!(Tracker::none().url(None).unwrap().expose(), metainfo::NO_TRACKER_ANNOUNCE);
        assert_eq!(Tracker::none().recorded(), (TrackerMode::None, None));
    }

    #[test]
    fn a_passkey_takes_its_place_and_nothing_else_changes() {
        let tracker = Tracker::announce("http://t:34000/{passkey}/announce").unwrap();
        assert!(tracker.needs_passkey());
        assert_eq!(tracker.url(Some("k3y")).unwrap().expose(), "http://t:34000/k3y/announce");
    }
}
