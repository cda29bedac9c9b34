//! Getting the local rtorrent to seed a payload, from whatever it knows of it to "complete, hash-checked, active".

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cli::{Abort, Console};
use metainfo::{AnnounceUrl, Metainfo};
use record::FileName;
use rtorrent_rpc::{Client, Connect, Download, Hashing, HexInfohash, LoadCommand};

use crate::error::Error;
use crate::seeder::place::{self, Change, Placed, Readers};

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(50);
/// After this time the clock shows another second.
const NEXT_SECOND: Duration = Duration::from_millis(1050);
/// rtorrent says nothing about a torrent it refuses; one that has not appeared after this time was refused.
const APPEARS: Duration = Duration::from_secs(10);
/// How long a download may be idle before rtorrent is told to go on: it may be between two steps of its own.
const PAUSES: Duration = Duration::from_secs(1);
/// How long it may be idle after that before it is called a stall.
const STALLS: Duration = Duration::from_secs(5);

/// One download of one rtorrent.
pub(crate) struct Seeding<'a, C> {
    pub(crate) client: &'a Client<C>,
    /// With the announce URL it shall have.
    pub(crate) torrent: &'a Metainfo,
    pub(crate) torrent_name: &'a FileName,
    pub(crate) announce: &'a AnnounceUrl,
    /// Whether a passkey is in that URL.
    pub(crate) keyed: bool,
    /// The seeder's directory.
    pub(crate) directory: &'a Path,
    pub(crate) placed: &'a Placed,
    pub(crate) timeout: Duration,
    pub(crate) console: &'a Console,
    pub(crate) abort: &'a Abort,
}

impl<C: Connect> Seeding<'_, C> {
    /// Loads or repairs the download, and waits until it seeds.
    pub(crate) fn ensure(&self) -> Result<Download, Error> {
        let hash = HexInfohash::from_bytes(*self.torrent.infohash().as_bytes());
        match self.client.download(&hash)? {
            None => self.load()?,
            Some(download) => self.take_over(&hash, &download)?,
        }
        self.wait(&hash)
    }

    /// Makes of a download that rtorrent has already the one that is wanted.
    fn take_over(&self, hash: &HexInfohash, download: &Download) -> Result<(), Error> {
        let elsewhere = !self.is_at_place(download);
        let same_tracker = self.has_tracker(hash)?;
        if elsewhere && !(download.is_seeding() && same_tracker) {
            let (found, place) = (location(download), self.placed.path.clone());
            return Err(Error::Elsewhere { endpoint: self.client.endpoint(), found, place });
        }
        if elsewhere {
            self.console.say(format!("rtorrent already seeds it from `{}`", location(download).display()));
        } else if !same_tracker {
            self.console.say("rtorrent has it with another announce URL, loading it again");
            self.client.erase(hash)?;
            self.load()?;
        } else if self.placed.change != Change::Kept {
            // rtorrent still serves the files that were there before.
            self.console.say("the payload was put in place anew, rtorrent hashes it again");
            self.client.recheck(hash)?;
        }
        Ok(())
    }

    /// Gives rtorrent the torrent; as bytes where they fit, else as the file in the seeder's directory.
    fn load(&self) -> Result<(), Error> {
        let bytes = self.torrent.to_bytes();
        let directory = [LoadCommand::directory(self.directory)?];
        if Client::<C>::fits_raw_load(bytes.len()) {
            place::torrent(self.directory, self.torrent_name, &bytes, self.readers())?;
            return Ok(self.client.load_raw_start(&bytes, &directory)?);
        }
        // rtorrent remembers a path with the second of its modification and never loads the pair again, not even
        // after the download was erased: so the file must be new, and of a later second than any before it.
        self.abort.sleep(NEXT_SECOND)?;
        let _absent = fs::remove_file(self.torrent_name.in_folder(self.directory));
        let path = place::torrent(self.directory, self.torrent_name, &bytes, Readers::Everybody)?;
        Ok(self.client.load_start(&path, &directory)?)
    }

    fn readers(&self) -> Readers {
        if self.keyed { Readers::Owner } else { Readers::Everybody }
    }

    /// Polls until it seeds; helps once where rtorrent does not go on by itself.
    fn wait(&self, hash: &HexInfohash) -> Result<Download, Error> {
        let started = Instant::now();
        let piece_length = u64::from(self.torrent.info().piece_length().bytes());
        let progress = self.console.progress("hash check", self.torrent.info().bytes());
        let mut helped = false;
        let mut idle_since: Option<Instant> = None;
        loop {
            let now = self.client.download(hash)?;
            let state = match &now {
                None => State::Absent,
                Some(download) => State::of(download),
            };
            let waited = started.elapsed();
            match (state, now) {
                (State::Seeding, Some(download)) => return Ok(download),
                (State::Absent, _) if waited >= APPEARS.min(self.timeout) => {
                    return Err(self.not_loaded(hash));
                }
                (State::Damaged, Some(download)) => {
                    if helped || !self.is_at_place(&download) {
                        return Err(self.damaged(&download));
                    }
                    // The payload in place was proved before: rtorrent's state is from before that.
                    helped = true;
                    self.client.recheck(hash)?;
                }
                (State::Unreadable, Some(download)) => {
                    if helped {
                        return Err(Error::Unreadable { path: location(&download) });
                    }
                    helped = true;
                    self.client.recheck(hash)?;
                }
                (State::Idle, Some(download)) => {
                    let since = idle_since.get_or_insert_with(Instant::now);
                    if !helped && since.elapsed() > PAUSES {
                        helped = true;
                        idle_since = None;
                        self.go_on(hash, &download)?;
                    } else if since.elapsed() > STALLS {
                        return Err(self.stalled(&download));
                    }
                }
                (State::Hashing, Some(download)) => {
                    idle_since = None;
                    progress.set(download.pieces_hashed.saturating_mul(piece_length), "");
                }
                _ => {}
            }
            if waited >= self.timeout {
                return Err(self.too_late(hash));
            }
            self.abort.sleep(POLL)?;
        }
    }

    /// Gets an idle download going.
    fn go_on(&self, hash: &HexInfohash, download: &Download) -> Result<(), Error> {
        if !download.hash_checked {
            return Ok(self.client.recheck(hash)?);
        }
        // Stop first: rtorrent ignores the start of a download it counts as started.
        self.client.stop(hash)?;
        Ok(self.client.start(hash)?)
    }

    fn has_tracker(&self, hash: &HexInfohash) -> Result<bool, Error> {
        let trackers = self.client.trackers(hash)?;
        // rtorrent lists the DHT among them.
        let mut used =
            trackers.iter().map(rtorrent_rpc::Tracker::expose_url).filter(|url| !url.starts_with("dht:"));
        Ok(used.next() == Some(self.announce.expose()) && used.next().is_none())
    }

    fn is_at_place(&self, download: &Download) -> bool {
        location(download) == self.placed.path
    }

    fn not_loaded(&self, hash: &HexInfohash) -> Error {
        Error::NotLoaded { endpoint: self.client.endpoint(), hash: hash.to_string() }
    }

    fn damaged(&self, download: &Download) -> Error {
        Error::Damaged {
            path: location(download),
            done: download.pieces_done,
            pieces: download.pieces,
            message: complaint(download),
        }
    }

    fn stalled(&self, download: &Download) -> Error {
        Error::Stalled { path: location(download), message: complaint(download) }
    }

    fn too_late(&self, hash: &HexInfohash) -> Error {
        Error::TooLate { endpoint: self.client.endpoint(), hash: hash.to_string(), after: self.timeout }
    }
}

/// What a download is doing, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Absent,
    /// Waiting for its hash check, or in it.
    Hashing,
    /// The hash check was given up.
    Unreadable,
    /// Checked, and pieces are not what they should be.
    Damaged,
    /// Not checked and not about to be, or complete without talking to peers.
    Idle,
    Seeding,
}

impl State {
    fn of(download: &Download) -> Self {
        if download.is_seeding() {
            Self::Seeding
        } else if download.hash_failed {
            Self::Unreadable
        } else if download.hash_checking || download.hashing != Hashing::No {
            Self::Hashing
        } else if !download.hash_checked || download.complete {
            Self::Idle
        } else {
            Self::Damaged
        }
    }
}

/// Where its data are: rtorrent knows the exact path only once it has opened them.
fn location(download: &Download) -> PathBuf {
    if !download.base_path.as_os_str().is_empty() {
        download.base_path.clone()
    } else if download.directory.file_name().is_some_and(|name| name == download.name.as_str()) {
        download.directory.clone()
    } else {
        download.directory.join(&download.name)
    }
}

/// rtorrent's complaint about the data; those about trackers are told elsewhere.
fn complaint(download: &Download) -> Option<String> {
    let message = download.message.trim();
    let about_data = !message.is_empty() && !message.starts_with("Tracker:");
    about_data.then(|| message.chars().take(300).collect())
}
