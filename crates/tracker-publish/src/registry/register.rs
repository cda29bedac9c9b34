//! Making the tracker know a release, proved by asking it; and making it forget one.

use std::time::{Duration, Instant};

use cli::{Abort, Console};
use metainfo::{AnnounceUrl, Infohash};
use tracker_client::{Event, Http, Ocelot, Probe, announce, scrape};

use crate::error::Error;
use crate::gazelle;
use crate::packed::Packed;
use crate::settings::Settings;
use crate::tracker::{Kind, Updates};
use crate::whitelist;

/// Where a probe says it listens: nobody does, and a peer that is given it is refused at once.
const NOWHERE: u16 = 1;
/// Time for a tracker to take notice of a signal.
const NOTICES: Duration = Duration::from_secs(5);
/// Pause between two questions.
const AGAIN: Duration = Duration::from_millis(200);

/// A tracker, and the way to it.
pub(crate) struct Registry<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) http: &'a Http,
    pub(crate) console: &'a Console,
    pub(crate) abort: &'a Abort,
}

impl Registry<'_> {
    /// Makes the tracker know the torrent, if it does not yet, and proves that it does.
    pub(crate) fn register(&self, packed: &Packed) -> Result<(), Error> {
        let infohash = packed.release().infohash;
        match &self.settings.tracker.kind {
            Kind::None | Kind::Announce => Ok(()),
            Kind::Opentracker { whitelist, reload } => {
                whitelist::add(whitelist, infohash)?;
                let proof = || self.probe(&self.settings.clients.seeder, infohash);
                match proof() {
                    // Listed before, it was also loaded before.
                    Ok(_) => {
                        self.console.say("the torrent is on opentracker's whitelist");
                        return Ok(());
                    }
                    Err(Error::Tracker(tracker_client::Error::Refused { .. })) => {}
                    // One that is down cannot be told to read anything.
                    Err(error) => return Err(error),
                }
                whitelist::reload(reload, self.abort)?;
                self.until(proof)?;
                self.console.say("the torrent was put on opentracker's whitelist, and opentracker takes it");
                Ok(())
            }
            Kind::Ocelot(updates) => self.register_at_ocelot(updates, infohash),
            Kind::Gazelle(gazelle) => gazelle::register(self, gazelle, packed),
        }
    }

    fn register_at_ocelot(&self, updates: &Updates, infohash: Infohash) -> Result<(), Error> {
        let url = &self.settings.clients.seeder;
        if self.scrape("the seeder", url, infohash)?.is_some() {
            self.console.say("the tracker knows the torrent");
            return Ok(());
        }
        self.ocelot(updates).add_torrent(infohash, torrent_id(infohash), updates.free)?;
        // `success` is also said to nonsense.
        if self.scrape("the seeder", url, infohash)?.is_none() {
            return Err(Error::NotRegistered { url: url.clone() });
        }
        self.console.say("the torrent was registered with the tracker");
        self.console.warn(
            "the tracker keeps it in memory only: a restart, or SIGUSR1, forgets torrents and users that its \
             database does not hold",
        );
        self.console.hint("after that run `tracker-publish hosts --create` and `tracker-publish` again");
        Ok(())
    }

    /// Makes the tracker forget the torrent.
    pub(crate) fn withdraw(&self, infohash: Infohash) -> Result<(), Error> {
        match &self.settings.tracker.kind {
            Kind::None | Kind::Announce => {}
            Kind::Opentracker { whitelist, reload } => {
                if whitelist::remove(whitelist, infohash)? {
                    whitelist::reload(reload, self.abort)?;
                }
            }
            Kind::Ocelot(updates) => {
                self.ocelot(updates).delete_torrent(infohash, torrent_id(infohash))?;
                self.is_forgotten(infohash)?;
            }
            Kind::Gazelle(site) => gazelle::withdraw(self, site, infohash)?,
        }
        Ok(())
    }

    /// Proves that the tracker does not know the torrent any more.
    pub(crate) fn is_forgotten(&self, infohash: Infohash) -> Result<(), Error> {
        let url = &self.settings.clients.seeder;
        match self.scrape("the seeder", url, infohash)? {
            None => Ok(()),
            Some(_) => Err(Error::StillRegistered { url: url.clone() }),
        }
    }

    /// Its counts, asked with a client's own passkey; `None` if it does not know the torrent.
    pub(crate) fn scrape(
        &self,
        client: &str,
        url: &AnnounceUrl,
        infohash: Infohash,
    ) -> Result<Option<tracker_client::Scraped>, Error> {
        scrape(self.http, url, infohash).map_err(|source| Error::Client { client: client.to_owned(), source })
    }

    /// Asks as a client's rtorrent would, and goes again.
    pub(crate) fn probe(
        &self,
        url: &AnnounceUrl,
        infohash: Infohash,
    ) -> Result<tracker_client::Announced, Error> {
        let probe = Probe::leecher(NOWHERE);
        let answer = announce(self.http, url, infohash, &probe, Event::Started);
        // Also after a refusal: some trackers count first and refuse then.
        let gone = announce(self.http, url, infohash, &probe, Event::Stopped);
        if let (Ok(_), Err(error)) = (&answer, gone) {
            log::debug!("the probe could not say good-bye: {error}");
        }
        Ok(answer?)
    }

    /// Repeats a question while the answer is a refusal, for as long as a signal takes to be noticed.
    fn until<T>(&self, ask: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        let started = Instant::now();
        loop {
            match ask() {
                Err(Error::Tracker(tracker_client::Error::Refused { .. })) if started.elapsed() < NOTICES => {
                    self.abort.sleep(AGAIN)?;
                }
                outcome => return outcome,
            }
        }
    }

    /// The way to an Ocelot.
    pub(crate) fn ocelot(&self, updates: &Updates) -> Ocelot {
        Ocelot::new(self.http.clone(), &updates.base, updates.secret.clone())
    }
}

/// A number for a torrent that no site has numbered: the same in every run, and never 0.
fn torrent_id(infohash: Infohash) -> u32 {
    let [a, b, c, d, ..] = *infohash.as_bytes();
    u32::from_be_bytes([a & 0x7f, b, c, d]).max(1)
}
