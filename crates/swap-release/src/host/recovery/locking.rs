//! Taking the lock of a site, with nothing left of whoever held it before.

use std::io;
use std::time::Duration;

use cli::Abort;

use super::reconcile::reconcile;
use crate::Error;
use crate::host::site::{LockedSite, Site};

/// Locks the site and finishes or undoes what a killed predecessor left.
pub(crate) fn lock(site: Site<'_>, owner: String) -> Result<LockedSite<'_>, Error> {
    reconciled(site.lock_as_is(owner)?)
}

/// The same, waiting for whoever has the lock, at most `within`.
pub(crate) fn lock_when_free<'a>(
    site: Site<'a>,
    owner: String,
    within: Duration,
    abort: &Abort,
) -> Result<LockedSite<'a>, Error> {
    reconciled(site.lock_as_is_when_free(owner, within, abort)?)
}

fn reconciled(locked: LockedSite<'_>) -> Result<LockedSite<'_>, Error> {
    reconcile(&locked)?;
    locked.keep_reserve();
    Ok(locked)
}

/// The same for verbs that only look: if somebody is at work the site is looked at as it is.
/// Gives the owner of the lock in that case.
pub(crate) fn reconcile_if_idle(site: Site<'_>, owner: String) -> Result<(Site<'_>, Option<String>), Error> {
    if !site.paths.state().is_dir() {
        return Ok((site, None));
    }
    let as_it_is = site.clone();
    match lock(site, owner) {
        Ok(locked) => Ok((locked.site, None)),
        Err(Error::Busy { owner, .. }) => Ok((as_it_is, Some(owner))),
        // Looking must work where writing does not, e.g. for another user or on a full or read-only disk.
        Err(Error::Write { source, .. }) if is_unwritable(&source) => Ok((as_it_is, None)),
        Err(error) => Err(error),
    }
}

fn is_unwritable(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::StorageFull)
}
