//! Finishing what a killed process left, and what nobody else may be there to do.

use cli::{Abort, Console, human};
use jiff::Timestamp;
use record::ExitCode;

use super::locking::lock;
use crate::Error;
use crate::host::disk::RealDisk;
use crate::host::drupal;
use crate::host::hooks::kept;
use crate::host::site::{LockedSite, Site};

/// As a verb: what can be finished is, and what cannot is an error, so that whoever runs it at boot tries again.
pub(crate) fn reconcile(
    site: Site<'_>,
    owner: String,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let began = Timestamp::now();
    // Whoever takes the lock reconciles.
    let locked = lock(site, owner)?;
    kept::again(&locked, began)?;
    drupal::again(&locked, began);
    let deploy_to = locked.site.paths.deploy_to().to_owned();
    console.say(match locked.site.current()?.into_id() {
        Some(id) => format!("nothing is pending; `{id}` is live"),
        None => "nothing is pending; no release is live".into(),
    });
    if let Some(wait) = drupal::turn(&locked) {
        let wait = human::seconds(wait);
        console.say(format!(
            "caches that all hosts share are to be rebuilt: by this one in {wait}, if no other has done it by then"
        ));
    }
    wait_for_its_turn(locked, abort);
    expect_nothing_left(&Site::open(&deploy_to, &RealDisk)?)
}

/// Without a controller, and with caches owed, this host waits for its turn, without the lock: whoever comes meanwhile may do
/// something else.
pub(crate) fn wait_for_its_turn(locked: LockedSite<'_>, abort: &Abort) {
    let Some(wait) = drupal::turn(&locked) else { return };
    let (deploy_to, owner) = (locked.site.paths.deploy_to().to_owned(), locked.owner.clone());
    drop(locked);
    if abort.sleep(wait).is_err() {
        return;
    }
    let disk = RealDisk;
    let take_over = |site: Site<'_>| match drupal::take_over(&site, &owner)? {
        // Reconciling rebuilds them.
        true => lock(site, owner.clone()).map(drop),
        false => Ok(()),
    };
    match Site::open(&deploy_to, &disk).and_then(take_over) {
        // Whoever is at work there has found what is owed.
        Ok(()) | Err(Error::Busy { .. }) => {}
        Err(error) => log::warn!("{error}"),
    }
}

/// Caches, or hooks of after-revert, that could not be seen to: whoever runs this at boot is to try again.
fn expect_nothing_left(site: &Site<'_>) -> Result<ExitCode, Error> {
    if let Some(hook) = kept::owed(site)?.into_iter().next() {
        let why = format!("hook `{}`: {}", hook.name, hook.error);
        return Err(Error::owed(&hook.release, &why));
    }
    match drupal::standing(site)?.0 {
        Some(record::Owed { release, error: Some(why), .. }) => Err(Error::owed(&release, &why)),
        Some(_) | None => Ok(ExitCode::Ok),
    }
}
