//! Somebody has seen to what a deployment that was taken back left in the database.

use cli::Console;
use record::ExitCode;

use crate::Error;
use crate::host::drupal;
use crate::host::site::LockedSite;

/// Rebuilds caches that are still owed, whoever's turn it is, and forgets what remains: the database and the live code belong
/// together.
pub(crate) fn settle(locked: &LockedSite<'_>, console: &Console) -> Result<ExitCode, Error> {
    drupal::reconcile(locked, true);
    drupal::restore(locked);
    let (owed, _) = drupal::standing(&locked.site)?;
    if let Some(owed) = owed {
        let why = owed.error.unwrap_or_else(|| "see the warnings above".to_owned());
        return Err(Error::owed(&owed.release, &why));
    }
    console.say(match drupal::settle(locked)? {
        Some(remains) => format!("what `{}` left in the database is settled", remains.release),
        None => "nothing is left of a deployment that was taken back".to_owned(),
    });
    Ok(ExitCode::Ok)
}
