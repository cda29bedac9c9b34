//! `.swap/undo.json`: what the undoing of a deployment needs, on every host, from before any code of the release is run until
//! the deployment is committed or undone; and `.swap/remains.json`: what no rebuilding of caches undoes, until somebody says
//! that it is settled.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use record::{DrupalFacts, Owed, ReleaseId, Remains};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::commands;
use crate::Error;
use crate::host::site::{LockedSite, Paths, Site, Switching};
use crate::order::DrupalOrder;

/// What the others need to be back, too, once a controller is gone: their connections end at the same time, and a lease is
/// heard of within a quarter of it.
const MOMENT: Duration = Duration::from_secs(2);
/// After the last question before the commit: the word may have been given, and another process be carrying it to those that did
/// not hear it.
const PERHAPS_COMMITTED: Duration = Duration::from_secs(15);
/// What the host before in the order is given, if its drush may take so long.
pub(super) const EACH: Duration = Duration::from_secs(30);

/// `.swap/undo.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Undo {
    pub(super) drupal: DrupalOrder,
    /// Tells this deployment from all others.
    pub(super) swap: String,
    /// The release that was live before.
    pub(super) from: Option<ReleaseId>,
    /// The release whose code may run.
    pub(super) to: ReleaseId,
    /// When it began, RFC 3339.
    at: String,
    /// 0 for the host that runs drush; the others take over in this order when no controller lives that says who.
    pub(super) turn: u32,
    /// Whether code of the release may have run. Known to the host that runs drush.
    pub(super) ran: bool,
    pub(super) facts: DrupalFacts,
    /// Once the code is back where it was.
    pub(super) owed: Option<Since>,
}

/// The code is back, and the caches are to be rebuilt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// When this host was back on its former release: what was rebuilt before that time does not count.
    pub(super) at: Timestamp,
    /// Before this time it is another host's turn.
    pub(super) not_before: Timestamp,
    /// Whether this host may have served the release meanwhile.
    pub(super) switched: bool,
    /// Why it could not be done so far.
    pub(super) error: Option<String>,
}

impl Undo {
    /// How long this host leaves it to others, without a controller.
    pub(crate) fn patience(&self, perhaps_committed: bool) -> Duration {
        patience(self.turn, perhaps_committed, Duration::from_millis(self.drupal.timeout_ms))
    }

    /// What no rebuilding of caches undoes.
    pub(crate) fn remains(&self, locked: &LockedSite<'_>) -> Option<Remains> {
        remains_of(self, &locked.site.paths)
    }
}

/// How long a host without a controller leaves it to others. `timeout` is that of drush.
pub(crate) fn patience(turn: u32, perhaps_committed: bool, timeout: Duration) -> Duration {
    let first = if perhaps_committed { PERHAPS_COMMITTED } else { MOMENT };
    first + EACH.min(timeout) * turn
}

/// Whether caches are owed, and somebody is about to rebuild them.
pub(super) fn is_awaited(locked: &LockedSite<'_>) -> bool {
    let undo = read(&locked.site).ok().flatten();
    undo.and_then(|undo| undo.owed)
        .is_some_and(|owed| owed.error.is_none() && owed.not_before > Timestamp::now())
}

/// Writes down what an undo needs. What an earlier deployment left owed is part of it: the code that is live pays for both.
pub(crate) fn arm(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    swap: &str,
    turn: u32,
    ran: bool,
) -> Result<String, String> {
    let earlier = read(&switching.locked.site).ok().flatten();
    let undo = Undo {
        drupal: drupal.clone(),
        swap: swap.to_owned(),
        from: switching.from.cloned(),
        to: switching.to.clone(),
        at: record::now().to_string(),
        turn,
        ran: ran || earlier.is_some(),
        facts: DrupalFacts::default(),
        owed: None,
    };
    write(switching.locked, &undo).map_err(|error| error.to_string())?;
    Ok(if turn == 0 {
        "this host rebuilds caches should it be undone".to_owned()
    } else {
        format!("kept; number {turn} of those that take over")
    })
}

/// Another host's findings.
pub(crate) fn know(locked: &LockedSite<'_>, facts: &DrupalFacts) -> Result<String, String> {
    amend(locked, |undo| undo.facts = facts.clone())?;
    Ok("noted".into())
}

/// The journal, which was written before anything that needs it.
pub(super) fn expect(locked: &LockedSite<'_>) -> Result<Undo, String> {
    match read(&locked.site) {
        Ok(Some(undo)) => Ok(undo),
        Ok(None) => Err("nothing was written down for an undo, so nothing is done".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Changes it, durably.
pub(super) fn amend(locked: &LockedSite<'_>, change: impl FnOnce(&mut Undo)) -> Result<Undo, String> {
    let mut undo = expect(locked)?;
    change(&mut undo);
    write(locked, &undo).map_err(|error| error.to_string())?;
    Ok(undo)
}

/// What is known of the deployment under way.
pub(crate) fn facts(site: &Site<'_>) -> Option<DrupalFacts> {
    read(site).ok().flatten().map(|undo| undo.facts)
}

/// The release stays. Whoever activates a release has seen to what an earlier one left.
pub(crate) fn committed(locked: &LockedSite<'_>, to: &ReleaseId, is_activation: bool) -> Result<(), Error> {
    let disk = locked.site.disk;
    let gone = |path: &Path| disk.remove(path).map_err(|source| Error::write(path, source));
    if is_activation {
        gone(&locked.site.paths.remains())?;
    }
    match read(&locked.site)? {
        // What another deployment owes, this one has not paid.
        Some(undo) if undo.to != *to => Ok(()),
        _ => gone(&locked.site.paths.undo()),
    }
}

/// The code is back, or was never switched: from now on the caches are owed. `after` is how long this host leaves it to
/// others. Nothing if nothing was written down, or the release is live all the same.
pub(crate) fn owe(locked: &LockedSite<'_>, switched: bool, after: Duration) -> Result<Option<Undo>, Error> {
    let Some(mut undo) = read(&locked.site)? else { return Ok(None) };
    let live = locked.site.current()?.into_id();
    if live.as_ref() == Some(&undo.to) && undo.from.as_ref() != Some(&undo.to) {
        return Ok(None);
    }
    let now = Timestamp::now();
    let not_before = now.checked_add(after).unwrap_or(now);
    match &mut undo.owed {
        Some(owed) => owed.not_before = not_before,
        None => undo.owed = Some(Since { at: now, not_before, switched, error: None }),
    }
    // Before the other: whoever pays what is owed forgets what it is about.
    if let Some(remains) = remains_of(&undo, &locked.site.paths) {
        keep(locked, &remains)?;
    }
    write(locked, &undo)?;
    Ok(Some(undo))
}

/// The caches are rebuilt, here or elsewhere.
pub(super) fn paid(locked: &LockedSite<'_>) -> Result<(), Error> {
    let path = locked.site.paths.undo();
    locked.site.disk.remove(&path).map_err(|source| Error::write(&path, source))
}

/// As an ordered step: a host has rebuilt the caches, or nobody could and it is left for a later run; and what remains.
pub(crate) fn settled(
    locked: &LockedSite<'_>,
    rebuilt: bool,
    remains: Option<&Remains>,
) -> Result<String, String> {
    if let Some(remains) = remains {
        keep(locked, remains).map_err(|error| error.to_string())?;
    }
    if rebuilt {
        paid(locked).map_err(|error| error.to_string())?;
    }
    Ok("noted".into())
}

/// Keeps what remains, on a host that may not have seen it itself.
fn keep(locked: &LockedSite<'_>, remains: &Remains) -> Result<(), Error> {
    put(locked, &locked.site.paths.remains(), remains)
}

/// Somebody has seen to what remains: the database and the live code belong together. Gives what it was.
pub(crate) fn settle(locked: &LockedSite<'_>) -> Result<Option<Remains>, Error> {
    let path = locked.site.paths.remains();
    let Some(remains) = get::<Remains>(&path)? else { return Ok(None) };
    // It is no longer what stands between the code and an older one.
    if let Some(file) = locked.site.known(&remains.release)?
        && file.database.is_some()
    {
        locked.amend(&crate::host::site::ReleaseFile { database: None, ..file })?;
    }
    locked.site.disk.remove(&path).map_err(|source| Error::write(&path, source))?;
    Ok(Some(remains))
}

/// For `status`: what is owed, and what remains.
pub(crate) fn standing(site: &Site<'_>) -> Result<(Option<Owed>, Option<Remains>), Error> {
    let owed = read(site)?.and_then(|undo| {
        let since = undo.owed?;
        Some(Owed {
            release: undo.to,
            since: since.at.to_string(),
            not_before: since.not_before.to_string(),
            error: since.error,
        })
    });
    Ok((owed, get(&site.paths.remains())?))
}

/// What no rebuilding of caches undoes, with the commands that help.
pub(super) fn remains_of(undo: &Undo, paths: &Paths) -> Option<Remains> {
    let facts = &undo.facts;
    if facts.updated.is_empty() && facts.configured.is_empty() {
        return None;
    }
    let mut help = Vec::new();
    for (site, uri) in &undo.drupal.sites {
        let drush = |words: &str| format!("{} {words}", shown(&undo.drupal, paths, uri));
        let ours = |dump: &&String| dump.ends_with(&format!("/{site}.sql.gz"));
        if facts.updated.contains(uri) {
            help.push(match facts.dumps.iter().find(ours) {
                Some(dump) => format!("gunzip -c {dump} | {}", drush(commands::sql(undo.drupal.core))),
                None => format!(
                    "restore a backup of the database of {uri} from before {}: no dump was taken",
                    undo.at
                ),
            });
        }
        // A dump brings the configuration back, too.
        if facts.configured.contains(uri) && !facts.dumps.iter().any(|dump| ours(&dump)) {
            help.push(drush("config:import -y"));
        }
        if facts.updated.contains(uri) || facts.configured.contains(uri) {
            help.push(drush(&commands::rebuild(undo.drupal.core).join(" ")));
        }
    }
    help.push(format!("swap-release settle --deploy-to {}", paths.deploy_to().display()));
    Some(Remains {
        release: undo.to.clone(),
        at: undo.at.clone(),
        host: None,
        updates: facts.updated.clone(),
        configuration: facts.configured.clone(),
        dumps: facts.dumps.clone(),
        help,
    })
}

/// drush of the live release, as a person types it.
fn shown(order: &DrupalOrder, paths: &Paths, uri: &str) -> String {
    let current = paths.current();
    let root = if order.docroot.is_empty() { current.clone() } else { current.join(&order.docroot) };
    let mut words: Vec<String> = order.drush.clone();
    if let Some(program) = words.first_mut()
        && program.contains('/')
        && !program.starts_with('/')
    {
        *program = current.join(&*program).display().to_string();
    }
    words.extend([format!("--root={}", root.display()), format!("--uri={uri}")]);
    words.join(" ")
}

pub(super) fn read(site: &Site<'_>) -> Result<Option<Undo>, Error> {
    get(&site.paths.undo())
}

pub(super) fn write(locked: &LockedSite<'_>, undo: &Undo) -> Result<(), Error> {
    put(locked, &locked.site.paths.undo(), undo)
}

fn get<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Error::State { path: path.to_owned(), source }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

fn put<T: Serialize>(locked: &LockedSite<'_>, path: &Path, value: &T) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value).map_err(|source| Error::State { path: path.to_owned(), source })?;
    locked.site.disk.write(path, &bytes).map_err(|source| Error::write(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_over_does_so_after_those_before_it() {
        let long = Duration::from_secs(1800);
        let first = patience(0, false, long);
        assert!(first < Duration::from_secs(5) && patience(1, false, long) >= first + EACH);
        assert_eq!(patience(2, false, Duration::from_secs(7)), first + Duration::from_secs(14));
        assert!(patience(0, true, long) > Duration::from_secs(10), "the word may have been commit");
    }
}
