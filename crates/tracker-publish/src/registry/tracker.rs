//! A tracker, and what it is asked.

use std::time::{Duration, Instant};

use cli::{Abort, Console};
use metainfo::{AnnounceUrl, Infohash};
use tracker_client::{Event, Http, Ocelot, Probe, announce, scrape};

use crate::error::Error;
use crate::settings::Settings;
use crate::settings::tracker::Updates;

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
    pub(super) fn until<T>(&self, ask: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
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
