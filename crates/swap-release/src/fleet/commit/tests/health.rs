//! What a failed health check says of a release, on hosts that only record.

use super::*;

const HEALTH: &str = "[health]\ncommand = [\"well\", \"{release}\"]\nattempts = 1\n";

fn ends(code: i32) -> Reply {
    Reply::Says(Status::Exited(code), Vec::new())
}

/// Runs an activation whose health check gives these codes: for each host that of the new release, and of the former.
fn checked(verb: Verb, codes: [(i32, i32); 2]) -> (Ended, Vec<String>) {
    run_as(verb, &format!("{FLEET}{HEALTH}"), move |host, what| {
        let (new, former) = codes[usize::from(host == "web2")];
        match what {
            "hold" => Some(says([READY, SWITCHED, REVERTED].concat())),
            "rollback" => Some(says("")),
            "asks r2" => Some(ends(new)),
            "asks r1" => Some(ends(former)),
            _ => None,
        }
    })
}

#[test]
fn what_is_bad_everywhere_is_marked_when_all_are_back_and_the_former_release_is_well() {
    let (ended, log) = checked(Verb::Activate, [(1, 0), (1, 0)]);
    assert_eq!((ended.outcome, &ended.diagnosis), (Outcome::RolledBack, &Some(Diagnosis::Bad)), "{log:?}");
    let order = ["asks r2", "says withdraw", "asks r1", "mark-failed"];
    for pair in order.windows(2) {
        let at = |what: &str| ["web1", "web2"].map(|host| position(&log, &format!("{host} {what}")));
        assert!(at(pair[0]).iter().max() < at(pair[1]).iter().min(), "{pair:?} in {log:?}");
    }
    assert!(ended.tasks.iter().all(|task| task.marked));
}

#[test]
fn nothing_is_marked_that_may_have_another_cause() {
    // Well somewhere; not run at all (exit codes of the shell); as bad with the former release; a rollback.
    for (verb, codes) in [
        (Verb::Activate, [(1, 0), (0, 0)]),
        (Verb::Activate, [(1, 0), (127, 0)]),
        (Verb::Activate, [(126, 0), (127, 0)]),
        (Verb::Activate, [(1, 1), (1, 1)]),
        (Verb::Activate, [(1, 1), (1, 0)]),
        (Verb::Rollback, [(1, 0), (1, 0)]),
    ] {
        let (ended, log) = checked(verb, codes);
        assert_eq!(ended.outcome, Outcome::RolledBack, "{codes:?}: {log:?}");
        assert!(!log.iter().any(|line| line.ends_with("mark-failed")), "{codes:?}: {log:?}");
        let plan = |hint: &str| match end(&plan(verb), &ended, false) {
            Err(Error::Refused { hint: Some(found), .. }) => assert!(found.contains(hint), "{found}"),
            other => panic!("{codes:?}: {other:?}"),
        };
        plan(if codes[0].1 == 1 { "[health]" } else { "" });
    }
}

#[test]
fn a_host_that_serves_the_release_whatever_it_says_is_no_mixture() {
    let active = || {
        let Reply::Says(_, bytes) = status("r2") else { unreachable!() };
        let mut status: HostStatus = serde_json::from_slice(&bytes).unwrap();
        status.releases[1].state = ReleaseState::Active;
        says(serde_json::to_vec(&status).unwrap())
    };
    let committed = std::sync::atomic::AtomicBool::new(false);
    let (outcome, tasks, _) = run_with(move |host, what| match (host, what) {
        ("web1", "says commit") => {
            committed.store(true, std::sync::atomic::Ordering::SeqCst);
            Some(lost("web1"))
        }
        ("web1", "activate") => Some(ends(11)),
        ("web1", "status") if committed.load(std::sync::atomic::Ordering::SeqCst) => Some(active()),
        _ => None,
    });
    assert_eq!(outcome, Outcome::Committed);
    assert!(tasks[0].remarks[0].contains("is live, although"), "{:?}", tasks[0].remarks);
    assert_eq!(tasks[0].error, None);
}
