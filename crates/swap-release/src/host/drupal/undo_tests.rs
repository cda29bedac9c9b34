//! Undoing with a drush that writes down what it is told, on real and on killed disks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use inventory::{Core, DatabaseMode, Phase};
use jiff::Timestamp;
use record::ReleaseId;

use super::journal::{self, Undo};
use super::{drush, pay, reconcile, restore, settle, standing};
use crate::Error;
use crate::host::disk::recording::RecordingDisk;
use crate::host::disk::{Disk, RealDisk};
use crate::host::hooks;
use crate::host::process::Stop;
use crate::host::site::testing::{id, live, site_with};
use crate::host::site::{LockedSite, Site, SwitchKind, Switching};
use crate::host::verbs::switch::{Confirmation, Refusal, switch};
use crate::order::{Action, DrupalOrder, HookOrder};

/// One database, in files beside the releases; `caches` names the release that rebuilt them last.
const DRUSH: &str = r#"#!/bin/sh
tree=$(cd "$(dirname "$0")/../.." && pwd) && release=${tree##*/} && cd "$tree/../.." && shift 2
echo "$release $1 $2 $3" >> drush.log
case $1 in
state:get) cat "state.$2" 2>/dev/null || : ;;
state:set) echo "$3" > "state.$2" ;;
updatedb:status) if [ "$release" = r2 ]; then echo '{"a_update_1":{}}'; else echo '[]'; fi ;;
deploy) echo "$release" > caches; [ ! -e quiet ] || { cat quiet >&2; exit 0; }; exit 1 ;;
cache:rebuild) if [ -e broken ]; then echo "[error] no database" >&2; exit 1; fi; echo "$release" > caches ;;
esac
"#;

fn order() -> DrupalOrder {
    let sites = vec![("default".into(), "https://a.example".into())];
    let dump = inventory::Dump::Never;
    DrupalOrder {
        docroot: String::new(),
        sites,
        dump,
        database: DatabaseMode::Maintenance,
        timeout_ms: 20_000,
        ..drush::testing::order(Core::EightUp)
    }
}

fn site() -> tempfile::TempDir {
    let root = site_with(&["r1", "r2"]);
    for name in ["r1", "r2"] {
        let bin = root.path().join("releases").join(name).join("vendor/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("drush"), DRUSH).unwrap();
        fs::set_permissions(bin.join("drush"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let locked = lock(root.path(), &RealDisk).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
    root
}

fn lock<'a>(root: &Path, disk: &'a dyn Disk) -> Result<LockedSite<'a>, Error> {
    crate::host::recovery::lock(Site::open(root, disk)?, "test".into())
}

fn obey(switching: Switching<'_>, action: Action) -> Result<(), String> {
    let order = HookOrder { name: "x".into(), phase: Phase::BeforeSwitch, timeout_ms: 20_000, action };
    match hooks::run(switching, &order, &mut Stop::never()) {
        record::host::SwitchEvent::Hook { ok: true, .. } => Ok(()),
        event => Err(format!("{event:?}")),
    }
}

/// What a host does up to the switch, whatever its turn.
fn before(switching: Switching<'_>, turn: u32) -> Result<(), String> {
    obey(switching, Action::DrupalArm { drupal: order(), swap: "s1".into(), turn, ran: false })?;
    if turn == 0 {
        obey(switching, Action::DrupalLook { drupal: order(), updates: true })?;
        obey(switching, Action::DrupalMaintenance { drupal: order(), if_pending: false })?;
    }
    Ok(())
}

/// Updates the database, which fails.
struct Update<'a>(Switching<'a>);

impl Confirmation for Update<'_> {
    fn switched(&mut self, _: Option<&ReleaseId>, _: &ReleaseId) {}
    fn wait(&mut self) -> Result<(), Refusal> {
        let done = obey(self.0, Action::DrupalUpdate { drupal: order(), alone: false });
        assert!(done.is_err());
        Err(Refusal::Bad)
    }
}

/// An activation that is taken back by the host itself.
fn deploy(locked: &LockedSite<'_>) -> Result<(), String> {
    let (r1, r2) = (id("r1"), id("r2"));
    let switching = Switching { locked, kind: SwitchKind::Activate, from: Some(&r1), to: &r2 };
    before(switching, 0)?;
    let result = switch(locked, SwitchKind::Activate, &r2, Some(&mut Update(switching)));
    let switched = matches!(result, Err(Error::Reverted { .. }));
    journal::owe(locked, switched, Duration::ZERO).map_err(|error| error.to_string())?;
    if switched { Ok(()) } else { Err(format!("{result:?}")) }
}

fn read(root: &Path, name: &str) -> String {
    fs::read_to_string(root.join(name)).unwrap_or_default().trim().to_owned()
}

#[test]
fn killed_at_every_effect_the_next_run_leaves_caches_that_the_live_release_made_and_an_open_site() {
    let mut seen = [0, 0];
    for kills in 0.. {
        let root = site();
        let disk = RecordingDisk::killed_after(root.path(), kills);
        let ended =
            lock(root.path(), &disk).map_err(|error| error.to_string()).and_then(|locked| deploy(&locked));
        // The next run, on a disk that works.
        let locked = lock(root.path(), &RealDisk).unwrap();
        assert_eq!(live(root.path()).as_deref(), Some("r1"), "after {kills} effects");
        let caches = read(root.path(), "caches");
        let log = read(root.path(), "drush.log");
        assert!(caches.is_empty() || caches == "r1", "after {kills} effects: {log}");
        if log.contains("r2 ") {
            assert_eq!(caches, "r1", "code of r2 ran, after {kills} effects: {log}");
            seen[0] += 1;
        }
        if log.contains("r2 deploy") {
            let (_, remains) = standing(&locked.site).unwrap();
            let remains = remains.unwrap();
            assert_eq!((remains.updates.len(), remains.configuration.len()), (1, 1), "after {kills} effects");
            seen[1] += 1;
        }
        assert!(
            ["", "0"].contains(&read(root.path(), "state.system.maintenance_mode").as_str()),
            "open: {log}"
        );
        for file in [".swap/undo.json", ".swap/maintenance.json"] {
            assert!(!root.path().join(file).exists(), "{file}, after {kills} effects");
        }
        if ended.is_ok() {
            break;
        }
        assert!(kills < 60, "never came to an end: {ended:?}");
    }
    assert!(seen[0] > 5 && seen[1] > 1, "{seen:?}");
}

#[test]
fn what_cannot_be_rebuilt_is_told_and_tried_again_and_what_remains_is_told_until_it_is_settled() {
    let root = site();
    let locked = lock(root.path(), &RealDisk).unwrap();
    deploy(&locked).unwrap();
    fs::write(root.path().join("broken"), "").unwrap();
    reconcile(&locked, true);
    restore(&locked);
    let (owed, remains) = standing(&locked.site).unwrap();
    assert!(owed.unwrap().error.unwrap().contains("no database"));
    let help = remains.unwrap().help;
    assert!(help[0].starts_with("restore a backup") && help[1].ends_with("config:import -y"), "{help:?}");
    assert_eq!(
        read(root.path(), "state.system.maintenance_mode"),
        "0",
        "nobody is about to rebuild: it is open"
    );
    // Not with every verb at once.
    drop(locked);
    let locked = lock(root.path(), &RealDisk).unwrap();
    let tries = read(root.path(), "drush.log").matches("cache:rebuild").count();
    assert_eq!(tries, 1);
    fs::remove_file(root.path().join("broken")).unwrap();
    reconcile(&locked, true);
    assert_eq!(read(root.path(), "caches"), "r1");
    let (owed, remains) = standing(&locked.site).unwrap();
    assert!(owed.is_none() && remains.is_some());
    settle(&locked).unwrap();
    assert_eq!(standing(&locked.site).unwrap(), (None, None));
}

#[test]
fn an_update_that_failed_is_no_update_though_drush_ends_with_0_and_what_a_person_closed_stays_closed() {
    let root = site();
    fs::write(root.path().join("state.system.maintenance_mode"), "1\nCall Stack:\n 1. {main}() /x.php:0\n")
        .unwrap();
    let locked = lock(root.path(), &RealDisk).unwrap();
    let (r1, r2) = (id("r1"), id("r2"));
    let switching = Switching { locked: &locked, kind: SwitchKind::Activate, from: Some(&r1), to: &r2 };
    before(switching, 0).unwrap();
    let update = || obey(switching, Action::DrupalUpdate { drupal: order(), alone: false });
    let say = |text: &str| fs::write(root.path().join("quiet"), text).unwrap();
    say(
        " [error]  boom: no such table \n [error]  Update failed: a_update_1 \n [success] Finished performing updates.\n",
    );
    let why = update().unwrap_err();
    assert!(why.contains("still pending: boom: no such table"), "{why}");
    // Without an error nobody asks again, and one about something else is none of ours.
    say(" [success] Finished performing updates.\n");
    update().unwrap();
    assert_eq!(read(root.path(), "drush.log").matches("updatedb:status").count(), 2);
    drop(locked);
    drop(lock(root.path(), &RealDisk).unwrap());
    assert!(!read(root.path(), "drush.log").contains("state:set system.maintenance_mode"));
}

/// A host that would take over, back since `back`.
fn standby(root: &Path, back: Timestamp) -> Option<Undo> {
    let locked = lock(root, &RealDisk).unwrap();
    let (r1, r2) = (id("r1"), id("r2"));
    before(Switching { locked: &locked, kind: SwitchKind::Activate, from: Some(&r1), to: &r2 }, 1).unwrap();
    journal::owe(&locked, true, Duration::from_secs(60)).unwrap();
    journal::amend(&locked, |undo| undo.owed.as_mut().unwrap().at = back).unwrap();
    // Not its turn yet.
    reconcile(&locked, false);
    journal::read(&locked.site).unwrap()
}

#[test]
fn who_takes_over_asks_first_and_does_it_again_if_it_was_back_too_late() {
    let root = site();
    let done: Timestamp = "2026-11-30T10:00:00Z".parse().unwrap();
    fs::write(root.path().join("state.mkt.undone"), format!("s1@{done}\n")).unwrap();
    let take_over = || {
        let site = Site::open(root.path(), &RealDisk).unwrap();
        if pay::take_over(&site, "test").unwrap() {
            drop(crate::host::recovery::lock(site, "test".into()).unwrap());
        }
    };
    let second = Duration::from_secs(1);

    assert!(standby(root.path(), done - second).is_some(), "it waits for its turn");
    take_over();
    assert!(!root.path().join(".swap/undo.json").exists());
    assert_eq!(read(root.path(), "caches"), "", "another host has done it");

    assert!(standby(root.path(), done + second).is_some());
    let locked = lock(root.path(), &RealDisk).unwrap();
    reconcile(&locked, true);
    assert_eq!(read(root.path(), "caches"), "r1", "this host served the new code after that");
    assert!(read(root.path(), "state.mkt.undone").starts_with("s1@"));
    assert!(!root.path().join(".swap/undo.json").exists());
}
