//! What is on this server.

use record::ReleaseId;
use record::host::{HostStatus, ReleaseStatus};

use crate::Error;
use crate::site::Site;

/// The state of a site; `busy` is the owner of the lock, if somebody holds it.
pub(crate) fn status(site: &Site<'_>, busy: Option<String>) -> Result<HostStatus, Error> {
    let current = site.current()?.into_id();
    let known = site.all_known()?;
    let previous = current
        .as_ref()
        .and_then(|id| known.iter().find(|file| file.id() == id))
        .and_then(|file| file.follows.clone())
        .filter(|id| known.iter().any(|file| file.id() == id));
    let releases = known
        .into_iter()
        .map(|file| ReleaseStatus {
            release: file.release,
            state: file.state,
            pinned: file.pinned,
            build: file.build,
            since: file.since,
            database: file.database,
        })
        .collect();
    Ok(HostStatus {
        schema: HostStatus::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        current,
        previous,
        busy,
        releases,
    })
}

/// The state for people.
pub(crate) fn table(status: &HostStatus) -> String {
    let name = |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let mut text = format!("current  {}\nprevious {}\n", name(&status.current), name(&status.previous));
    if let Some(owner) = &status.busy {
        text.push_str(&format!("locked by {owner}\n"));
    }
    for release in &status.releases {
        let digest: String = release.release.tree_digest.to_string().chars().take(12).collect();
        let pinned = if release.pinned { " pinned" } else { "" };
        let updated = if release.database.is_some() { " db-updated" } else { "" };
        let state = format!("{}{pinned}{updated}", release.state);
        text.push_str(&format!(
            "{:<24} {state:<16} {digest}  since {}\n",
            release.release.id.as_str(),
            release.since
        ));
    }
    text
}
