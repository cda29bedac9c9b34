//! The manifests of what a fleet serves: what `mkt-pack` wants as a base where the records of the last build are gone.

use std::collections::BTreeMap;
use std::time::Instant;

use agent::AgentError;
use inventory::Host;
use payload::{MAX_MANIFEST_BYTES, Manifest, TreeDigest};
use record::{ExitCode, ReleaseId};
use remote::{Argv, LineRead, Remote};

use super::answers::PATIENCE;
use super::controller::Controller;
use super::host::Fault;
use super::statuses::{Statuses, reachable};
use crate::Error;
use crate::host::verbs::manifest::{nothing, write};

/// Prints the manifest of the named release, else of every release that is live somewhere, that of the most hosts first. Each
/// comes from a host and is proved by its digest; where nothing is live it is one without entries.
pub(crate) fn manifest(controller: &Controller<'_>, release: Option<&ReleaseId>) -> Result<ExitCode, Error> {
    let console = controller.console;
    let (statuses, away) = reachable(controller)?;
    for (host, why) in &away {
        console.warn(format!("{host} cannot be asked: {why}"));
    }
    if statuses.is_empty() {
        return Err(Error::FleetVerb { failed: away.len(), all: controller.hosts.len() });
    }
    let trees = trees(&statuses, release);
    if let (Some(release), true) = (release, trees.is_empty()) {
        // Says which there are.
        super::statuses::description(&statuses, release)?;
    }
    if trees.is_empty() {
        console.say("no host serves a release that was built: a manifest without entries");
        return write(&nothing()?, console);
    }
    if trees.len() > 1 {
        let list: Vec<String> = trees
            .iter()
            .map(|tree| format!("`{}` ({}) on {}", tree.id, tree.digest_12(), tree.hosts.join(", ")))
            .collect();
        console.warn(format!("the hosts do not serve the same: {}; each is a base", list.join("; ")));
    }
    let mut out = Vec::new();
    for tree in &trees {
        out.extend(tree.fetch(controller)?);
    }
    write(&out, console)
}

/// A tree that some hosts have.
struct Tree {
    id: ReleaseId,
    digest: TreeDigest,
    hosts: Vec<String>,
}

/// What there is, that of the most hosts first. What was taken over has no manifest.
fn trees(statuses: &Statuses, release: Option<&ReleaseId>) -> Vec<Tree> {
    let mut by_digest: BTreeMap<[u8; 32], Tree> = BTreeMap::new();
    for (host, status) in statuses {
        let id = release.or(status.current.as_ref());
        let Some(known) = id.and_then(|id| status.release(id)) else { continue };
        if !known.origin.is_built() {
            continue;
        }
        let digest = *known.release.tree_digest.as_bytes();
        let tree = by_digest.entry(digest).or_insert_with(|| Tree {
            id: known.release.id.clone(),
            digest: TreeDigest::new(digest),
            hosts: Vec::new(),
        });
        tree.hosts.push(host.clone());
    }
    let mut trees: Vec<Tree> = by_digest.into_values().collect();
    trees.sort_by_key(|tree| std::cmp::Reverse(tree.hosts.len()));
    trees
}

impl Tree {
    fn digest_12(&self) -> String {
        self.digest.to_string().chars().take(12).collect()
    }

    /// The bytes of its manifest, from the first host that gives the right ones.
    fn fetch(&self, controller: &Controller<'_>) -> Result<Vec<u8>, Error> {
        let mine = |host: &&Host| self.hosts.iter().any(|name| name == host.name.as_str());
        for host in controller.hosts.iter().filter(mine) {
            controller.abort.check()?;
            let argv = controller.argv(host, "manifest").arg(self.id.as_str());
            let fetched =
                (controller.dial)(host).map_err(Fault::from).and_then(|remote| fetch(&*remote, &argv));
            let why = match fetched.map(|bytes| (Manifest::parse(&*bytes), bytes)) {
                Ok((Ok(manifest), bytes)) if manifest.digest() == self.digest => return Ok(bytes),
                Ok((Ok(manifest), _)) => format!("its manifest is of another tree, {}", manifest.digest()),
                Ok((Err(error), _)) => error.to_string(),
                Err(fault) => fault.to_string(),
            };
            controller.console.warn(format!("{}: {why}", host.name));
        }
        Err(Error::FleetVerb { failed: self.hosts.len(), all: controller.hosts.len() })
    }
}

/// Line by line: a manifest is longer than other answers.
fn fetch(remote: &dyn Remote, argv: &Argv) -> Result<Vec<u8>, Fault> {
    let deadline = Instant::now() + PATIENCE;
    let mut process = remote.spawn(argv)?;
    process.close_stdin()?;
    let mut bytes = Vec::new();
    let failed = |reason: &str| {
        Fault::Agent(AgentError::Failed {
            verb: agent::verb(argv).to_owned(),
            status: None,
            reason: reason.to_owned(),
            hint: None,
        })
    };
    loop {
        match process.read_line(deadline)? {
            LineRead::Line(line) => {
                bytes.extend(line.into_bytes());
                bytes.push(b'\n');
            }
            LineRead::End => break,
            LineRead::TimedOut => return Err(failed("timed out")),
        }
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(failed("longer than any manifest"));
        }
    }
    let status = process.wait(deadline)?;
    if status.success() {
        return Ok(bytes);
    }
    Err(failed(
        process
            .stderr()
            .lines()
            .rev()
            .find(|line| line.contains("error:"))
            .unwrap_or(&format!("it ended with {status}")),
    ))
}
