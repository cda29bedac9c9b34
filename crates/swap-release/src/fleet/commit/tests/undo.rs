//! What is done about shared caches when a release is taken back, on hosts that only record.

use super::*;

const DRUPAL: &str = "[drupal]\nuri = \"https://a.example\"\n";
const OWES: &str = "{\"event\":\"owes\",\"live\":\"r1\",\"remains\":null}\n";

/// A fleet with the preset, whose update fails on web1, which runs drush; `undo` is how the rebuilding goes there and on web2.
fn taken_back(undo: [bool; 2]) -> (Ended, Vec<String>) {
    let fleet = FLEET.replace("[site]\n", "[site]\ndrupal = \"8+\"\n") + DRUPAL;
    run_as(Verb::Activate, &fleet, move |host, what| {
        let good = hook(true);
        (what == "hold").then(|| {
            says(match host {
                "web1" => {
                    [READY, &good.repeat(4), SWITCHED, &hook(false), REVERTED, OWES, &hook(undo[0]), &good]
                        .concat()
                }
                _ if undo[0] => [READY, &good.repeat(2), SWITCHED, REVERTED, OWES, &good].concat(),
                _ => [READY, &good.repeat(2), SWITCHED, REVERTED, OWES, &hook(undo[1]), &good].concat(),
            })
        })
    })
}

#[test]
fn a_revert_is_done_when_the_former_release_has_rebuilt_the_caches_once() {
    let (ended, log) = taken_back([true, true]);
    assert_eq!(ended.outcome, Outcome::RolledBack, "{log:?}");
    let order = [
        "web1 runs before-switch drupal: what an undo needs",
        "web1 runs before-switch drupal: pending updates",
        "web1 runs before-switch drupal: maintenance mode on",
        "web1 says go",
        "web1 runs after-switch drupal: updates, configuration and caches",
        "web2 says withdraw",
        "web1 runs after-revert drupal: caches of the former release",
        "web2 runs after-revert drupal: settled",
    ];
    for pair in order.windows(2) {
        assert!(position(&log, pair[0]) < position(&log, pair[1]), "{pair:?} in {log:?}");
    }
    let back = ["web1 says withdraw", "web2 says withdraw"].map(|what| position(&log, what));
    let rebuilt = position(&log, "web1 runs after-revert drupal: caches of the former release");
    assert!(back.iter().all(|back| *back < rebuilt), "nobody serves the new code any more: {log:?}");
    assert!(
        !log.iter().any(|line| line.starts_with("web2 runs after-revert drupal: caches")),
        "once: {log:?}"
    );
    let undone = ended.undone.unwrap();
    assert_eq!((undone.caches, undone.by.as_deref()), (Caches::Rebuilt, Some("web1")));
}

#[test]
fn who_cannot_rebuild_the_caches_is_followed_by_the_next_and_if_nobody_can_it_is_said() {
    let (ended, log) = taken_back([false, true]);
    let undone = ended.undone.unwrap();
    assert_eq!((undone.caches, undone.by.as_deref()), (Caches::Rebuilt, Some("web2")), "{log:?}");
    assert!(undone.errors[0].starts_with("web1: "), "{:?}", undone.errors);

    let (ended, log) = taken_back([false, false]);
    let undone = ended.undone.clone().unwrap();
    assert_eq!((undone.caches, undone.errors.len()), (Caches::Owed, 2), "{log:?}");
    let Err(Error::Refused { code, what: summary, .. }) = end(&plan(Verb::Activate), &ended, false) else {
        panic!("it did not go well")
    };
    assert_eq!(code, ExitCode::Mixed, "a person is needed: {summary}");
    assert!(summary.contains("could not be rebuilt (web1: "), "{summary}");
}
