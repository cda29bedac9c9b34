//! Records and inputs that are missing, foreign, mixed up or cut off: refused with exit 10, and no server is touched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use e2e::{Fleet, Output};
use serde_json::Value;

use crate::needs_peers;
use crate::support::{assert_untouched, servers};

/// A copy of the records folder, in which `spoil` has done its work.
fn spoiled(fleet: &Fleet, name: &str, spoil: impl FnOnce(&Path)) -> PathBuf {
    let copy = fleet.dir().join(name);
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(fleet.records()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    spoil(&copy);
    copy
}

fn edit(record: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    change(&mut value);
    fs::write(record, serde_json::to_vec_pretty(&value).unwrap()).unwrap();
}

fn named(record: &Path, key: &str) -> PathBuf {
    let value: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    record.with_file_name(value["release"][key]["file"].as_str().unwrap())
}

fn cut(path: &Path) {
    let length = path.metadata().unwrap().len();
    File::options().write(true).open(path).unwrap().set_len(length - 20).unwrap();
}

#[test]
fn records_that_are_not_the_stages_before_are_refused() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    let before = servers(&fleet);
    let with = |stage: &str, folder: &Path| -> Output {
        match stage {
            "publish" => fleet.publish(),
            "push" => fleet.push(),
            _ => fleet.swap("activate"),
        }
        .arg("--records")
        .arg(folder)
        .output()
    };

    // Missing.
    for (stage, record) in [("publish", "pack.json"), ("push", "publish.json"), ("activate", "push.json")] {
        let folder =
            spoiled(&fleet, &format!("no-{stage}"), |folder| fs::remove_file(folder.join(record)).unwrap());
        with(stage, &folder).fails_naming(10, record);
    }
    // Of another stage, of a later version, and none at all.
    for (stage, record) in [("publish", "pack.json"), ("push", "publish.json"), ("activate", "push.json")] {
        let other = if record == "pack.json" { "push.json" } else { "pack.json" };
        let folder = spoiled(&fleet, &format!("foreign-{stage}"), |folder| {
            fs::copy(folder.join(other), folder.join(record)).unwrap();
        });
        with(stage, &folder).fails_naming(10, record);
        let folder = spoiled(&fleet, &format!("later-{stage}"), |folder| {
            edit(&folder.join(record), |value| value["schema"] = "pack/99".into());
        });
        with(stage, &folder).fails_naming(10, record);
        let folder = spoiled(&fleet, &format!("cut-{stage}"), |folder| cut(&folder.join(record)));
        with(stage, &folder).fails_naming(10, record);
    }
    // A pair that does not belong together: the record before was made anew since.
    for (stage, earlier) in [("push", "pack.json"), ("activate", "publish.json")] {
        let folder = spoiled(&fleet, &format!("mixed-{stage}"), |folder| {
            edit(&folder.join(earlier), |value| value["release"]["id"] = "r9".into());
        });
        with(stage, &folder).fails_naming(10, earlier);
    }
    assert_untouched(&fleet, &before);
    fleet.assert_live("r1");
}

#[test]
fn files_that_a_record_names_must_be_those_files() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.pack(&fleet.site(2), "r2").output().ok();
    let before = servers(&fleet);

    let folder = spoiled(&fleet, "cut-torrent", |folder| cut(&named(&folder.join("pack.json"), "torrent")));
    let torrent = named(&folder.join("pack.json"), "torrent");
    let torrent = torrent.file_name().unwrap().to_string_lossy().into_owned();
    fleet.publish().arg("--records").arg(&folder).output().fails_naming(10, &torrent);

    // A copy that the seeder has proved already would do; it has none yet.
    let folder = spoiled(&fleet, "other-payload", |folder| cut(&named(&folder.join("pack.json"), "payload")));
    let payload = named(&folder.join("pack.json"), "payload");
    let name = payload.file_name().unwrap().to_string_lossy().into_owned();
    let output = fleet.publish().arg("--records").arg(&folder).output();
    assert!(matches!(output.code, Some(10 | 12)), "{output:?}");
    output.says(&name).says("hint:");

    fleet.publish().output().ok();
    let folder =
        spoiled(&fleet, "cut-torrent-later", |folder| cut(&named(&folder.join("pack.json"), "torrent")));
    fleet.push().arg("--records").arg(&folder).output().fails_naming(10, &torrent);
    assert_untouched(&fleet, &before);
}

#[test]
fn a_wrong_inventory_is_a_matter_of_usage() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let before = servers(&fleet);
    fleet.run("fleet-push").args(["--fleet", "nowhere.toml"]).output().fails_naming(2, "nowhere.toml");
    fleet.push().args(["--only", "delta"]).output().fails_naming(2, "delta");
    fleet.edit_inventory("watch_dir", "wach_dir");
    // The nearest name is the remedy.
    fleet.push().output().fails_naming(2, "wach_dir").says("`watch_dir`");
    assert_untouched(&fleet, &before);
}

#[test]
fn a_site_that_holds_a_servers_own_files_is_not_packed() {
    let scratch = e2e::Scratch::new();
    let site = scratch.path().join("site");
    e2e::site::write(&site, e2e::site::Shape::Small, 1);
    let pack = |id: &str| {
        e2e::Run::new(e2e::bin("mkt-pack"), scratch.path()).arg(&site).args(["--release-id", id]).output()
    };
    pack("r1").ok();
    fs::write(site.join("sites/default/settings.php"), "<?php $databases['pw'] = 'hunter2';").unwrap();
    let output = pack("r2").fails_naming(10, "sites/default/settings.php");
    assert!(!output.stderr.contains("hunter2"));
    fs::remove_file(site.join("sites/default/settings.php")).unwrap();
    std::os::unix::fs::symlink("../../outside", site.join("escape")).unwrap();
    pack("r3").fails_naming(10, "escape");
    fs::remove_file(site.join("escape")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, site.join("pipe"), rustix::fs::FileType::Fifo, 0o644.into(), 0)
        .unwrap();
    pack("r4").fails_naming(10, "pipe");
}
