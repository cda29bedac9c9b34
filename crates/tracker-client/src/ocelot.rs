//! Ocelot's update protocol: `GET /SECRET/update?action=...`, answered `success` also when nothing was done.
//!
//! So success here means only that the secret was right. Whether a torrent is registered or a user known is proved by
//! [`crate::scrape()`]. What is registered this way lives in the tracker's memory: SIGUSR1 or a restart forgets it unless
//! the site's database has it too.

use metainfo::Infohash;

use crate::announce::{parse, refusal, said};
use crate::http::endpoint;
use crate::{Error, Http, Key, Request, percent, percent_text};

/// Whether downloads of a torrent count. Hosts download much and upload little: ratio rules would cut them off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreeTorrent {
    /// They count.
    Normal,
    /// They do not.
    Free,
}

impl FreeTorrent {
    /// Never left out: a missing number means neutral.
    fn number(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Free => 1,
        }
    }
}

/// A tracker that takes our updates.
#[derive(Debug, Clone)]
pub struct Ocelot {
    http: Http,
    /// What stands before `/SECRET/update`.
    base: String,
    secret: Key,
}

impl Ocelot {
    /// The Ocelot at `base` (scheme, host and port) with its `site_password`.
    #[must_use]
    pub fn new(http: Http, base: &str, secret: Key) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned(), secret }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(&self.base)
    }

    /// Registers a torrent under the site's number for it. For a known one only `free` changes.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn add_torrent(&self, infohash: Infohash, id: u32, free: FreeTorrent) -> Result<(), Error> {
        let hash = percent(infohash.as_bytes());
        self.update(&format!("add_torrent&info_hash={hash}&id={id}&freetorrent={}", free.number()))
    }

    /// Forgets a torrent; later announces of it are told `Unregistered torrent`.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn delete_torrent(&self, infohash: Infohash, id: u32) -> Result<(), Error> {
        // Without a reason: each of its numbers stands for a fault that a retired release does not have.
        self.update(&format!("delete_torrent&info_hash={}&id={id}", percent(infohash.as_bytes())))
    }

    /// Makes a user known; a known passkey keeps its number.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn add_user(&self, passkey: &Key, id: u32) -> Result<(), Error> {
        self.update(&format!("add_user&passkey={}&id={id}", passkey.expose()))
    }

    /// Lets a known user download.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn allow_leeching(&self, passkey: &Key) -> Result<(), Error> {
        self.update(&format!("update_user&passkey={}&can_leech=1&visible=1", passkey.expose()))
    }

    /// Lets clients in whose peer id begins so. Sent as it is: Ocelot does not decode this parameter.
    ///
    /// # Errors
    /// [`Error::Argument`] for a prefix that cannot stand in a URL; else all of [`Error`].
    pub fn add_whitelist(&self, prefix: &str) -> Result<(), Error> {
        if prefix.is_empty() || percent_text(prefix) != prefix {
            let reason = "is not the beginning of a peer id in plain letters, digits and dashes";
            return Err(Error::Argument { what: prefix.to_owned(), reason });
        }
        self.update(&format!("add_whitelist&peer_id={prefix}"))
    }

    /// Every update can be made twice without harm, so it is repeated while nobody answers.
    fn update(&self, command: &str) -> Result<(), Error> {
        const WHAT: &str = "the update";
        let url = format!("{}/{}/update?action={command}", self.base, self.secret.expose());
        let reply = self.http.repeat(&Request::get(url))?;
        // The body alone tells: the status is 200 also for a wrong secret.
        let outcome = if reply.body == b"success" {
            Ok(())
        } else if reply.body.starts_with(b"d") {
            let value = parse(&reply)?;
            refusal(&reply, &value, WHAT).and(Err(reply.foreign("an Ocelot", "neither success nor failure")))
        } else {
            Err(reply.foreign("an Ocelot", said(&reply)))
        };
        outcome.map_err(|error| error.without(&[self.secret.expose()]))
    }
}
