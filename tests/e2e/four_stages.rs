//! A site is packed, published, pushed and swapped: it is the same on every server, and live on all of them.

use e2e::Fleet;
use e2e::records::{self, Pack, Publish, Push, Record, Swap, sha256};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record, swap_record};

#[test]
fn two_releases_go_live_and_the_first_comes_back() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.assert_live("r1");
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert_chain(&fleet);

    fleet.deploy(2);
    fleet.assert_live("r2");
    assert_delivered(&fleet, "r2", &fleet.site(2));
    assert_chain(&fleet);
    let swap = swap_record(&fleet);
    assert_eq!((swap.details.verb.as_str(), swap.details.outcome.as_str()), ("activate", "committed"));
    // From the first server's switch to the last one's: three on one machine that all wait for the word.
    let spread = swap.details.spread_ms.expect("the spread is in the record");
    assert!((0.0..2000.0).contains(&spread), "{spread} ms");
    for host in &swap.details.hosts {
        assert_eq!((host.before.as_deref(), host.after.as_deref()), (Some("r1"), Some("r2")), "{host:?}");
        assert_eq!((host.outcome.as_str(), &host.error), ("committed", &None), "{host:?}");
    }

    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
    let swap = swap_record(&fleet);
    assert_eq!((swap.details.verb.as_str(), swap.details.to.as_str()), ("rollback", "r1"));
    for id in ["r1", "r2"] {
        fleet.host("beta").release_dir(id).canonicalize().expect("both releases are kept");
    }
}

#[test]
fn every_stage_can_be_run_again() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    let first: Record<Pack> = records::read(&fleet.records(), "pack.json");

    fleet.pack(&fleet.site(1), "r1").output().ok();
    let again: Record<Pack> = records::read(&fleet.records(), "pack.json");
    assert_eq!(again.release, first.release, "the same tree is the same payload and infohash");
    fleet.publish().output().ok();
    fleet.push().output().ok();
    for host in push_record(&fleet).details.hosts {
        assert_eq!((host.state.as_str(), host.already), ("staged", true), "{host:?}");
    }
    fleet.swap("activate").output().ok();
    assert_eq!(swap_record(&fleet).details.outcome, "committed");
    fleet.assert_live("r1");
    assert_eq!(fleet.host("alpha").releases(), ["r1"]);
}

/// Every record names the bytes of the one before, all are about one release, and a foreign client agrees on its name.
#[track_caller]
fn assert_chain(fleet: &Fleet) {
    let folder = fleet.records();
    let pack: Record<Pack> = records::read(&folder, "pack.json");
    let publish: Record<Publish> = records::read(&folder, "publish.json");
    let push: Record<Push> = records::read(&folder, "push.json");
    let swap: Record<Swap> = records::read(&folder, "swap.json");
    let schemas = [&pack.schema, &publish.schema, &push.schema, &swap.schema];
    assert_eq!(schemas, ["pack/1", "publish/1", "push/1", "swap/1"]);
    let tools = [&pack.tool, &publish.tool, &push.tool, &swap.tool].map(|tool| tool.name.as_str());
    assert_eq!(tools, ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"]);
    assert!(!pack.aborted && !publish.aborted && !push.aborted && !swap.aborted);

    assert_eq!(pack.input, None);
    for (input, before) in
        [(publish.input, "pack.json"), (push.input, "publish.json"), (swap.input, "push.json")]
    {
        let input = input.unwrap_or_else(|| panic!("no input where {before} was read"));
        assert_eq!((input.file.as_str(), input.sha256), (before, sha256(&folder.join(before))));
    }
    for release in [&publish.release, &push.release, &swap.release] {
        assert_eq!(release, &pack.release, "the release is copied forward unchanged");
    }
    assert_eq!(pack.release.torrent.sha256, sha256(&folder.join(&pack.release.torrent.file)));
    assert_eq!(pack.release.manifest.sha256, sha256(&folder.join(&pack.release.manifest.file)));
    assert_eq!(pack.release.payload.sha256.unwrap(), sha256(&folder.join(&pack.release.payload.file)));

    assert!(publish.details.seeder.is_some_and(|seeder| seeder.complete));
    let infohash = &pack.release.infohash;
    for rtorrent in fleet.hosts.iter().map(|host| &host.rtorrent).chain([&fleet.seeder]) {
        let downloads = rtorrent.downloads();
        assert!(
            downloads.iter().any(|(hash, bytes, complete)| {
                (hash == infohash) && *bytes == pack.release.payload.bytes && *complete
            }),
            "rtorrent itself says {downloads:?}, the record {infohash}"
        );
    }
    for host in &push.details.hosts {
        assert_eq!((host.state.as_str(), &host.error), ("staged", &None), "{host:?}");
    }
}
