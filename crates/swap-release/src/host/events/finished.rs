//! A BitTorrent client's events. They say too much and too little: `finished` never comes for data that was there before,
//! `hash_done` comes again for every old torrent at each restart, both may come early or twice. So an event is only a
//! hint to look: what is wanted is in a record that came another way, and what counts is our own hashing. Nothing is ever
//! switched here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::Abort;
use inventory::SharedPaths;
use record::host::ReleaseState;

use crate::Error;
use crate::host::disk::Disk;
use crate::host::recovery;
use crate::host::site::Site;
use crate::host::verbs::stage;
use crate::host::verbs::stage::Request;
use crate::host::verbs::want::Wanted;

/// How long another change on this server is waited for; events run in the background.
const PATIENCE: Duration = Duration::from_secs(600);

/// What came of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nobody wants this torrent here (any more).
    NotWanted,
    /// The release is here already.
    Here(String),
    /// The release was staged.
    Staged(String),
}

/// Looks at what an event is about, and stages it if it is wanted and not here. `place` is where the client has put it.
pub(crate) fn finished(
    deploy_to: &Path,
    disk: &dyn Disk,
    infohash: &str,
    place: &Path,
    abort: &Abort,
) -> Result<Seen, Error> {
    let site = Site::open(deploy_to, disk)?;
    let Some(wanted) = site.wanted(infohash)? else { return Ok(Seen::NotWanted) };
    if let Some(id) = is_here(&site, &wanted)? {
        return Ok(Seen::Here(id));
    }
    abort.check()?;
    let owner = "an event of the BitTorrent client".to_owned();
    let locked = recovery::lock_when_free(site, owner, PATIENCE, abort)?;
    // Whoever held the lock may have done it.
    if let Some(id) = is_here(&locked.site, &wanted)? {
        return Ok(Seen::Here(id));
    }
    let shared = SharedPaths::parse(wanted.shared.iter().map(String::as_str));
    let shared = shared.map_err(Error::shared_conflict)?;
    let manifest = manifest(&locked.site, &wanted);
    let request = Request {
        release: &wanted.release,
        build: wanted.build.as_ref(),
        payload: place,
        manifest: manifest.as_deref(),
        shared: &shared,
    };
    locked.leave_to_its_client(&wanted.release)?;
    let reply = stage::stage(&locked, &request, &|_| !abort.is_set())?;
    Ok(Seen::Staged(reply.release.to_string()))
}

/// A release that is here whole, or was refused after it had been live, is no business of an event.
fn is_here(site: &Site<'_>, wanted: &Wanted) -> Result<Option<String>, Error> {
    let known = site.known(&wanted.release.id)?;
    let here = known.filter(|file| file.state != ReleaseState::Staging);
    Ok(here.map(|file| file.id().to_string()))
}

/// Where fleet-push puts the manifest of a plain tree, which no torrent carries.
fn manifest(site: &Site<'_>, wanted: &Wanted) -> Option<PathBuf> {
    let path = site.paths.pushed_manifest(&wanted.release.tree_digest);
    path.is_file().then_some(path)
}
