//! What several stories say in the same words.

use std::path::Path;

use e2e::records::{self, Push, PushedHost, Record, Swap};
use e2e::{Fleet, Tree};

/// Expects the release `id` on every server to be `site`, byte for byte, with modes, links and empty directories.
#[track_caller]
pub(crate) fn assert_delivered(fleet: &Fleet, id: &str, site: &Path) {
    let packed = Tree::read(site, &[]).with_release_modes();
    for host in &fleet.hosts {
        packed.assert_same(&host.release_tree(id), &format!("packed site and release {id} on {}", host.name));
    }
}

/// Every server's deploy_to, state and watch directory: equal before and after means that nothing was changed.
pub(crate) fn servers(fleet: &Fleet) -> Vec<Tree> {
    let dirs = fleet.hosts.iter().flat_map(|host| [host.deploy_to(), host.rtorrent.watch()]);
    // The download directory is rtorrent's, and the lock file is left behind by design.
    dirs.map(|dir| Tree::read(&dir, &["incoming", ".swap/lock"])).collect()
}

/// Expects every server to be as `before`.
#[track_caller]
pub(crate) fn assert_untouched(fleet: &Fleet, before: &[Tree]) {
    for (number, (before, now)) in before.iter().zip(servers(fleet)).enumerate() {
        before.assert_same(&now, &format!("{} must not be touched", fleet.hosts[number / 2].name));
    }
}

/// push.json.
#[track_caller]
pub(crate) fn push_record(fleet: &Fleet) -> Record<Push> {
    records::read(&fleet.records(), "push.json")
}

/// One host of push.json.
#[track_caller]
pub(crate) fn pushed(fleet: &Fleet, name: &str) -> PushedHost {
    let record = push_record(fleet);
    record.details.hosts.into_iter().find(|host| host.name == name).expect("the host is in push.json")
}

/// swap.json.
#[track_caller]
pub(crate) fn swap_record(fleet: &Fleet) -> Record<Swap> {
    records::read(&fleet.records(), "swap.json")
}
