//! Making tracker and seeder forget a release: by name, or because newer ones took its place.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use cli::{Abort, Console};
use record::{ReleaseId, durable};
use rtorrent_rpc::{Client, Connect, HexInfohash};

use crate::error::Error;
use crate::registry::Registry;
use crate::release::ledger::{Entry, Ledger};
use crate::release::packed::Packed;
use crate::release::turn::Turn;
use crate::seeder::client::rtorrent;
use crate::seeder::place;
use crate::settings::Settings;

/// The verb: `release`, or the one in `pack.json`.
pub(crate) fn withdraw(
    settings: &Settings,
    release: Option<&ReleaseId>,
    console: &Console,
    abort: &Abort,
) -> Result<(), Error> {
    let directory = place::directory(&settings.seeder.directory)?;
    let _turn = Turn::take(&directory, settings.timeout, console, abort)?;
    let mut ledger = Ledger::load(&directory)?;
    let entry = match release {
        None => Entry::of(Packed::load(&settings.records)?.release()),
        Some(release) => {
            let known = ledger.entries.iter().find(|entry| entry.release == *release).cloned();
            known.ok_or_else(|| Error::NotPublished {
                release: release.clone(),
                directory: directory.clone(),
            })?
        }
    };
    let client = rtorrent(settings, abort);
    let http = settings.http(abort);
    let registry = Registry { settings, http: &http, console, abort };
    one(&registry, &client, &directory, &mut ledger, &entry)
}

/// Withdraws all but the `keep` newest releases. What cannot be withdrawn is told and left for the next time: the
/// release that was just published is not to blame.
pub(crate) fn retire<C: Connect>(
    registry: &Registry<'_>,
    client: &Client<C>,
    directory: &Path,
    ledger: &mut Ledger,
    keep: usize,
) -> Result<(), Error> {
    let old = ledger.entries.len().saturating_sub(keep);
    let old: Vec<Entry> = ledger.entries.iter().take(old).cloned().collect();
    for entry in old {
        match one(registry, client, directory, ledger, &entry) {
            Err(error) if error.is_abort() => return Err(error),
            Err(error) => {
                registry.console.warn(format!("release {} stays published: {error}", entry.release));
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

fn one<C: Connect>(
    registry: &Registry<'_>,
    client: &Client<C>,
    directory: &Path,
    ledger: &mut Ledger,
    entry: &Entry,
) -> Result<(), Error> {
    let infohash = entry.infohash(ledger)?;
    // The same tree under another release's name is the same torrent: it must stay.
    let mut others = ledger.entries.iter().filter(|other| other.release != entry.release);
    if let Some(other) = others.find(|other| other.shares_with(entry)) {
        registry.console.say(format!(
            "release {} is withdrawn; its payload stays for release {}",
            entry.release, other.release
        ));
        remove(&entry.torrent.in_folder(directory))?;
        return ledger.remove(&entry.release);
    }
    registry.withdraw(infohash)?;
    let hash = HexInfohash::from_bytes(*infohash.as_bytes());
    let payload = entry.payload.in_folder(directory);
    if let Some(download) = client.download(&hash)? {
        // Data that lie elsewhere are somebody's own download.
        if download.base_path.starts_with(directory) || download.directory.starts_with(directory) {
            client.erase(&hash)?;
        }
    }
    remove(&entry.torrent.in_folder(directory))?;
    remove(&payload)?;
    durable::sync_folder(directory).map_err(|source| Error::Write { path: directory.to_owned(), source })?;
    ledger.remove(&entry.release)?;
    registry.console.say(format!("release {} is withdrawn from tracker and seeder", entry.release));
    Ok(())
}

/// A file, or a directory with all in it; that it is not there is no fault.
fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::Write { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
