//! The order of the stage: read the record, put the payload in place, seed, announce, prove, write the record.

use cli::{Abort, Console, human};
use metainfo::Infohash;
use record::{Layout, Publish, Record, Seeder, Tool};
use rtorrent_rpc::HexInfohash;

use crate::error::Error;
use crate::registry::Registry;
use crate::registry::found::found;
use crate::release::ledger::{Entry, Ledger};
use crate::release::packed::Packed;
use crate::release::turn::Turn;
use crate::seeder::announced::announced;
use crate::seeder::client::{prove, rtorrent};
use crate::seeder::place::{self, Change, Placed};
use crate::seeder::seeding::Seeding;
use crate::seeder::tree::tree;
use crate::settings::Settings;
use crate::settings::reach;
use crate::verbs::withdraw::retire;

/// Runs the stage. `publish.json` is written whenever there is a release to write about, also when the stage fails.
pub(crate) fn publish(settings: &Settings, console: &Console, abort: &Abort) -> Result<(), Error> {
    let packed = Packed::load(&settings.records)?;
    if packed.release().private && settings.tracker.is_none() {
        return Err(Error::PrivateWithoutTracker { release: packed.release().id.clone() });
    }
    reach::check(settings)?;
    let outcome = seed(settings, &packed, console, abort);
    let (mode, announce) = settings.tracker.recorded();
    let details = Publish { mode, announce, seeder: outcome.as_ref().ok().cloned(), push_seeds: false };
    let tool = Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() };
    let input = Some(packed.record.input.clone());
    let mut record = Record::new(tool, input, packed.release().clone(), details);
    record.aborted = outcome.as_ref().is_err_and(Error::is_abort);
    let written = settings.records.write(&record);
    match (outcome, written) {
        (Ok(_), Ok(_)) => Ok(()),
        (Ok(_), Err(error)) => Err(error.into()),
        (Err(error), Ok(_)) => Err(error),
        (Err(error), Err(second)) => {
            console.warn(second);
            Err(error)
        }
    }
}

fn seed(settings: &Settings, packed: &Packed, console: &Console, abort: &Abort) -> Result<Seeder, Error> {
    let client = rtorrent(settings, abort);
    // Before anything is copied: the commonest fault is that nobody listens.
    let version = client.client_version()?;
    log::info!("rtorrent {version} at `{}`", client.endpoint());

    let release = packed.release();
    let directory = place::directory(&settings.seeder.directory)?;
    let _turn = Turn::take(&directory, settings.timeout, console, abort)?;
    let source = packed.payload(settings.payload.as_deref(), &settings.records)?;
    let placed = match (release.layout, &release.payload.sha256) {
        (Layout::Archive, Some(sha256)) => {
            place::archive(&source, &directory, &release.payload, sha256, abort)?
        }
        (Layout::Archive, None) => return Err(Error::NoPayloadDigest { release: release.id.clone() }),
        (Layout::Tree, _) => tree(&source, &directory, &packed.torrent, abort)?,
    };
    tell(&placed, release.payload.bytes, console);

    // Before anybody announces: a torrent that is unknown then would be refused.
    let http = settings.http(abort);
    let registry = Registry { settings, http: &http, console, abort };
    registry.register(packed)?;
    prove_clients(&registry, release.infohash)?;

    let announce = settings.clients.seeder.clone();
    let torrent = packed.torrent.with_announce(&announce).map_err(|source| Error::Torrent { source })?;
    let hash = HexInfohash::from_bytes(*release.infohash.as_bytes());
    let download = Seeding {
        client: &client,
        torrent: &torrent,
        torrent_name: &release.torrent.file,
        announce: &announce,
        keyed: settings.tracker.needs_passkey(),
        directory: &directory,
        placed: &placed,
        timeout: settings.timeout,
        console,
        abort,
    }
    .ensure()?;
    if !settings.tracker.is_none() {
        announced(&client, &hash, &announce, settings.timeout, abort)?;
        console.say(format!("the tracker `{announce}` took the announce"));
    }
    prove(settings, packed, &client, abort)?;
    let peer = settings.seeder.peer;
    let pieces = torrent.info().pieces().len();
    if settings.wait && !settings.tracker.is_none() {
        found(&registry, &client, release.infohash)?;
    }
    let mut ledger = Ledger::load(&directory)?;
    ledger.add(Entry::of(release))?;
    if let Some(keep) = settings.keep {
        retire(&registry, &client, &directory, &mut ledger, keep)?;
    }
    let pieces = match pieces {
        1 => "its one piece".to_owned(),
        many => format!("all {many} pieces"),
    };
    console.say(format!("release {} is seeded at {peer}: {pieces}, proved as a peer sees them", release.id));
    Ok(Seeder { peer, bytes_done: download.bytes_done, complete: true })
}

/// Every host's own passkey is known, and a client that calls itself rtorrent is let in. Found out here, and not on
/// every host an hour later.
fn prove_clients(registry: &Registry<'_>, infohash: Infohash) -> Result<(), Error> {
    let clients = &registry.settings.clients;
    for (name, url) in &clients.hosts {
        if registry.scrape(name, url, infohash)?.is_none() {
            return Err(Error::NotRegistered { url: url.clone() });
        }
    }
    if let Some((name, url)) = clients.hosts.first() {
        registry.probe(url, infohash).map_err(|error| match error {
            Error::Tracker(source) => Error::Client { client: name.clone(), source },
            error => error,
        })?;
        let count = clients.hosts.len();
        registry.console.say(format!("the tracker knows the passkeys of all {count} hosts"));
    }
    Ok(())
}

fn tell(placed: &Placed, bytes: u64, console: &Console) {
    let (path, bytes) = (placed.path.display(), human::bytes(bytes));
    match placed.change {
        Change::Kept => console.say(format!("payload `{path}` ({bytes}) is in place")),
        Change::Added => console.say(format!("payload `{path}` ({bytes}) put in place")),
        Change::Replaced => {
            console.warn(format!("`{path}` was not the payload of this release; replaced it ({bytes})"));
        }
    }
}
