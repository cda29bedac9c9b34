//! What a deployment does to a Drupal site under load: caches that all releases share, in every mode and on every way out.
//! On a real Drupal where `MKT_TEST_DRUPAL` names one, else on the stand-in; `crates/swap-release/README.md` says how.

use std::fs;

use e2e::Fleet;

use crate::drupal_pages::every_kind;
use crate::drupal_world::{Release, Site, Throws};
use crate::needs_peers;
use crate::support::swap_record;

/// A hook by which a release that works is refused: the way back without errors of its own.
const REFUSE: &str = "[[hooks]]\nname = \"inspection\"\nphase = \"before-commit\"\non = \"once\"\n\
                      run = [\"sh\", \"-c\", \"test ! -e $0\", \"REFUSED\"]\n";

/// Update, refused release, failed update, release that throws, rollback: each under load, and each time every page is
/// whole afterwards.
fn story(core: u8, mode: &str) {
    let first = Release::new(1, "alpha", 1);
    let refused = |site: &Site| site.fleet.scratch().join("refused");
    let site = Site::new(core, &format!("database = \"{mode}\"\n"), &first);
    let fleet = &site.fleet;
    if mode == "none" {
        // As under Apache: until a hook is run visitors get the code of before.
        site.serve_by_hook();
    }
    fleet.extend_inventory(&REFUSE.replace("REFUSED", &refused(&site).to_string_lossy()));
    let activate = || fleet.swap("activate").output();

    fleet.deliver(1);
    activate().ok();
    site.assert_serves("r1");

    // Everything moves, and the schema is another one.
    let schema = if mode == "none" { 1 } else { 2 };
    site.deliver(&Release::new(2, "beta", schema));
    let (output, tally) = site.under_load(&format!("{mode}: update"), activate);
    output.ok();
    tally.assert_whole();
    tell_closed(fleet, "update");
    site.assert_serves("r2");

    // It works, and is refused all the same. What its code has cached must not be met by the code that comes back.
    site.deliver(&Release::new(3, "alpha", schema));
    fs::write(refused(&site), "").unwrap();
    let (output, tally) = site.under_load(&format!("{mode}: revert"), activate);
    output.fails_naming(40, "inspection");
    fs::remove_file(refused(&site)).unwrap();
    tally.assert_whole();
    tell_closed(fleet, "update and revert");
    site.assert_serves("r2");

    if mode != "none" {
        let words = "boom: the table is not there";
        site.deliver(&Release { update_fails: Some(words), ..Release::new(4, "alpha", 3) });
        let (output, tally) = site.under_load(&format!("{mode}: failing update"), activate);
        output.fails_naming(if mode == "expand" { 30 } else { 40 }, words);
        tally.assert_whole();
        tell_closed(fleet, "failing update");
        site.assert_serves("r2");
        let swap = swap_record(fleet).details;
        let failed = swap.hooks.iter().find(|run| !run.ok).unwrap();
        assert!(failed.output.lines().next().unwrap().ends_with(words), "{}", failed.output);
        assert!(failed.output.contains("Finished performing updates"), "{}", failed.output);
        // Somebody has seen that it changed nothing.
        fleet.swap("settle").output().ok();
    }

    // It throws. The page cache would answer in its place.
    let throws = |number, throws| {
        site.deliver(&Release { throws, ..Release::new(number, "beta", schema) });
        activate().fails_naming(40, "500");
        site.assert_serves("r2");
    };
    throws(5, Throws::EveryPage);
    if !site.is_stand_in() {
        throws(8, Throws::OtherPage);
        throws(9, Throws::FrontController);
    }

    site.deliver(&Release::new(6, "alpha", schema));
    activate().ok();
    site.assert_serves("r6");
    let (output, tally) =
        site.under_load(&format!("{mode}: rollback"), || fleet.swap("rollback").arg("r2").output());
    output.ok();
    tally.assert_whole();
    tell_closed(fleet, "rollback");
    site.assert_serves("r2");

    // Nobody reads a directory that is gone, of whichever release.
    site.deliver(&Release::new(7, "alpha", schema));
    activate().ok();
    site.assert_serves("r7");
    let before = every_kind(&site);
    for host in &fleet.hosts {
        for id in host.releases().iter().filter(|id| *id != "r7") {
            fs::rename(host.release_dir(id), host.dir.join(format!("gone-{id}"))).unwrap();
        }
    }
    site.assert_serves("r7");
    assert_eq!(every_kind(&site), before);
}

/// Says how long the site was closed, and how much of that drush was at work: whoever closes it by hand runs the same commands.
fn tell_closed(fleet: &Fleet, what: &str) {
    let swap = swap_record(fleet).details;
    let is_drushs = |name: &str| {
        ["updates", "caches", "maintenance mode"]
            .iter()
            .any(|step| name.starts_with(&format!("drupal: {step}")))
            || name == "drupal: database updates alone"
    };
    let drush: f64 = swap.hooks.iter().filter(|run| is_drushs(&run.name)).map(|run| run.seconds).sum();
    println!(
        "{what}: closed for {:.1} s, of drush's own {drush:.1} s",
        swap.closed_seconds.unwrap_or_default()
    );
}

macro_rules! stories {
    ($($name:ident: $core:literal, $mode:literal;)*) => {
        $(
            #[test]
            fn $name() {
                needs_peers!();
                story($core, $mode);
            }
        )*
    };
}

stories! {
    drupal_7_with_maintenance_mode: 7, "maintenance";
    drupal_10_with_maintenance_mode: 10, "maintenance";
    drupal_10_with_updates_before_the_switch: 10, "expand";
    drupal_10_whose_database_is_updated_elsewhere: 10, "none";
}
