//! Every error that is made here, with its exit code and its hint: whoever changes one sees it in `messages.txt`.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use cli::Failure;
use record::host::{Obstacle, ReleaseState};
use record::{ExitCode, ReleaseId, Sha256};

use super::*;

fn id(name: &str) -> ReleaseId {
    name.parse().unwrap()
}

fn all() -> Vec<Error> {
    let path = || PathBuf::from("/nowhere/site");
    let io = || io::Error::other("odd");
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let obstacle = |found: &str| Obstacle { found: found.into(), remedy: None, commands: Vec::new() };
    let json = || serde_json::from_str::<u8>("x").unwrap_err();
    let digest = Sha256::of(b"");
    let missing = || payload::Error::Read { path: "x".into(), source: io() };
    let loss =
        |lacks| DataLoss { live: path(), shared: "/nowhere/shared".into(), lacks, remedy: "mv a b".into() };
    let some = |count| loss(Lacks::Files { count, first: "a.png".into() });
    let shared: Vec<Error> = vec![
        Error::shared_conflict("two of one".into()),
        Error::shared_missing(&path()),
        Error::shared_dangling(&path(), Path::new("/gone")),
        Error::shared_not_a_directory(&path()),
        Error::shared_through_link("a/b", &path(), Path::new("/elsewhere"), Path::new("b")),
        Error::shared_through_release("a/b", "a", &id("r1")),
        Error::shared_into_release(&path(), Path::new("/nowhere/current"), Path::new("/nowhere/releases/r1")),
        Error::shared_astray(&id("r1"), &path(), Path::new("/nowhere/shared/a")),
        Error::data_loss(&[loss(Lacks::Itself)]),
        Error::data_loss(&[some(1), some(MOST_COUNTED)]),
        Error::unnamed(&[("a".into(), path())]),
        Error::unnamed(&[("a".into(), path()), ("b".into(), path())]),
        Error::shipped(&id("r1"), "a"),
    ];
    let receive: Vec<Error> = vec![
        Error::Peer(swarm_peer::Error::NotComplete { path: path(), bad: 2, pieces: 3 }),
        Error::opening("no JSON"),
        Error::other_torrent("a name of", "x", "y"),
        Error::receiving(&path(), "push 1"),
        Error::stalled(1, 2, 3, Duration::from_secs(90)),
        Error::unpacking_defect(),
        Error::same_site(&path(), "web1"),
        Error::taken_over(),
    ];
    let mut all = vec![
        Error::no_deploy_to(&path()),
        Error::Read { path: path(), source: io() },
        Error::write(&path(), io()),
        Error::no_space(&path(), &id("r1"), "1 MB", "2 MB"),
        Error::State { path: path(), source: json() },
        Error::Busy { path: path(), owner: "build 1".into() },
        Error::unknown_release(&id("r1"), &list(&[])),
        Error::unknown_release(&id("r1"), &list(&["r2", "r3"])),
        Error::not_ready(&id("r1"), ReleaseState::Failed),
        Error::not_ready(&id("r1"), ReleaseState::Staging),
        Error::not_marked(&id("r1"), ReleaseState::Active),
        Error::older(&id("r1"), 1, &id("r2"), 2),
        Error::database_updated(&id("r1"), &id("r2"), &list(&[])),
        Error::database_updated(&id("r1"), &id("r2"), &list(&["a", "b"])),
        Error::other_tree(&id("r1"), digest, digest),
        Error::nothing_before("none"),
        Error::nothing_live("none"),
        Error::CurrentNotALink { path: path() },
        Error::current_mounted(&path(), &id("r1")),
        Error::ForeignCurrent { path: path(), target: "/elsewhere".into() },
        Error::apache("none"),
        Error::dangling_current(&path(), Path::new("/gone")),
        Error::CannotAdopt { path: path(), why: "no".into() },
        Error::gone(&id("r1"), &path()),
        Error::needed(&path(), "`current` leads there"),
        Error::occupied(&path()),
        Error::InTheWay { path: path(), obstacles: vec![obstacle("one")] },
        Error::InTheWay { path: path(), obstacles: vec![obstacle("one"), obstacle("two")] },
        Error::fenced(&path(), 7),
        Error::lint("1 where they get errors", 3),
        Error::Payload { path: path(), release: id("r1"), source: missing() },
        Error::Payload {
            path: path(),
            release: id("r1"),
            source: payload::Error::Write { path: "/nowhere/x".into(), source: io() },
        },
        Error::drift(&id("r1"), 2, "missing `a`"),
        Error::CannotVerify { release: id("r1"), source: missing() },
        Error::NoGo { release: id("r1"), why: "terminated".into() },
        Error::owed(&id("r1"), "no drush"),
        Error::Reverted { release: id("r1"), why: "asked".into(), live: "`r0`".into() },
        Error::Usage("name it".into()),
        record::Error::Missing { path: path() }.into(),
        Error::push_incomplete(&id("r1"), &list(&["web1", "web2"])),
        Error::other_hosts(&path(), &list(&["web1"])),
        Error::swap("mixed".into(), ExitCode::Mixed, None),
        Error::swap("rolled back".into(), ExitCode::RolledBack, None),
        Error::swap("rolled back".into(), ExitCode::RolledBack, Some("do x")),
        Error::fleet_drift(&list(&["web1"]), 0, 2, Path::new("f.toml"), None),
        Error::fleet_drift(&list(&["web1"]), 1, 2, Path::new("f.toml"), Some(&id("r1"))),
        Error::FleetVerb { failed: 1, all: 2 },
        Error::FleetVerb { failed: 2, all: 2 },
        Error::Aborted,
    ];
    all.extend(shared);
    all.extend(receive);
    all
}

#[test]
fn messages_exit_codes_and_hints_are_those_that_are_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error/messages.txt");
    let text: String = all()
        .iter()
        .map(|error| {
            let hint = error.hint().map(|hint| format!("  hint: {hint}\n")).unwrap_or_default();
            let hint = hint.replace(&format!("-o {} ", remedy::user()), "-o USER ");
            format!("{} {error}\n{hint}", error.exit_code().number())
        })
        .collect();
    if std::env::var_os("MKT_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "MKT_UPDATE=1 cargo test -p swap-release writes it");
}
