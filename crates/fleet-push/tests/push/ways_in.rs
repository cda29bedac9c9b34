//! A torrent finds its way into rtorrent, whatever the host looks like.

use std::fs;
use std::path::Path;

use e2e::records::{self, Push, PushedHost, Record};
use e2e::{Fleet, FleetOptions, Tree};

use crate::needs_peers;

fn two() -> Fleet {
    Fleet::start(&FleetOptions { hosts: vec!["alpha", "beta"], web: false, ..FleetOptions::default() })
}

fn publish(fleet: &Fleet, number: u32) {
    fleet.pack(&fleet.site(number), &format!("r{number}")).output().ok();
    fleet.publish().output().ok();
}

fn pushed(fleet: &Fleet) -> Vec<PushedHost> {
    let record: Record<Push> = records::read(&fleet.records(), "push.json");
    record.details.hosts
}

/// The release is on every host as it was packed.
fn assert_delivered(fleet: &Fleet, id: &str, site: &Path) {
    let packed = Tree::read(site, &[]).with_release_modes();
    for host in &fleet.hosts {
        packed.assert_same(&host.release_tree(id), &format!("packed site and release {id} on {}", host.name));
    }
}

#[test]
fn a_watch_directory_that_nobody_watches_is_made_up_for_by_rpc() {
    needs_peers!();
    let fleet = two();
    let watch = fleet.host("beta").rtorrent.watch();
    let unwatched = fleet.host("beta").dir.join("unwatched");
    fs::create_dir(&unwatched).unwrap();
    fleet.edit_inventory(&watch.display().to_string(), &unwatched.display().to_string());
    publish(&fleet, 1);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn the_download_is_tied_to_the_file_in_the_watch_directory() {
    needs_peers!();
    let fleet = two();
    publish(&fleet, 1);
    fleet.push().output().ok();
    let beta = &fleet.host("beta").rtorrent;
    let tied = beta.call("d.multicall2", &["", "main", "d.tied_to_file="]).unwrap();
    let file = Path::new(&tied[0]);
    assert_eq!(file.parent(), Some(beta.watch().as_path()), "{tied:?}");
    assert!(file.exists() && file.extension().is_some_and(|e| e == "torrent"), "{tied:?}");
    // So that forgetting the download takes the file along, and no rescan brings it back.
    let hash = beta.downloads().remove(0).0.to_uppercase();
    beta.call("d.erase", &[&hash]).unwrap();
    assert!(!file.exists());
}

#[test]
fn a_stopped_download_of_an_earlier_push_is_started() {
    needs_peers!();
    let fleet = two();
    publish(&fleet, 1);
    let beta = &fleet.host("beta").rtorrent;
    beta.throttle(1, 1);
    fleet.push().args(["--only", "beta", "--timeout", "4s"]).output().exits(31);
    let hash = beta.downloads().remove(0).0.to_uppercase();
    beta.call("d.stop", &[&hash]).unwrap();
    beta.throttle(0, 0);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn a_plain_tree_is_pushed_with_its_manifest() {
    needs_peers!();
    let fleet = two();
    fleet.pack(&fleet.site(1), "r1").args(["--layout", "tree"]).output().ok();
    fleet.publish().arg("--payload").arg(fleet.site(1)).output().ok();
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert!(pushed(&fleet).iter().all(|host| host.state == "staged" && host.bytes > 0));
}

#[test]
fn hosts_are_chosen_by_name() {
    needs_peers!();
    let fleet = two();
    publish(&fleet, 1);
    fleet.push().args(["--only", "beta"]).output().ok();
    let names: Vec<_> = pushed(&fleet).into_iter().map(|host| host.name).collect();
    assert_eq!(names, ["beta"]);
    assert!(fleet.host("alpha").rtorrent.downloads().is_empty());
}
