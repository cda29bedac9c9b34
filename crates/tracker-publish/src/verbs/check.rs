//! The verb `check`: how the release stands with tracker and seeder, all questions asked, all faults told.

use cli::{Abort, Console, Failure};
use rtorrent_rpc::HexInfohash;

use crate::error::Error;
use crate::registry::Registry;
use crate::release::packed::Packed;
use crate::seeder::client::{prove, rtorrent};
use crate::settings::Settings;

/// Asks tracker and seeder; the first fault decides the exit code.
pub(crate) fn check(settings: &Settings, console: &Console, abort: &Abort) -> Result<(), Error> {
    let packed = Packed::load(&settings.records)?;
    let infohash = packed.release().infohash;
    let http = settings.http(abort);
    let registry = Registry { settings, http: &http, console, abort };
    let mut faults = Faults { console, first: None, count: 0 };

    let client = rtorrent(settings, abort);
    let peer = settings.seeder.peer;
    let hash = HexInfohash::from_bytes(*infohash.as_bytes());
    match client.download(&hash) {
        Ok(Some(download)) if download.is_seeding() => match prove(settings, &packed, &client, abort) {
            Ok(()) => console.say(format!("the seeder at {peer} answers and has every piece")),
            Err(error) => faults.add(error)?,
        },
        Ok(_) => faults.add(Error::NotSeeding { release: packed.release().id.clone() })?,
        Err(error) => faults.add(error.into())?,
    }

    if let Err(error) = crate::settings::reach::check(settings) {
        faults.add(error)?;
    }
    if settings.tracker.is_none() {
        console.say("no tracker: fleet-push introduces the peers");
        return faults.end();
    }
    for (name, url) in settings.clients.all() {
        match registry.scrape(name, url, infohash) {
            Ok(None) => {
                faults.add(Error::NotRegistered { url: url.clone() })?;
                break;
            }
            Err(error) => faults.add(error)?,
            Ok(Some(counts)) => match registry.probe(url, infohash) {
                Ok(answer) => console.say(format!(
                    "{name}: registered, {} seeders, {} leechers, {} peers given",
                    counts.complete,
                    counts.incomplete,
                    answer.peers.len()
                )),
                Err(Error::Tracker(source)) => {
                    faults.add(Error::Client { client: name.to_owned(), source })?;
                }
                Err(error) => faults.add(error)?,
            },
        }
    }
    faults.end()
}

struct Faults<'a> {
    console: &'a Console,
    first: Option<Error>,
    count: usize,
}

impl Faults<'_> {
    /// Tells a fault; being asked to end is none.
    fn add(&mut self, error: Error) -> Result<(), Error> {
        if error.is_abort() {
            return Err(error);
        }
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(error);
            return Ok(());
        }
        self.console.warn(&error);
        if let Some(hint) = error.hint() {
            self.console.hint(hint);
        }
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.first.map_or(Ok(()), Err)
    }
}
