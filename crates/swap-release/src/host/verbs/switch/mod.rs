//! Making a release live. Activation and rollback are the same code, and so is putting the former release back.

use std::fmt;
use std::path::{Path, PathBuf};

use record::ReleaseId;
use record::host::ReleaseState;
use rustix::fs::Access;
use rustix::io::Errno;

use crate::Error;
use crate::host::site::{Current, Foreign, LockedSite, Pending, ReleaseFile, Site, SwitchKind};

/// Whoever has to say that the release is good before the switch counts.
pub(crate) trait Confirmation {
    /// `current` points to `to` now.
    fn switched(&mut self, from: Option<&ReleaseId>, to: &ReleaseId);
    /// Waits for the decision. `Err` says why the former release must come back.
    fn wait(&mut self) -> Result<(), Refusal>;
}

/// Why a release does not stay live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was found to be bad. A release that was never confirmed is not activated again then before it is staged again.
    Bad,
    /// It was taken back, or nobody said that it is good: nothing is known against it.
    TakenBack(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad => f.write_str("asked"),
            Self::TakenBack(why) => f.write_str(why),
        }
    }
}

/// Refuses an older build of the job that the live release comes from. Jenkins' milestones do this for pipelines; two
/// freestyle builds, or a person, can overtake each other.
pub(crate) fn expect_not_older(site: &Site<'_>, to: &ReleaseId) -> Result<(), Error> {
    let Some(live) = site.current()?.into_id().map(|id| site.known(&id)).transpose()?.flatten() else {
        return Ok(());
    };
    let candidate = site.expect_known(to)?;
    let (Some(old), Some(new)) = (&live.build, &candidate.build) else { return Ok(()) };
    match (old.number, new.number) {
        (Some(live_number), Some(number)) if old.job == new.job && number < live_number => {
            Err(Error::older(to, number, &live.release.id, live_number))
        }
        _ => Ok(()),
    }
}

/// Refuses a release that is older than a database update: its code may not know the schema. A release staged later was
/// built later, or is staged again on purpose.
pub(crate) fn expect_same_database(site: &Site<'_>, to: &ReleaseId) -> Result<(), Error> {
    let candidate = site.expect_known(to)?;
    let blocks = |file: &&ReleaseFile| {
        file.sequence > candidate.sequence && file.database.as_ref().is_some_and(|update| !update.expand_only)
    };
    match site.all_known()?.iter().rev().find(blocks) {
        None => Ok(()),
        Some(file) => {
            let dumps = file.database.as_ref().map_or(&[][..], |update| &update.dumps);
            Err(Error::database_updated(to, file.id(), dumps))
        }
    }
}

/// What a switch did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Switched {
    /// The release that was live before.
    pub(crate) from: Option<ReleaseId>,
    /// The release that is live now.
    pub(crate) to: ReleaseId,
}

/// A switch under way, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) kind: SwitchKind,
    pub(crate) from: Option<ReleaseId>,
    pub(crate) to: ReleaseId,
    /// What `to` was before.
    pub(crate) was: ReleaseState,
    /// The text of `current` before.
    pub(crate) link: Option<String>,
}

impl Intent {
    fn pending(&self, confirmed: bool) -> Pending {
        let Self { kind, from, to, was, link } = self.clone();
        Pending::Switch { kind, from, to, was, link, confirmed }
    }

    /// Only the text of `current` is set right: it led to the release, but not as a switch writes it.
    fn is_repair(&self) -> bool {
        self.from.as_ref() == Some(&self.to)
    }
}

/// Points `current` to `to`. With a confirmation the former release comes back unless it is given.
///
/// Order of effects: intent, link, rename, (word), point of no return, states, history, intent removed. See the test.
/// What fails before the point of no return is undone. What fails after it changes nothing any more: the intent stays, and
/// the next run finishes it.
pub(crate) fn switch(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    to: &ReleaseId,
    mut confirmation: Option<&mut dyn Confirmation>,
) -> Result<Switched, Error> {
    let site = &locked.site;
    let file = site.expect_known(to)?;
    locked.expect_way_back()?;
    let current = site.current()?;
    let from = current.id().cloned();
    let switched = Switched { from: from.clone(), to: to.clone() };
    if from.as_ref() == Some(to) && matches!(current, Current::Release { right: true, .. }) {
        // Already live: there is nothing to put back, whatever is decided.
        if let Some(confirmation) = confirmation.as_deref_mut() {
            confirmation.switched(from.as_ref(), to);
            return confirmation.wait().map(|()| switched).map_err(|why| reverted(to, &why, from.as_ref()));
        }
        return Ok(switched);
    }
    expect_ready(locked, &file)?;
    tell_docroot(site);
    let link = match current {
        Current::Release { link: Some(link), .. } => link.into_os_string().into_string().ok(),
        _ => None,
    };
    let intent = Intent { kind, from, to: to.clone(), was: file.state, link };
    locked.begin(&intent.pending(confirmation.is_none()))?;
    if let Err(error) = site.point_current(Some(to)) {
        // Nothing live was changed, or rename(2) failed as a whole.
        return Err(undo(locked, &intent, error));
    }
    if let Some(confirmation) = confirmation {
        if let Err(error) = locked.set_state(to, ReleaseState::Unconfirmed) {
            return Err(undo(locked, &intent, error));
        }
        confirmation.switched(intent.from.as_ref(), to);
        if let Err(why) = confirmation.wait() {
            let condemned = why == Refusal::Bad && kind == SwitchKind::Activate && !intent.is_repair();
            // What was good once stays what one can go back to.
            let now = if condemned && intent.was == ReleaseState::Staged {
                ReleaseState::Failed
            } else {
                intent.was
            };
            point_back(locked, &intent)?;
            if let Err(error) = note_back(locked, &intent, now) {
                log::warn!(
                    "the former release is live again; the next run writes that down, since now: {error}"
                );
            }
            return Err(reverted(to, &why, intent.from.as_ref()));
        }
        // What is not written is not decided.
        if let Err(error) = locked.begin(&intent.pending(true)) {
            return Err(undo(locked, &intent, error));
        }
    }
    if let Err(error) = finish(locked, &intent) {
        log::warn!("`{to}` is live; the next run writes down what belongs to that, since now: {error}");
    }
    Ok(switched)
}

/// A `current` that leads to the docroot of a release leads to its top after a switch: who serves `current` has to know.
fn tell_docroot(site: &Site<'_>) {
    let (at, releases) = (site.paths.current().canonicalize(), site.paths.releases().canonicalize());
    let (Ok(at), Ok(releases)) = (at, releases) else { return };
    let Ok(inside) = at.strip_prefix(releases) else { return };
    let below: PathBuf = inside.components().skip(1).collect();
    if below.as_os_str().is_empty() {
        return;
    }
    log::warn!(
        "`current` led to `{}` in its release, and leads to the release itself now: the web server has to serve `current/{0}`",
        below.display()
    );
}

/// The way back from a step that failed with `error` before the decision. If even that fails, the next run reverts.
fn undo(locked: &LockedSite<'_>, intent: &Intent, error: Error) -> Error {
    if let Err(undo) = put_back(locked, intent, intent.was) {
        log::warn!("after `{error}`: {undo}");
    }
    error
}

/// Finishes or undoes a switch that a killed process left.
pub(crate) fn recover(locked: &LockedSite<'_>, intent: &Intent, confirmed: bool) -> Result<(), Error> {
    if !confirmed {
        return put_back(locked, intent, intent.was);
    }
    if !matches!(locked.site.current()?, Current::Release { id, right: true, .. } if id == intent.to) {
        locked.site.point_current(Some(&intent.to))?;
    }
    finish(locked, intent)
}

/// After the point of no return: states, history, and the intent is done with.
fn finish(locked: &LockedSite<'_>, intent: &Intent) -> Result<(), Error> {
    let Intent { kind, from, to, .. } = intent;
    let file = locked.site.expect_known(to)?;
    if intent.is_repair() {
        locked.set_state(to, ReleaseState::Active)?;
        locked.log("set right", to, None);
        return locked.end();
    }
    let follows = match kind {
        SwitchKind::Activate => from.clone(),
        // A rollback does not change what came before; so a second rollback goes one further back.
        SwitchKind::Rollback => file.follows.clone(),
    };
    locked.remember(&ReleaseFile { state: ReleaseState::Active, follows, ..file })?;
    if let Some(from) = from {
        match locked.set_state(from, ReleaseState::Retired) {
            // One whose state cannot be read must not keep this one from being live.
            Err(error @ Error::State { .. }) => log::warn!("{error}"),
            result => result?,
        }
    }
    let what = match kind {
        SwitchKind::Activate => "activated",
        SwitchKind::Rollback => "rolled back",
    };
    locked.log(what, to, from.as_ref());
    locked.end()
}

/// The former release comes back, if the other one got as far as being live, which is `state` from now on.
fn put_back(locked: &LockedSite<'_>, intent: &Intent, state: ReleaseState) -> Result<(), Error> {
    point_back(locked, intent)?;
    note_back(locked, intent, state)
}

/// `current` says again what it said.
fn point_back(locked: &LockedSite<'_>, intent: &Intent) -> Result<(), Error> {
    if locked.site.current()?.id() != Some(&intent.to) {
        return Ok(());
    }
    match &intent.link {
        Some(link) => locked.site.link_current(Path::new(link)),
        None => locked.site.point_current(intent.from.as_ref()),
    }
}

/// What is known of a release that was put back.
fn note_back(locked: &LockedSite<'_>, intent: &Intent, state: ReleaseState) -> Result<(), Error> {
    let Intent { from, to, .. } = intent;
    if let Some(file) = locked.site.known(to)?
        && file.state == ReleaseState::Unconfirmed
    {
        locked.remember(&ReleaseFile { state, ..file })?;
    }
    locked.log("reverted", to, from.as_ref());
    locked.end()
}

/// Whether a release may go live here.
pub(crate) fn expect_ready(locked: &LockedSite<'_>, file: &ReleaseFile) -> Result<(), Error> {
    let good = match file.state {
        ReleaseState::Staged | ReleaseState::Retired | ReleaseState::Active | ReleaseState::Unconfirmed => {
            true
        }
        ReleaseState::Staging | ReleaseState::Failed => false,
    };
    let tree = locked.site.tree(file.id());
    match tree.is_dir() {
        true if good => {}
        false if good => return Err(Error::gone(file.id(), &tree)),
        _ => return Err(Error::not_ready(file.id(), file.state)),
    }
    let live = locked.site.current().ok().and_then(Current::into_id);
    live.iter().chain([file.id()]).try_for_each(|id| expect_writable(locked, id))
}

/// A release whose state cannot be written, since its directory is somebody else's, is found out before the switch.
fn expect_writable(locked: &LockedSite<'_>, id: &ReleaseId) -> Result<(), Error> {
    let folder = locked.site.paths.known_release(id);
    match rustix::fs::access(&folder, Access::WRITE_OK | Access::EXEC_OK) {
        Err(errno) if errno != Errno::NOENT => Err(Error::write(&folder, errno.into())),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn reverted(to: &ReleaseId, why: &Refusal, live: Option<&ReleaseId>) -> Error {
    let live = live.map_or_else(|| "nothing".to_owned(), |id| format!("`{id}`"));
    Error::Reverted { release: to.clone(), why: why.to_string(), live }
}

/// The release that a rollback without a name goes to: the one that was live when the live one was activated.
pub(crate) fn rollback_target(locked: &LockedSite<'_>) -> Result<ReleaseId, Error> {
    let nothing = |why: &str| Error::nothing_before(why);
    let live = match locked.site.current()? {
        Current::Release { id, .. } => id,
        Current::Foreign(Foreign { at, .. }) => {
            return Err(nothing(&format!("what is live, `{}`, is no release", at.display())));
        }
        Current::None | Current::Dangling { .. } => return Err(nothing("no release is live")),
    };
    let target = locked.site.expect_known(&live)?.follows;
    let target = target.ok_or_else(|| nothing(&format!("`{live}` is the first release that was live")))?;
    match locked.site.known(&target)? {
        Some(file) if file.adopted.is_none() && locked.site.is_gone(&file) => {
            let tree = locked.site.tree(&target);
            Err(nothing(&format!(
                "`{}`, which was live before `{live}`, was removed without this suite",
                tree.display()
            )))
        }
        Some(_) => Ok(target),
        None => Err(nothing(&format!("`{target}`, which was live before `{live}`, is not here any more"))),
    }
}

#[cfg(test)]
mod tests;
