//! The sshds that are looked at, and what was seen there.

use std::path::PathBuf;

use inventory::Host;
use remote::{HostKeyScan, SeenKey, Standing};

/// One sshd.
#[derive(Debug)]
pub(super) struct Target {
    /// What it is called: the host's name, or a jump host's address.
    pub(super) name: String,
    /// How to get there.
    pub(super) host: Host,
}

/// Every sshd of these hosts and on the way to them, each once, in waves: those that are dialled directly, those behind them, and
/// so on. Hosts that are this machine have none.
pub(super) fn targets(hosts: &[Host]) -> Vec<Vec<Target>> {
    let mut waves: Vec<Vec<Target>> = Vec::new();
    let mut put = |name: String, host: Host| {
        let depth = host.jump.len();
        waves.resize_with(waves.len().max(depth + 1), Vec::new);
        let Some(wave) = waves.get_mut(depth) else { return };
        let same = |known: &Target| {
            let (one, other) = (&known.host, &host);
            (&one.address, one.port, &one.jump, &one.known_hosts)
                == (&other.address, other.port, &other.jump, &other.known_hosts)
        };
        if !wave.iter().any(same) {
            wave.push(Target { name, host });
        }
    };
    // A jump host that is one of the hosts, too, is called by its name.
    let dialled = || hosts.iter().filter(|host| !host.local);
    for host in dialled() {
        put(host.name.to_string(), host.clone());
    }
    for host in dialled() {
        for jump in host.way() {
            put(jump.address.to_string(), jump);
        }
    }
    waves.retain(|wave| !wave.is_empty());
    waves
}

/// What was seen there.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) target: Target,
    pub(super) known_hosts: PathBuf,
    pub(super) keys: Vec<Key>,
    /// Why a connection would be refused.
    pub(super) problem: Option<Problem>,
}

/// One key of it.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) seen: SeenKey,
    /// Somebody vouches for it.
    pub(super) chosen: bool,
    pub(super) added: bool,
}

/// Why it is not trusted.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

impl Seen {
    pub(super) fn new(target: Target, result: Result<HostKeyScan, remote::HostError>) -> Self {
        let name = target.host.name.clone();
        let problem = |error: &remote::HostError| {
            let text = error.to_string();
            let prefix = format!("host `{name}`: ");
            Problem { text: text.strip_prefix(&prefix).unwrap_or(&text).to_owned(), hint: error.hint() }
        };
        match result {
            Ok(scan) => Self {
                problem: scan.refused.as_ref().map(problem),
                keys: scan.keys.into_iter().map(|seen| Key { seen, chosen: false, added: false }).collect(),
                known_hosts: scan.known_hosts,
                target,
            },
            Err(error) => {
                let problem = Some(problem(&error));
                Self { problem, keys: Vec::new(), known_hosts: PathBuf::new(), target }
            }
        }
    }

    pub(super) fn defect(target: Target) -> Self {
        let text = "a defect in fleet-push ended the work on this host".to_owned();
        let problem = Some(Problem { text, hint: None });
        Self { target, known_hosts: PathBuf::new(), keys: Vec::new(), problem }
    }

    /// A connection would be made.
    pub(super) fn is_trusted(&self) -> bool {
        self.problem.is_none()
    }

    /// It has a key of this standing.
    pub(super) fn has(&self, standing: &Standing) -> bool {
        self.keys.iter().any(|key| key.seen.standing == *standing)
    }

    /// There is something to be added, and nothing that forbids it: where one key is not what it should be, the others of that
    /// host are nobody's business until that is cleared up.
    pub(super) fn may_be_added_to(&self) -> bool {
        let fits = |key: &Key| matches!(key.seen.standing, Standing::Known | Standing::New);
        self.has(&Standing::New) && self.keys.iter().all(fits)
    }

    /// Chooses the keys whose fingerprint is `wanted`.
    pub(super) fn choose(&mut self, wanted: impl Fn(&str) -> bool) {
        for key in &mut self.keys {
            key.chosen = wanted(&key.seen.key.fingerprint());
        }
    }

    /// What was chosen is in the file now.
    pub(super) fn chosen_is_added(&mut self) {
        for key in self.keys.iter_mut().filter(|key| key.chosen && key.seen.standing == Standing::New) {
            key.added = true;
            // A connection asks for the types that are known.
            self.problem = None;
        }
    }
}
