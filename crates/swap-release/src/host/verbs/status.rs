//! What is on this server.

use inventory::{SharedPath, SharedPaths};
use record::host::{HostStatus, Obstacle, Origin, ReleaseState, ReleaseStatus, SharedStatus};
use record::{HookOwed, Owed, ReleaseId, Remains, RemedyCommand, RemedyPlace};

use crate::Error;
use crate::host::shared::{links_as_ever, unlinked};
use crate::host::site::{Current, Foreign, ReleaseFile, Site, read_manifest};

/// After the text of a `current` that leads nowhere.
const NOWHERE: &str = ", where nothing is";

/// The state of a site; `busy` is the owner of the lock, if somebody holds it.
pub(crate) fn status(
    site: &Site<'_>,
    busy: Option<String>,
    shared: &SharedPaths,
) -> Result<HostStatus, Error> {
    let mut known = site.all_known()?;
    let (current, foreign) = match site.current()? {
        Current::None => (None, None),
        Current::Release { id, .. } => (Some(id), None),
        // As the next switch takes it over.
        Current::Foreign(Foreign { name: Some(id), at, link: Some(_) }) => {
            known.insert(0, ReleaseFile::not_yet_taken_over(&id)?);
            (Some(id), Some(at.display().to_string()))
        }
        Current::Foreign(foreign) => (None, Some(foreign.at.display().to_string())),
        Current::Dangling { target } => (None, Some(format!("{}{NOWHERE}", target.display()))),
    };
    let previous = current
        .as_ref()
        .and_then(|id| known.iter().find(|file| file.id() == id))
        .and_then(|file| file.follows.clone())
        .filter(|id| known.iter().any(|file| file.id() == id && !site.is_gone(file)));
    // What was taken over elsewhere may be on a disk that is not mounted just now.
    let (gone, known): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|file| file.adopted.is_none() && site.is_gone(file));
    let releases = known
        .into_iter()
        .map(|file| (site.tree(file.id()).display().to_string(), file))
        .map(|(directory, file)| ReleaseStatus {
            other_links: has_other_links(site, &file, shared),
            release: file.release,
            state: file.state,
            pinned: file.pinned,
            build: file.build,
            since: file.since,
            database: file.database,
            origin: match file.adopted {
                None => Origin::Built,
                Some(_) => Origin::Adopted { directory },
            },
        })
        .collect();
    let (owed, remains) = crate::host::drupal::standing(site)?;
    Ok(HostStatus {
        schema: HostStatus::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        current,
        foreign,
        previous,
        busy,
        releases,
        gone: gone.iter().map(|file| file.id().clone()).collect(),
        owed,
        hooks: crate::host::hooks::kept::owed(site)?,
        remains,
        shared: if shared.is_empty() { SharedStatus::default() } else { of_shared(site, shared)? },
    })
}

/// Whether a release that was never live would get other links today. One that cannot be read is no business of this.
fn has_other_links(site: &Site<'_>, file: &ReleaseFile, shared: &SharedPaths) -> bool {
    !shared.is_empty()
        && file.state == ReleaseState::Staged
        && file.adopted.is_none()
        && read_manifest(site, file)
            .is_ok_and(|manifest| !links_as_ever(&site.paths, &manifest, shared, &file.shared))
}

fn of_shared(site: &Site<'_>, shared: &SharedPaths) -> Result<SharedStatus, Error> {
    // Not what the live release is linked to: the next one is linked to these paths and no others.
    let linked = shared.iter().map(SharedPath::path).collect();
    // A file that is linked when there may come with the release, which nobody has seen yet.
    let lost = shared.iter().filter(|path| !path.is_when_there() || path.is_directory());
    let obstacle = |loss: crate::error::DataLoss| Obstacle {
        found: loss.to_string(),
        remedy: Some("let both be one, or copy".to_owned()),
        commands: vec![RemedyCommand { place: RemedyPlace::Host, command: loss.remedy }],
    };
    Ok(SharedStatus {
        unlinked: unlinked(&site.paths.shared(), &linked),
        at_stake: site.data_loss(lost.map(SharedPath::path))?.into_iter().map(obstacle).collect(),
    })
}

/// The state for people.
pub(crate) fn table(status: &HostStatus) -> String {
    let name = |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let mut text = format!("current  {}\nprevious {}\n", name(&status.current), name(&status.previous));
    if let Some(foreign) = &status.foreign {
        // What leads nowhere says so itself.
        let untaken = if foreign.ends_with(NOWHERE) { "" } else { ", which was not taken over yet" };
        text.push_str(&format!("`current` leads to {foreign}{untaken}\n"));
    }
    if let Some(owner) = &status.busy {
        text.push_str(&format!("locked by {owner}\n"));
    }
    text.push_str(&undone(status));
    for release in &status.releases {
        let digest: String = match &release.origin {
            Origin::Built => release.release.tree_digest.to_string().chars().take(12).collect(),
            Origin::Adopted { .. } => "-".to_owned(),
        };
        let pinned = if release.pinned { " pinned" } else { "" };
        let updated = if release.database.is_some() { " db-updated" } else { "" };
        let adopted = if release.origin.is_built() { "" } else { " adopted" };
        let state = format!("{}{adopted}{pinned}{updated}", release.state);
        text.push_str(&format!(
            "{:<24} {state:<16} {digest:<12}  since {}\n",
            release.release.id.as_str(),
            release.since
        ));
    }
    for id in &status.gone {
        text.push_str(&format!(
            "{:<24} gone             somebody removed its directory: a push brings it back\n",
            id.as_str()
        ));
    }
    text
}

/// What a deployment that was taken back left, for people.
pub(crate) fn undone(status: &HostStatus) -> String {
    let mut text = String::new();
    for hook in &status.hooks {
        text.push_str(&format!("{}\n", follows_not(hook)));
    }
    if let Some(owed) = &status.owed {
        text.push_str(&format!("{}\n", owes(owed)));
    }
    if let Some(remains) = &status.remains {
        text.push_str(&told(remains));
    }
    text
}

/// A hook that has not done its work since a release was taken back.
pub(crate) fn follows_not(hook: &HookOwed) -> String {
    let HookOwed { name, release, command, since, error } = hook;
    let command = command.as_ref().map_or_else(String::new, |command| format!("; help: {command}"));
    format!(
        "hook `{name}` fails since `{release}` was taken back ({since}), which may still be served here; swap-release reconcile tries again: \
         {error}{command}"
    )
}

/// Caches that are to be rebuilt.
pub(crate) fn owes(owed: &Owed) -> String {
    let how = match &owed.error {
        Some(why) => format!("it failed, and swap-release reconcile tries again: {why}"),
        None => format!("by another host, or from {} on by any verb here", owed.not_before),
    };
    format!("caches that `{}` filled are to be rebuilt, since {}; {how}", owed.release, owed.since)
}

/// What remains, and the commands that help.
pub(crate) fn told(remains: &Remains) -> String {
    let mut what = Vec::new();
    if !remains.updates.is_empty() {
        what.push(format!("database updates begun ({})", remains.updates.join(", ")));
    }
    if !remains.configuration.is_empty() {
        what.push(format!("configuration imported ({})", remains.configuration.join(", ")));
    }
    let host = remains.host.as_deref().map_or_else(String::new, |host| format!(" on {host}"));
    let mut text =
        format!("`{}` was taken back, but the database keeps: {}\n", remains.release, what.join("; "));
    for command in &remains.help {
        text.push_str(&format!("  help{host}: {command}\n"));
    }
    text
}
