//! Phase one on a host: it is there, it has the release, and the tree on its disk is the one that was built.

use std::time::Duration;

use record::host::{HostStatus, Origin, ReleaseState, VerifyReply};
use record::{ExitCode, Release, ReleaseId};
use remote::Output;

use super::host_task::HostTask;
use super::plan::Plan;
use crate::fleet::controller::Dial;
use crate::fleet::host::Fault;
use crate::fleet::own_name::own_name;

/// Hashing a large tree on a slow disk.
const VERIFY: Duration = Duration::from_secs(600);
const STATUS: Duration = Duration::from_secs(60);
const LINT: Duration = Duration::from_secs(20);

/// Connects and proves. Changes nothing on the host.
pub(crate) fn prepare(task: &mut HostTask, release: &Release, dial: &Dial, plan: &Plan) {
    if let Err(fault) = try_prepare(task, release, dial, plan) {
        task.busy = matches!(fault, Fault::Busy(_));
        task.fail_by(&fault);
    }
}

fn try_prepare(task: &mut HostTask, release: &Release, dial: &Dial, plan: &Plan) -> Result<(), Fault> {
    let owner = plan.owner.as_deref();
    let remote = dial(&task.host)?;
    let argv = crate::fleet::controller::argv(&task.host, "status", owner).arg("--json");
    let status: HostStatus = agent::ask(&*remote, &argv, b"", STATUS)?;
    task.before = status.current.clone();
    task.after = status.current.clone();
    task.own = own_name(&status, release);
    let own = task.own.as_ref().and_then(|own| status.release(own)).map(|known| known.release.clone());
    let release = own.as_ref().unwrap_or(release);
    let adopted = |id: &ReleaseId| match &status.release(id)?.origin {
        Origin::Adopted { directory } => Some((id.clone(), directory.clone())),
        Origin::Built => None,
    };
    task.adopted = status.current.iter().chain([&release.id]).filter_map(adopted).collect();
    expect_ready(&status, release, plan.retry_failed)?;
    // What was taken over has a tree of its own on each host, and no manifest.
    if adopted(&release.id).is_some() {
        task.remote = Some(remote);
        return Ok(());
    }
    let argv =
        crate::fleet::controller::argv(&task.host, "verify", owner).args([release.id.as_str(), "--json"]);
    let proof: VerifyReply = agent::ask(&*remote, &argv, b"", VERIFY)?;
    if !proof.ok || proof.tree_digest != release.tree_digest {
        return Err(Fault::NotReady(format!(
            "`{}` on this host has another tree: {}",
            release.id, proof.tree_digest
        )));
    }
    let switched_before = status.releases.iter().any(|known| known.state == ReleaseState::Retired);
    if status.previous.is_none() && !switched_before {
        // Before the first switch, not at each: what visitors will see is reported while nothing has changed yet.
        let argv = agent::command(&task.host, "lint");
        // One that cannot tell says nothing against the release.
        task.warnings = remote.exec(&argv, b"", LINT).map(|output| findings(&output)).unwrap_or_default();
    }
    task.remote = Some(remote);
    Ok(())
}

/// What lint has found, a line a finding, if that is why it ended so.
fn findings(output: &Output) -> Vec<String> {
    if output.status.code() != Some(i32::from(ExitCode::BadInput.number())) {
        return Vec::new();
    }
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn expect_ready(status: &HostStatus, release: &Release, retry_failed: bool) -> Result<(), Fault> {
    if let Some(owner) = &status.busy {
        return Err(Fault::Busy(format!("locked by {owner}")));
    }
    if status.has(&release.id, &release.tree_digest) {
        return Ok(());
    }
    Err(Fault::NotReady(match status.release(&release.id) {
        None => format!("release `{}` is not staged on this host", release.id),
        Some(known) if known.release.tree_digest != release.tree_digest => {
            format!("release `{}` has tree {} on this host", release.id, known.release.tree_digest)
        }
        Some(known) if known.state == ReleaseState::Failed && retry_failed => return Ok(()),
        Some(known) if known.state == ReleaseState::Failed => {
            format!("release `{}` has failed on this host; push it again, or say --retry-failed", release.id)
        }
        Some(known) => {
            format!("release `{}` is {} on this host; push it again", release.id, known.state)
        }
    }))
}
