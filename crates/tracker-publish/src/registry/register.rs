//! Making the tracker know a release, proved by asking it; and making it forget one.

use metainfo::Infohash;

use super::tracker::Registry;
use super::{gazelle, whitelist};
use crate::error::Error;
use crate::release::packed::Packed;
use crate::settings::tracker::{Kind, Updates};

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
}

/// A number for a torrent that no site has numbered: the same in every run, and never 0.
fn torrent_id(infohash: Infohash) -> u32 {
    let [a, b, c, d, ..] = *infohash.as_bytes();
    u32::from_be_bytes([a & 0x7f, b, c, d]).max(1)
}
