//! Work on hosts that only write down what is done to them: the order of effects, and what becomes of refusals.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use record::host::{ReleaseState, ReleaseStatus, StageReply};
use record::{Layout, PushState, Release, Sha256};
use remote::{Effect, Interrupt, RecordingRemote, Reply, Status};

use crate::engine::embedded::mesh::Mesh;
use crate::engine::rtorrent::groups::Groups;
use crate::engine::rtorrent::swarm::Swarm;
use crate::engine::{Engine, Loaded, Seen};
use crate::error::Fault;
use crate::hosts::testing::{host, release, status};
use crate::job::clock::Clock;
use crate::job::peer_policy::PeerPolicy;
use crate::job::torrent::Torrent;
use crate::job::{Job, Seeding};
use crate::push::context::PushContext;
use crate::push::copies::Copies;
use crate::push::host_task;
use crate::push::semaphore::Semaphore;
use crate::show::report::HostReport;

type Log = Arc<Mutex<Vec<String>>>;

/// An engine that has the payload at the second look, and notes what it is told.
struct Recorded {
    log: Log,
    looks: Mutex<u64>,
    before: AtomicBool,
    place: &'static str,
}

impl Recorded {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }
}

impl Engine for Recorded {
    fn load(&self) -> Result<Loaded, Fault> {
        *self.looks.lock().unwrap() = 0;
        self.note("load");
        Ok(if self.before.swap(false, Ordering::SeqCst) { Loaded::Before } else { Loaded::New })
    }

    fn look(&self) -> Result<Option<Seen>, Fault> {
        let mut looks = self.looks.lock().unwrap();
        *looks += 1;
        let complete = *looks > 2;
        Ok(Some(Seen {
            size: 1000,
            bytes: if complete { 1000 } else { 300 },
            complete,
            hashing: false,
            hash_checked: true,
            hashed: 0,
            active: true,
            peers: 1,
            message: String::new(),
            tracker: String::new(),
            place: self.place.to_owned(),
        }))
    }

    fn sources(&self) -> Result<Vec<(IpAddr, u64)>, Fault> {
        Ok(vec![([10, 0, 0, 5].into(), 600), ([10, 0, 0, 12].into(), 100)])
    }

    fn has_free_slot(&self) -> Result<bool, Fault> {
        Ok(true)
    }

    fn start(&self) -> Result<(), Fault> {
        self.note("start");
        Ok(())
    }

    fn introduce(&self, peers: &[SocketAddr]) -> Result<(), Fault> {
        if !peers.is_empty() {
            self.note(format!("introduce {peers:?}"));
        }
        Ok(())
    }

    fn forget(&self) -> Result<(), Fault> {
        self.note("forget");
        Ok(())
    }
}

fn staged(tree_digest: Sha256) -> Reply {
    let reply = StageReply {
        release: "r2".parse().unwrap(),
        state: ReleaseState::Staged,
        tree_digest,
        files: 1,
        bytes: 2000,
        already: false,
        seconds: 0.1,
    };
    Reply::Says(Status::Exited(0), [b"Welcome!\n", &serde_json::to_vec(&reply).unwrap()[..], b"\n"].concat())
}

fn exits(code: i32) -> Reply {
    Reply::Says(Status::Exited(code), Vec::new())
}

fn lost() -> Reply {
    let host = "web1".parse().unwrap();
    Reply::Fails(remote::HostError {
        host,
        kind: remote::HostFault::Lost { step: "swap-release".into(), detail: "reset".into() },
    })
}

/// What a task is played with.
struct Play {
    layout: Layout,
    place: &'static str,
    /// The client has the torrent, but not all of the payload.
    before: bool,
    interrupt: Interrupt,
    /// The exit code of `want`.
    want: i32,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            layout: Layout::Archive,
            place: "/srv/site/incoming/x.tar.zst",
            before: false,
            interrupt: Interrupt::never(),
            want: 0,
        }
    }
}

impl Play {
    /// Works on a host on which the `n`th run of a verb answers as `answer(verb, n)` says; gives what was done there.
    fn run(self, answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (HostReport, Vec<String>) {
        let log = Log::default();
        let seen = Arc::clone(&log);
        let script = Arc::new(move |effect: &Effect| {
            let (text, verb) = match effect {
                Effect::Exec(_, argv, stdin) if argv.program_name() == "swap-release" => {
                    let stdin = if stdin.is_empty() { "" } else { " < record" };
                    (format!("{argv}{stdin}"), argv.as_slice()[1].clone())
                }
                Effect::Exec(_, argv, _) => (argv.to_string(), String::new()),
                Effect::Upload(_, path, bytes) => {
                    (format!("upload {} bytes to {path}", bytes.len()), String::new())
                }
                other => panic!("{other:?}"),
            };
            let mut log = seen.lock().unwrap();
            let before = log.iter().filter(|line| line.contains(&format!("swap-release {verb} "))).count();
            log.push(text);
            match &*verb {
                "" => exits(0),
                "want" => exits(self.want),
                verb => answer(verb, before),
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let seeder = SocketAddr::from(([10, 0, 0, 5], 6890));
        let job = Job {
            release: release(self.layout),
            record: b"{}".to_vec(),
            torrent: Torrent::for_tests(dir.path(), None, &[]),
            manifest: (self.layout == Layout::Tree).then(|| b"manifest".to_vec()),
            seeding: Seeding::Client(seeder),
            peers: PeerPolicy {
                push: "p".into(),
                key: None,
                admit: Vec::new(),
                grace: Duration::from_secs(1),
            },
            introduce: true,
            shared: inventory::SharedPaths::parse(["files/"]).unwrap(),
            owner: Some("build-7".into()),
            stall: Duration::from_secs(5),
            seeder_socket: None,
        };
        let engine_log = Arc::clone(&log);
        let push = PushContext {
            hosts: Arc::new([host()]),
            swarm: Arc::new(Swarm::new(Some(seeder), 1000, Groups::default())),
            mesh: Arc::new(Mesh::new([0].into(), [].into(), &[])),
            copies: Arc::new(Copies::new(1)),
            begin: Arc::new(Semaphore::new(1)),
            job: Arc::new(job),
            clock: Clock::start(Duration::from_secs(60), self.interrupt),
            dial: Arc::new(move |host| {
                let script = Arc::clone(&script);
                let effects = Arc::default();
                Ok(Box::new(RecordingRemote::new(host.name.clone(), effects, move |effect| script(effect))))
            }),
            engine: Arc::new(move |_, _, _, _| {
                let log = Arc::clone(&engine_log);
                let before = AtomicBool::new(self.before);
                Box::new(Recorded { log, looks: Mutex::new(0), before, place: self.place })
            }),
        };
        let report = host_task::run(&push, 0, &host(), &|_| ());
        let done = log.lock().unwrap().clone();
        (report, done)
    }
}

const STATUS: &str = "swap-release status --deploy-to /srv/site --json --shared files/";
const WANT: &str =
    "swap-release want --deploy-to /srv/site --record - --shared files/ --owner build-7 < record";
const STAGE: &str = "swap-release stage --deploy-to /srv/site --record - --shared files/ --owner build-7 --payload \
                     /srv/site/incoming/x.tar.zst --json < record";
const INTRODUCE: &str = "introduce [10.0.0.5:6890]";

#[test]
fn a_host_that_has_nothing_gets_everything_in_order() {
    let (report, done) = Play::default().run(|verb, _| match verb {
        "status" => status(vec![]),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done, [STATUS, WANT, "load", INTRODUCE, STAGE]);
    assert_eq!((report.state, report.already, report.bytes), (PushState::Staged, false, 1000), "{report:?}");
    let seconds = &report.seconds;
    assert!(seconds.connect.is_some() && seconds.push.is_some() && seconds.stage.is_some(), "{seconds:?}");
    assert!(seconds.download.unwrap() >= 0.2, "{seconds:?}");
}

#[test]
fn a_host_that_has_the_release_is_left_alone() {
    let has = |state, tree: &'static [u8]| {
        let release = Release { tree_digest: Sha256::of(tree), ..release(Layout::Archive) };
        status(vec![ReleaseStatus {
            release,
            state,
            since: String::new(),
            build: None,
            pinned: false,
            database: None,
            origin: record::host::Origin::Built,
            other_links: false,
        }])
    };
    let (report, done) = Play::default().run(move |_, _| has(ReleaseState::Active, b"tree"));
    assert_eq!(done, [STATUS]);
    assert_eq!((report.state, report.already), (PushState::Staged, true));

    // A staging that was cut off is no release.
    let (report, done) = Play::default().run(move |verb, _| match verb {
        "status" => has(ReleaseState::Staging, b"tree"),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done.last().unwrap(), STAGE);
    assert_eq!((report.state, report.already), (PushState::Staged, false));

    // The same name for another tree is found out before anything is sent.
    let (report, done) = Play::default().run(move |_, _| has(ReleaseState::Staged, b"another tree"));
    assert_eq!(done, [STATUS]);
    assert!(report.error.unwrap().contains("the host has another release `r2`"));
}

#[test]
fn a_download_that_an_earlier_push_left_is_loaded_anew() {
    let (report, done) = Play { before: true, ..Play::default() }.run(|verb, _| match verb {
        "status" => status(vec![]),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done, [STATUS, WANT, "load", "forget", "load", INTRODUCE, STAGE]);
    assert_eq!(report.state, PushState::Staged);
}

#[test]
fn a_refused_payload_is_fetched_again_once() {
    let (report, done) = Play::default().run(|verb, before| match (verb, before) {
        ("status", _) => status(vec![]),
        (_, 0) => exits(12),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done, [STATUS, WANT, "load", INTRODUCE, STAGE, "forget", "load", INTRODUCE, STAGE]);
    assert_eq!(report.state, PushState::Staged, "{report:?}");

    let (report, done) =
        Play::default().run(|verb, _| if verb == "status" { status(vec![]) } else { exits(12) });
    assert_eq!(done.iter().filter(|line| *line == STAGE).count(), 2);
    assert_eq!(report.state, PushState::Failed);
    assert!(report.error.unwrap().contains("the payload was refused"));
}

#[test]
fn other_refusals_are_final() {
    for code in [2, 10, 11, 127] {
        let (report, done) =
            Play::default().run(move |verb, _| if verb == "status" { status(vec![]) } else { exits(code) });
        assert_eq!(done, [STATUS, WANT, "load", INTRODUCE, STAGE]);
        assert!(report.error.unwrap().contains(&format!("exit status {code}")));
    }
    let (report, done) = Play::default().run(|_, _| exits(127));
    assert_eq!(done, [STATUS]);
    assert!(report.hint.unwrap().contains("install swap-release"));
}

#[test]
fn a_held_lock_is_waited_for() {
    let (report, done) = Play::default().run(|verb, before| match (verb, before) {
        ("status", _) => status(vec![]),
        (_, 0) => exits(75),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done, [STATUS, WANT, "load", INTRODUCE, STAGE, STAGE]);
    assert_eq!(report.state, PushState::Staged);
}

#[test]
fn a_host_whose_lock_is_held_has_no_word_left_and_one_that_cannot_keep_it_is_told() {
    let good = |verb: &str, _| match verb {
        "status" => status(vec![]),
        _ => staged(Sha256::of(b"tree")),
    };
    let (report, done) = Play { want: 75, ..Play::default() }.run(good);
    assert_eq!(
        (report.state, &done[2..]),
        (PushState::Staged, &["load", INTRODUCE, STAGE].map(String::from)[..])
    );
    let (report, done) = Play { want: 11, ..Play::default() }.run(good);
    assert_eq!(done, [STATUS, WANT]);
    assert!(report.error.unwrap().contains("swap-release want"));
}

#[test]
fn a_proof_of_another_tree_is_no_proof() {
    let (report, _) = Play::default().run(|verb, _| match verb {
        "status" => status(vec![]),
        _ => staged(Sha256::of(b"another tree")),
    });
    assert_eq!(report.state, PushState::Failed);
    assert!(report.error.unwrap().starts_with("the host staged the tree"));
}

#[test]
fn a_lost_connection_begins_again_and_finds_what_is_done() {
    let (report, done) = Play::default().run(|verb, before| match (verb, before) {
        ("status", _) => status(vec![]),
        (_, 0) => lost(),
        _ => staged(Sha256::of(b"tree")),
    });
    assert_eq!(done, [STATUS, WANT, "load", INTRODUCE, STAGE, STATUS, WANT, "load", INTRODUCE, STAGE]);
    assert_eq!((report.state, report.already), (PushState::Staged, false));
}

#[test]
fn a_connection_that_always_breaks_is_given_up() {
    let (report, done) = Play::default().run(|_, _| lost());
    assert_eq!(done, [STATUS; 4], "once, and three times more");
    assert!(report.error.unwrap().contains("connection lost"));
}

#[test]
fn a_plain_tree_has_its_manifest_beside_it() {
    let play = Play { layout: Layout::Tree, place: "/srv/site/incoming/0011", ..Play::default() };
    let (report, done) = play.run(|verb, _| match verb {
        "status" => status(vec![]),
        _ => staged(Sha256::of(b"tree")),
    });
    let manifest = format!("/srv/site/.swap/manifests/{}.jsonl", Sha256::of(b"tree"));
    assert_eq!(
        done[1..3],
        ["mkdir -p -- /srv/site/.swap/manifests".to_owned(), format!("upload 8 bytes to {manifest}")]
    );
    assert_eq!(done[3], WANT, "an event that finds it needs the manifest too");
    let payload = format!("--payload /srv/site/incoming/0011 --json --manifest {manifest}");
    assert!(done.last().unwrap().contains(&payload), "{done:?}");
    assert_eq!(report.state, PushState::Staged);
}

#[test]
fn a_client_cannot_name_any_place_it_likes() {
    for place in ["", "relative", "/srv/../etc/passwd", "/srv/a\nb"] {
        let (report, done) = Play { place, ..Play::default() }.run(|_, _| status(vec![]));
        assert!(report.error.unwrap().starts_with("rtorrent says that the payload is at"));
        assert_eq!(done, [STATUS, WANT, "load", INTRODUCE]);
    }
}

#[test]
fn an_interrupted_task_does_nothing_more() {
    let play = Play { interrupt: Interrupt::new(|| true), ..Play::default() };
    let (report, done) = play.run(|_, _| status(vec![]));
    assert!(done.is_empty(), "{done:?}");
    assert_eq!((report.state, report.error.as_deref()), (PushState::Skipped, None), "nobody spoke to it");
}
