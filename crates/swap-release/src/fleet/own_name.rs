//! What was taken over may have another name on each host: those that were adopted one by one, or on which another tool counted
//! its releases by itself. To the fleet it is one thing, what was there before us.

use record::host::HostStatus;
use record::{Release, ReleaseId};

use super::statuses::Statuses;

/// Whether it was taken over somewhere: no torrent carries it.
pub(super) fn is_adopted(release: &Release) -> bool {
    release.infohash.as_bytes().iter().all(|byte| *byte == 0)
}

/// The name that `release` has on a host, where that is another: of what was taken over there that which is live, else that
/// which a rollback leads to, else the latest.
pub(super) fn own_name(status: &HostStatus, release: &Release) -> Option<ReleaseId> {
    if !is_adopted(release) || status.release(&release.id).is_some() {
        return None;
    }
    let adopted = |id: &&ReleaseId| is_adopted_on(status, id);
    let named = status.current.iter().chain(&status.previous).find(adopted);
    let latest = || status.releases.iter().rev().map(|known| &known.release.id).find(adopted);
    named.or_else(latest).cloned()
}

/// The name under which hosts that do not agree on a release before can be told to go back all the same: each of them had
/// something else that was taken over there, and knows what another host calls so by no other meaning.
pub(super) fn common_name(statuses: &Statuses) -> Option<ReleaseId> {
    let all_adopted = statuses
        .values()
        .all(|status| status.previous.as_ref().is_some_and(|previous| is_adopted_on(status, previous)));
    let is_clear = |name: &&ReleaseId| {
        statuses.values().all(|status| {
            status.previous.as_ref() == Some(*name)
                || (status.release(name).is_none()
                    && status.current.as_ref().is_none_or(|current| !is_adopted_on(status, current)))
        })
    };
    statuses
        .values()
        .filter_map(|status| status.previous.as_ref())
        .filter(|_| all_adopted)
        .find(is_clear)
        .cloned()
}

fn is_adopted_on(status: &HostStatus, id: &ReleaseId) -> bool {
    status.release(id).is_some_and(|known| !known.origin.is_built())
}
