//! The same with a site of Drupal 10's size: 18,000 files, 76 MB.

use e2e::Fleet;
use e2e::records::{self, Pack, Record};
use e2e::site::{Shape, write};

use crate::needs_peers;
use crate::support::assert_delivered;

#[test]
fn a_site_of_drupals_size_goes_live_everywhere() {
    needs_peers!();
    let fleet = Fleet::three();
    let site = fleet.dir().join("drupal");
    write(&site, Shape::Drupal, 1);
    fleet.pack(&site, "d1").output().ok();
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    // What the real core has at the default level, 3: 20.1 MB.
    assert!((18_000_000..22_000_000).contains(&pack.release.payload.bytes), "{:?}", pack.release.payload);
    assert!(pack.release.files > 17_800, "{:?}", pack.release);
    fleet.publish().output().ok();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("d1");
    assert_delivered(&fleet, "d1", &site);
}
