//! The records of the last build are gone: what the fleet serves is the base of the next release, so that no cache takes new
//! content for the old.

use std::fs;
use std::os::unix::fs::MetadataExt;

use e2e::records::{self, Pack, Record};
use e2e::{Fleet, FleetOptions, Output};

use crate::needs_peers;

/// `swap-release manifest` of the fleet.
fn manifest(fleet: &Fleet, more: &[&str]) -> Output {
    fleet.swap("manifest").args(more).output()
}

/// Packs what is in site1, from what a pipe would have brought.
fn pack_on(fleet: &Fleet, base: &str, id: &str) {
    fs::write(fleet.dir().join("live"), base).unwrap();
    fleet.pack(&fleet.site(1), id).args(["--base", "live"]).output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok();
}

fn forget_records(fleet: &Fleet) {
    fs::remove_dir_all(fleet.records()).unwrap();
}

#[test]
fn the_fleets_live_release_is_the_base_where_records_are_gone() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    let nothing = "{\"manifest\":1,\"entries\":0}\n";
    assert_eq!(manifest(&fleet, &[]).ok().stdout, nothing, "before the first deployment");
    let edit = |text: &str| fs::write(fleet.site(1).join("style.css"), text).unwrap();
    let of = |path: &str, id: &str| {
        let file = fleet.host("alpha").release_dir(id).join(path).metadata().unwrap();
        (file.size(), file.mtime())
    };
    edit("a{}");
    pack_on(&fleet, nothing, "r1");
    fleet.swap("activate").output().ok();
    let record: Record<Pack> = records::read(&fleet.records(), "pack.json");
    assert_eq!(record.details.base, None);
    let kept = fs::read_to_string(fleet.records().join(&record.release.manifest.file)).unwrap();
    forget_records(&fleet);

    // As many bytes, no date known: what a cache goes by is another all the same.
    let live = manifest(&fleet, &[]).ok().stdout;
    assert_eq!(live, kept);
    edit("b{}");
    pack_on(&fleet, &live, "r2");
    fleet.swap("activate").output().ok();
    let second: Record<Pack> = records::read(&fleet.records(), "pack.json");
    assert_eq!(second.details.base.as_deref(), Some(record.release.tree_digest.as_str()));
    assert_eq!(of("index.php", "r1"), of("index.php", "r2"), "what did not change keeps its time");
    let (old, new) = (of("style.css", "r1"), of("style.css", "r2"));
    assert!(old.0 == new.0 && old.1 < new.1, "{old:?} {new:?}");
    forget_records(&fleet);

    // One server behind: each release is a base, and what is told says who serves which.
    let beta = fleet.host("beta").deploy_to();
    fleet.run("swap-release").args(["rollback", "--deploy-to"]).arg(&beta).output().ok();
    let both = manifest(&fleet, &[]).ok();
    assert!(both.stderr.contains("`r1`") && both.stderr.contains("on beta"), "{}", both.stderr);
    assert!(both.stdout.ends_with(&live) && both.stdout.len() > live.len(), "that of the most comes first");
    assert_eq!(manifest(&fleet, &["r1"]).ok().stdout, live);
    edit("a{}");
    pack_on(&fleet, &both.stdout, "r3");
    let third = of("style.css", "r3");
    assert!(third == old, "that content had that time: {third:?}");
    edit("c{}");
    pack_on(&fleet, &both.stdout, "r4");
    assert!(of("style.css", "r4").1 > new.1);

    // A manifest that was changed proves nothing: another server has it. A server that is away is told of.
    let of_host = |name: &str| fleet.host(name).deploy_to().join(".swap/releases/r2/manifest.jsonl");
    let sound = fs::read_to_string(of_host("alpha")).unwrap();
    fs::write(of_host("alpha"), sound.replace("\"size\":3", "\"size\":4")).unwrap();
    let other = manifest(&fleet, &[]).ok();
    assert!(other.stdout == both.stdout && other.stderr.contains("alpha: "), "{}", other.stderr);
    fs::write(of_host("gamma"), "").unwrap();
    manifest(&fleet, &[]).fails_naming(30, "2 of 3 hosts");
    fs::write(of_host("alpha"), &sound).unwrap();
    manifest(&fleet, &["r9"]).fails_naming(10, "r9");
    fleet.host_mut("gamma").stop_sshd();
    let away = manifest(&fleet, &[]).ok();
    assert!(away.stdout == both.stdout && away.stderr.contains("gamma cannot be asked"), "{}", away.stderr);
}
