//! A host on which all is well, for tests that spoil one thing.

use std::collections::BTreeMap;
use std::path::Path;

use inventory::{Hook, Host, Inventory, SharedPaths};
use record::{Check, Verdict};

use crate::doctor::Subject;
use crate::doctor::hold::Place;
use crate::doctor::lint::Lint;
use crate::doctor::look::{Current, Kind, Look, Part, Serves, Socket, WebUser};
use crate::doctor::probe::{Probe, Program};
use crate::doctor::seen::{Seen, SeenRtorrent, Trial};

/// A host of an inventory with this engine.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) shared: SharedPaths,
    pub(crate) hooks: Vec<Hook>,
}

impl World {
    pub(crate) fn new(engine: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\nshared = [\"files/\", \"settings.php\"]\n[defaults]\nssh_config = \"none\"\n\
             engine = \"{engine}\"\n[hosts.web1]\naddress = \"10.0.0.11\"\n"
        );
        std::fs::write(&path, text).unwrap();
        let inventory = Inventory::load(Path::new(&path)).unwrap();
        Self { host: inventory.hosts[0].clone(), shared: inventory.site.shared, hooks: Vec::new() }
    }

    /// A `[health]` of these keys.
    pub(crate) fn health(keys: &str) -> inventory::Health {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[health]\n{keys}\n[hosts.web1]\naddress = \"10.0.0.11\"\n"
        );
        std::fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap().health.unwrap()
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            host: &self.host,
            shared: &self.shared,
            hooks: &self.hooks,
            drupal: None,
            health: None,
            fleet: "fleet.toml",
            beside: false,
        }
    }
}

/// A user whose one group has its name and number.
pub(crate) fn web_user(name: &str, uid: u64, serves: Serves) -> WebUser {
    WebUser { name: name.into(), group: name.into(), uid, serves, groups: vec![uid] }
}

/// A directory of the account's own.
pub(crate) fn directory(writable: bool) -> Part {
    Part::Directory { writable, device: 1, owner: 1001, owner_name: "deploy".into(), read_only: false }
}

/// A host that has all.
pub(crate) fn good() -> Seen {
    let parts = ["deploy_to", "releases", "shared", "incoming", ".swap", "watch"];
    Seen {
        probe: Probe {
            clock_ahead_ms: Some(3),
            place: "/srv/site".into(),
            writable: true,
            free_bytes: Some(1 << 40),
            free_inodes: Some(1 << 30),
            has_site: true,
            version: Ok(format!("swap-release {}", env!("CARGO_PKG_VERSION"))),
            program: Program::default(),
            longest: (Some(255), Some(4096)),
        },
        noise: None,
        look: Look {
            uid: Some(1001),
            group: Some("deploy".into()),
            umask: Some(0o22),
            parts: parts.map(|name| (name.to_owned(), directory(true))).into(),
            current: Some(Current::Link { target: "releases/r1".into(), leads_somewhere: true }),
            shared: BTreeMap::from([(0, Kind::Directory), (1, Kind::File)]),
            socket: Some(Socket::There { writable: true, owner: "site-rt".into() }),
            ..Look::default()
        },
        place: Place::Alone,
        upload: Ok(()),
        status: None,
        live: None,
        lint: Some(Lint::default()),
        drupal: Vec::new(),
        dialled: None,
        rtorrent: None,
    }
}

/// An rtorrent that works.
pub(crate) fn good_rtorrent() -> SeenRtorrent {
    SeenRtorrent {
        version: Ok("0.9.8".into()),
        events: Some([vec!["swap".into()], vec!["swap".into()]]),
        trial: Some(Trial::Loaded {
            watched: true,
            place: "/srv/site/incoming/mkt-doctor.trial".into(),
            message: String::new(),
            readable: Some(true),
        }),
    }
}

/// Expects a verdict, these words in what was found, and these in the remedy and its commands.
#[track_caller]
pub(crate) fn assert_says(check: &Check, verdict: Verdict, found: &str, remedy: &str) {
    assert_eq!(check.verdict, verdict, "{check:?}");
    assert!(check.found.contains(found), "{found}: {check:?}");
    let commands: Vec<&str> = check.commands.iter().map(|command| command.command.as_str()).collect();
    let all = format!("{}\n{}", check.remedy.as_deref().unwrap_or_default(), commands.join("\n"));
    assert!(all.contains(remedy), "{remedy}: {check:?}");
    assert_eq!(check.remedy.is_some(), matches!(verdict, Verdict::Fault | Verdict::Warning), "{check:?}");
}
