//! What several stories say in the same words.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::records::{self, Push, PushedHost, Record, Swap};
use e2e::site::Rng;
use e2e::{Fleet, Host, Tree};
use rustix::process::{Pid, Signal, kill_process};

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

/// The small site and a file of `bytes` of noise, which no packing makes smaller.
pub(crate) fn bulky(fleet: &Fleet, bytes: usize) -> PathBuf {
    let site = fleet.site(1);
    let mut rng = Rng::new(1);
    let noise: Vec<u8> = (0..bytes.div_ceil(8)).flat_map(|_| rng.next().to_le_bytes()).collect();
    fs::write(site.join("noise.bin"), noise).expect("noise");
    site
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

/// Kills `swap-release` on a server, which waits there for the word of its controller; gives how many it were.
pub(crate) fn kill_in_step(host: &Host) -> usize {
    let deploy_to = host.deploy_to();
    let waits = |process: &fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains("--in-step") && line.contains(&*deploy_to.to_string_lossy())
    };
    let waiting = fs::read_dir("/proc").unwrap().flatten().filter(waits);
    let pids = waiting.map(|process| process.file_name().to_string_lossy().parse().unwrap());
    pids.filter(|pid| kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL).is_ok()).count()
}

/// What a server finds when it comes up again.
#[track_caller]
pub(crate) fn reconcile(fleet: &Fleet, host: &Host, says: &str) {
    let reconcile = fleet.run("swap-release").args(["reconcile", "--deploy-to"]).arg(host.deploy_to());
    reconcile.output().ok().says(says);
}
