//! The verb `hosts`: one tracker user for each client, checked with each passkey, made where it is missing.

use cli::{Abort, Console};
use metainfo::{AnnounceUrl, Infohash};
use tracker_client::{Error as TrackerError, Key};

use crate::error::Error;
use crate::registry::Registry;
use crate::settings::Settings;
use crate::settings::tracker::{Kind, Updates};

/// Checks every client's passkey; with `create` makes the users that an Ocelot does not know.
pub(crate) fn hosts(
    settings: &Settings,
    create: bool,
    console: &Console,
    abort: &Abort,
) -> Result<(), Error> {
    if !settings.tracker.needs_passkey() {
        return Err(Error::NoPasskeys);
    }
    let http = settings.http(abort);
    let registry = Registry { settings, http: &http, console, abort };
    let updates = match &settings.tracker.kind {
        Kind::Ocelot(updates) => Some(updates),
        Kind::Gazelle(gazelle) => gazelle.updates.as_ref(),
        _ => None,
    };
    if create && updates.is_none() {
        return Err(Error::MissingSetting { flag: "--fleet", key: "tracker.secret_file" });
    }
    // Any torrent will do: only the passkey is judged, and an unknown torrent is merely left out.
    let nothing = Infohash::from_info_bytes(b"");
    let (mut made, mut first): (u32, Option<Error>) = (0, None);
    for (name, url) in settings.clients.all() {
        match (registry.scrape(name, url, nothing), updates) {
            (Ok(_), _) => console.say(format!("{name}: the tracker knows its passkey")),
            (Err(Error::Client { source: TrackerError::Refused { .. }, .. }), Some(updates)) if create => {
                make(&registry, updates, name, url)?;
                registry.scrape(name, url, nothing)?;
                made += 1;
                console.say(format!("{name}: its user was made, and the tracker knows its passkey"));
            }
            (Err(error), _) => match &error {
                Error::Client { source: TrackerError::Refused { .. }, .. } => {
                    console.warn(&error);
                    first = first.or(Some(error));
                }
                _ => return Err(error),
            },
        }
    }
    if made > 0 {
        console.warn("the tracker keeps these users in memory only: a restart, or SIGUSR1, forgets them");
        console.hint("run this again after a restart, or give the tracker's database the users");
    }
    first.map_or(Ok(()), Err)
}

fn make(registry: &Registry<'_>, updates: &Updates, name: &str, url: &AnnounceUrl) -> Result<(), Error> {
    let ids: Vec<u32> =
        registry.settings.clients.all().filter_map(|(_, url)| passkey(url)).map(user_id).collect();
    let key = passkey(url).and_then(Key::new).ok_or_else(|| Error::NotAKey { key: name.to_owned() })?;
    let id = user_id(key.expose());
    // Two users of one number are one user to the tracker: it would never give them each other.
    if ids.iter().filter(|other| **other == id).count() > 1 {
        return Err(Error::SameUser { client: name.to_owned() });
    }
    let ocelot = registry.ocelot(updates);
    ocelot.add_user(&key, id)?;
    Ok(ocelot.allow_leeching(&key)?)
}

/// The key in `http://host:port/KEY/announce`.
fn passkey(url: &AnnounceUrl) -> Option<&str> {
    url.expose().strip_suffix("/announce")?.rsplit('/').next()
}

/// A user number that does not change when hosts are added, moved or renamed: one in a thousand million, from the
/// passkey, above those that a site hands out.
fn user_id(passkey: &str) -> u32 {
    let [a, b, c, d, ..] = *Infohash::from_info_bytes(passkey.as_bytes()).as_bytes();
    1_000_000_000 + u32::from_be_bytes([a, b, c, d]) % 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable_and_apart() {
        let ids: std::collections::BTreeSet<u32> =
            (0..1000).map(|number| user_id(&format!("{number:032}"))).collect();
        assert_eq!(ids.len(), 1000);
        assert_eq!(user_id("a"), user_id("a"));
        assert!(ids.iter().all(|id| (1_000_000_000..2_000_000_000).contains(id)));
        let url: AnnounceUrl = "http://t:34000/k3y/announce".parse().unwrap();
        assert_eq!(passkey(&url), Some("k3y"));
    }
}
