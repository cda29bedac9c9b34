//! The order of effects of the two-phase commit, on hosts that only record.

mod health;
mod undo;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cli::{Abort, ColorChoice, Console};
use inventory::{Host, Inventory};
use record::host::{HostStatus, ReleaseState, ReleaseStatus, VerifyReply};
use record::{Caches, ExitCode};
use record::{HostOutcome, Outcome, Verb};
use remote::{Effect, HostFault, RecordingRemote, Remote, Reply, Status};

use super::diagnosis::Diagnosis;
use super::ended::{Ended, end};
use super::host_task::HostTask;
use super::plan::{LEASE, Plan};
use super::two_phases::two_phases;
use crate::Error;
use crate::fleet::controller::Controller;
use crate::host::site::testing::{id, release};

const FLEET: &str = r#"
[site]
deploy_to = "/srv/site"
[hosts.web1]
address = "127.0.3.1"
[hosts.web2]
address = "127.0.3.2"
"#;

type Log = Arc<Mutex<Vec<Effect>>>;

/// Runs both phases of an activation of `r2` over `r1`; `script` may answer instead of a host that does all right.
fn run_with(
    script: impl Fn(&str, &str) -> Option<Reply> + Send + Sync + 'static,
) -> (Outcome, Vec<HostTask>, Vec<String>) {
    run_on(FLEET, script)
}

/// The same on another fleet.
fn run_on(
    fleet: &str,
    script: impl Fn(&str, &str) -> Option<Reply> + Send + Sync + 'static,
) -> (Outcome, Vec<HostTask>, Vec<String>) {
    let (ended, log) = run_as(Verb::Activate, fleet, script);
    (ended.outcome, ended.tasks, log)
}

/// The same as a verb of its own, with all that is known at the end.
fn run_as(
    verb: Verb,
    fleet: &str,
    script: impl Fn(&str, &str) -> Option<Reply> + Send + Sync + 'static,
) -> (Ended, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.toml");
    std::fs::write(&path, fleet).unwrap();
    let inventory = Inventory::load(&path).unwrap();
    let log: Log = Arc::default();
    let (shared, script) = (log.clone(), Arc::new(script));
    let dial: super::super::Dial = Arc::new(move |host: &Host| {
        let script = script.clone();
        let answer = move |effect: &Effect| {
            let (host, what) = short(effect);
            script(&host, &what).unwrap_or_else(|| well(&what))
        };
        Ok(Box::new(RecordingRemote::new(host.name.clone(), shared.clone(), answer)) as Box<dyn Remote>)
    });
    let console = Console::new("test", ColorChoice::Never);
    let abort = Abort::default();
    let controller = Controller {
        hosts: inventory.hosts.clone(),
        inventory,
        dial: dial.clone(),
        dial_on: dial,
        owner: None,
        successor: None,
        console: &console,
        abort: &abort,
    };
    let plan = plan(verb);
    let rollout = controller.inventory.rollout.clone();
    let ended = two_phases(&controller, &plan, &rollout, &release("r2"));
    let log =
        log.lock().unwrap().iter().map(|effect| format!("{} {}", short(effect).0, short(effect).1)).collect();
    (ended, log)
}

/// To `r2`.
fn plan(verb: Verb) -> Plan {
    Plan {
        verb,
        to: id("r2"),
        within: LEASE,
        owner: Some("build 42".into()),
        allow_older: false,
        force: false,
        in_batches: false,
        anywhere: false,
        swap: "s1".into(),
        retry_failed: false,
        condemns: verb == Verb::Activate,
        afterwards: Duration::from_secs(1),
        back: Duration::from_secs(1),
    }
}

/// Host and effect as two words: `web1`, `verify`; a word written to a process is `says commit`.
fn short(effect: &Effect) -> (String, String) {
    match effect {
        Effect::Exec(host, argv, _) if argv.program_name() == "env" => {
            let release = argv.as_slice().iter().find_map(|part| part.strip_prefix("MKT_RELEASE="));
            (host.to_string(), format!("asks {}", release.unwrap()))
        }
        Effect::Exec(host, argv, _) => (host.to_string(), argv.as_slice()[1].clone()),
        Effect::Spawn(host, argv) => {
            assert!(
                argv.as_slice().contains(&"--confirm-within".to_owned()),
                "a switch always has a lease: {argv}"
            );
            (host.to_string(), "hold".into())
        }
        Effect::Write(host, bytes) => match serde_json::from_slice::<crate::order::HookOrder>(bytes) {
            Ok(order) => (host.to_string(), format!("runs {} {}", order.phase.as_str(), order.name)),
            Err(_) => (host.to_string(), format!("says {}", String::from_utf8_lossy(bytes).trim())),
        },
        other => panic!("not expected: {other:?}"),
    }
}

fn says(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Says(Status::Exited(0), text.into())
}

fn status(live: &str) -> Reply {
    let releases = ["r1", "r2"].map(|name| ReleaseStatus {
        release: release(name),
        state: ReleaseState::Staged,
        pinned: false,
        build: None,
        since: String::new(),
        database: None,
        origin: record::host::Origin::Built,
        other_links: false,
    });
    let status = HostStatus {
        shared: record::host::SharedStatus::default(),
        schema: HostStatus::SCHEMA.into(),
        version: "0".into(),
        current: Some(id(live)),
        foreign: None,
        // Before a first switch the web servers are asked for, too.
        previous: Some(id("r0")),
        busy: None,
        releases: releases.into(),
        gone: Vec::new(),
        owed: None,
        hooks: Vec::new(),
        remains: None,
    };
    says(serde_json::to_vec(&status).unwrap())
}

fn proof(ok: bool) -> Reply {
    let reply = VerifyReply {
        release: id("r2"),
        tree_digest: release("r2").tree_digest,
        ok,
        adopted: false,
        differences: u64::from(!ok),
        missing: vec![],
        extra: vec![],
        changed: vec![],
    };
    says(serde_json::to_vec(&reply).unwrap())
}

const READY: &str = "{\"event\":\"ready\",\"from\":\"r1\",\"to\":\"r2\"}\n";
const SWITCHED: &str = "{\"event\":\"switched\",\"from\":\"r1\",\"to\":\"r2\"}\n";
const WAITING: &str = "{\"event\":\"waiting\",\"to\":\"r2\"}\n";
const COMMITTED: &str = "{\"event\":\"committed\",\"to\":\"r2\"}\n";
const REVERTED: &str = "{\"event\":\"reverted\",\"to\":\"r1\",\"why\":\"asked\"}\n";

/// A host that does all right and is told to commit.
fn well(what: &str) -> Reply {
    match what {
        "status" => status("r1"),
        "verify" => proof(true),
        "hold" => says([READY, SWITCHED, WAITING, COMMITTED].concat()),
        what if what.starts_with("runs ") => says(""),
        what if what.starts_with("asks ") => says(""),
        "says go" | "says ping" | "says commit" | "says withdraw" | "activate" | "mark-failed" => says(""),
        other => panic!("not expected: {other}"),
    }
}

fn lost(host: &str) -> Reply {
    Reply::Fails(HostFault::Lost { step: "x".into(), detail: "reset".into() }.at(&host.parse().unwrap()))
}

fn position(log: &[String], what: &str) -> usize {
    log.iter().position(|line| line == what).unwrap_or_else(|| panic!("{what} is not in {log:?}"))
}

#[test]
fn nobody_switches_before_all_have_proved_and_nobody_commits_before_all_have_switched() {
    let (outcome, tasks, log) = run_with(|_, _| None);
    assert_eq!(outcome, Outcome::Committed);
    assert!(tasks.iter().all(|task| task.outcome == HostOutcome::Committed));
    let phases = ["verify", "hold", "says go", "says ping", "says commit"]
        .map(|what| [format!("web1 {what}"), format!("web2 {what}")]);
    for pair in phases.windows(2) {
        let last = pair[0].iter().map(|what| position(&log, what)).max().unwrap();
        let first = pair[1].iter().map(|what| position(&log, what)).min().unwrap();
        assert!(last < first, "{log:?}");
    }
    assert_eq!(log.len(), 12, "and nothing else happens: {log:?}");
}

#[test]
fn one_that_cannot_prove_keeps_all_from_switching() {
    let (outcome, tasks, log) =
        run_with(|host, what| (host == "web2" && what == "verify").then(|| proof(false)));
    assert_eq!(outcome, Outcome::Refused);
    assert!(!log.iter().any(|line| line.contains("hold")), "{log:?}");
    assert!(tasks[1].error.as_deref().unwrap().contains("another tree"));
    assert_eq!(tasks[0].error, None);
}

#[test]
fn one_that_is_locked_by_somebody_else_keeps_all_from_switching() {
    let (outcome, tasks, log) = run_with(|host, what| {
        (host == "web2" && what == "hold").then(|| Reply::Says(Status::Exited(75), Vec::new()))
    });
    assert_eq!(outcome, Outcome::Refused);
    assert!(tasks[1].busy && !tasks[0].busy);
    assert!(!log.iter().any(|line| line.contains("says go")), "{log:?}");
    assert!(log.contains(&"web1 says withdraw".to_owned()), "the lock is given up: {log:?}");
}

#[test]
fn one_that_cannot_switch_brings_the_other_back() {
    let (outcome, tasks, log) = run_with(|host, what| match (host, what) {
        ("web2", "hold") => Some(Reply::Says(Status::Exited(11), READY.into())),
        ("web1", "hold") => Some(says([READY, SWITCHED, REVERTED].concat())),
        _ => None,
    });
    assert_eq!(outcome, Outcome::RolledBack);
    assert!(
        log.contains(&"web1 says withdraw".to_owned()) && !log.contains(&"web2 says withdraw".to_owned()),
        "{log:?}"
    );
    assert!(!log.iter().any(|line| line.ends_with("commit")), "{log:?}");
    assert_eq!(tasks[0].outcome, HostOutcome::Reverted);
    assert_eq!(tasks[0].after, Some(id("r1")));
    assert_eq!(tasks[1].outcome, HostOutcome::Untouched);
}

#[test]
fn a_decided_commit_is_insisted_on() {
    let (outcome, _, log) =
        run_with(|host, what| (host == "web1" && what == "says commit").then(|| lost("web1")));
    assert_eq!(outcome, Outcome::Committed);
    assert!(position(&log, "web1 activate") > position(&log, "web1 says commit"), "{log:?}");
}

#[test]
fn one_that_cannot_be_committed_at_all_is_a_mixture_and_said_so() {
    let (outcome, tasks, _) = run_with(|host, what| {
        (host == "web1" && matches!(what, "says commit" | "activate")).then(|| lost("web1"))
    });
    assert_eq!(outcome, Outcome::Mixed);
    assert_eq!(tasks[0].outcome, HostOutcome::Unknown);
    assert_eq!(tasks[1].outcome, HostOutcome::Committed);
}

#[test]
fn one_that_does_not_go_back_is_a_mixture_and_said_so() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let (outcome, tasks, _) = run_with(move |host, what| match (host, what) {
        ("web2", "hold") => Some(Reply::Says(Status::Exited(11), READY.into())),
        ("web1", "hold") => Some(says([READY, SWITCHED].concat())),
        ("web1", "says withdraw") => Some(lost("web1")),
        // Asked a second time what is live, it still says the new one.
        ("web1", "status") if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 => {
            Some(status("r2"))
        }
        _ => None,
    });
    assert_eq!(outcome, Outcome::Mixed);
    assert_eq!(tasks[0].after, Some(id("r2")));
}

const HOOKS: &str = r#"
[[hooks]]
phase = ["before-switch", "before-commit", "after-revert"]
run = ["every"]
[[hooks]]
phase = "after-switch"
on = "once"
run = ["once"]
[[hooks]]
phase = "after-switch"
on = "canary"
run = ["first"]
[rollout]
canary = 1
"#;

fn hook(ok: bool) -> String {
    let output = if ok { "fine" } else { "no such thing" };
    format!(
        "{{\"event\":\"hook\",\"name\":\"x\",\"ok\":{ok},\"seconds\":0.1,\"output\":\"{output}\",\"database\":null}}\n"
    )
}

#[test]
fn hooks_stand_where_they_belong_and_the_canary_goes_first() {
    let lines = |host: &str| match host {
        // The canary is elected for all that runs once.
        "web1" => {
            [READY, &hook(true), SWITCHED, &hook(true), &hook(true), &hook(true), WAITING, COMMITTED].concat()
        }
        _ => [READY, &hook(true), SWITCHED, &hook(true), WAITING, COMMITTED].concat(),
    };
    let (outcome, tasks, log) =
        run_on(&format!("{FLEET}{HOOKS}"), move |host, what| (what == "hold").then(|| says(lines(host))));
    assert_eq!(outcome, Outcome::Committed, "{log:?} {:?}", tasks[0].error);
    let order = [
        "web1 runs after-revert every",
        "web1 runs before-switch every",
        "web1 says go",
        "web1 runs after-switch first",
        "web2 says go",
        "web1 runs after-switch once",
        "web2 runs before-commit every",
        "web2 says commit",
    ];
    for pair in order.windows(2) {
        assert!(position(&log, pair[0]) < position(&log, pair[1]), "{pair:?} in {log:?}");
    }
    assert!(!log.iter().any(|line| line.starts_with("web2 runs after-switch")), "{log:?}");
    assert_eq!((tasks[0].batch, tasks[1].batch), (Some(1), Some(2)));
    assert_eq!((tasks[0].hooks.len(), tasks[1].hooks.len()), (4, 2));
}

#[test]
fn a_hook_that_fails_before_the_switch_keeps_all_from_switching() {
    let (outcome, tasks, log) = run_on(&format!("{FLEET}{HOOKS}"), |host, what| {
        (what == "hold").then(|| says([READY, &hook(host == "web1")].concat()))
    });
    assert_eq!(outcome, Outcome::Refused);
    assert!(!log.iter().any(|line| line.ends_with("says go")), "{log:?}");
    assert_eq!(tasks[1].error.as_deref(), Some("hook `every` failed: no such thing"));
    for host in ["web1", "web2"] {
        assert!(log.contains(&format!("{host} says withdraw")), "its lock is given up: {log:?}");
    }
}

#[test]
fn a_canary_that_is_ill_keeps_the_others_on_their_release() {
    let (outcome, tasks, log) = run_on(&format!("{FLEET}{HOOKS}"), |host, what| match (host, what) {
        ("web1", "hold") => Some(says([READY, &hook(true), SWITCHED, &hook(false), REVERTED].concat())),
        (_, "hold") => Some(says([READY, &hook(true)].concat())),
        _ => None,
    });
    assert_eq!(outcome, Outcome::RolledBack);
    assert!(log.contains(&"web1 says withdraw".to_owned()), "{log:?}");
    assert!(!log.iter().any(|line| line.ends_with("mark-failed")), "a hook says nothing of it: {log:?}");
    assert!(!log.contains(&"web2 says go".to_owned()), "{log:?}");
    assert_eq!(tasks[0].outcome, HostOutcome::Reverted);
    assert_eq!(tasks[1].outcome, HostOutcome::Untouched);
}

#[test]
fn with_a_quorum_one_that_is_missing_is_left_out_but_one_that_is_busy_is_not() {
    let quorum = format!("{FLEET}[rollout]\nquorum = 1\n");
    let (outcome, tasks, log) =
        run_on(&quorum, |host, what| (host == "web2" && what == "status").then(|| lost("web2")));
    assert_eq!(outcome, Outcome::Committed);
    assert_eq!(tasks[0].outcome, HostOutcome::Committed);
    assert_eq!(tasks[1].outcome, HostOutcome::LeftOut);
    assert!(!log.iter().any(|line| line.starts_with("web2 hold")), "{log:?}");

    let (outcome, _, _) = run_on(&quorum, |host, what| {
        (host == "web2" && what == "hold").then(|| Reply::Says(Status::Exited(75), Vec::new()))
    });
    assert_eq!(outcome, Outcome::Refused);
}

#[test]
fn one_that_was_cut_off_meanwhile_keeps_all_from_committing() {
    let (outcome, tasks, log) =
        run_with(|host, what| (host == "web2" && what == "says ping").then(|| lost("web2")));
    assert!(!log.iter().any(|line| line.ends_with("says commit")), "{log:?}");
    assert!(log.contains(&"web1 says withdraw".to_owned()), "{log:?}");
    assert_ne!(outcome, Outcome::Committed);
    assert!(tasks[1].error.is_some());
}
