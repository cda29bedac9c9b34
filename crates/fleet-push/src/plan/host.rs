//! What a push would do on one host.

use std::time::Duration;

use cli::human;
use fleet::{Engine, Host, Remote, SshOptions};
use record::host::HostStatus;
use record::{PlanAction, PlannedHost, Release};
use rtorrent_rpc::Client;

use super::probe::{Probe, probe};
use crate::channel::Channel;
use crate::fault::Fault;
use crate::report::engine_word;
use crate::swap;

/// A clock that is further off is told: file dates and certificates go by it.
const CLOCK: Duration = Duration::from_secs(60);
/// A file takes a block of the disk at least.
const BLOCK: u64 = 4096;

/// Asks the host. What is wrong with it becomes part of the answer.
pub(super) fn plan(host: &Host, release: &Release, options: &SshOptions) -> PlannedHost {
    let mut planned = PlannedHost {
        bytes: release.payload.bytes,
        needs_bytes: release.payload.bytes + release.bytes + release.files * BLOCK,
        ..unknown(host, PlanAction::Push)
    };
    if let Err(fault) = ask(host, release, options, &mut planned) {
        let mut text = fault.beside(&host.name);
        if let Some(hint) = fault.hint() {
            text = format!("{text} ({hint})");
        }
        planned.problems.push(text);
    }
    if !planned.problems.is_empty() {
        planned.action = PlanAction::Fail;
    }
    if planned.action != PlanAction::Push {
        planned.bytes = 0;
        planned.needs_bytes = 0;
    }
    planned
}

/// A host of which nothing is known yet.
pub(super) fn unknown(host: &Host, action: PlanAction) -> PlannedHost {
    PlannedHost {
        name: host.name.to_string(),
        group: host.group.as_ref().map(ToString::to_string),
        action,
        engine: engine_word(host.engine).to_owned(),
        bytes: 0,
        needs_bytes: 0,
        free_bytes: None,
        free_inodes: None,
        clock_ahead_ms: None,
        swap_release: None,
        rtorrent: None,
        live: None,
        problems: Vec::new(),
        warnings: Vec::new(),
    }
}

fn ask(host: &Host, release: &Release, options: &SshOptions, planned: &mut PlannedHost) -> Result<(), Fault> {
    let remote = match fleet::connect(host, options) {
        // As in a push, a connection that broke is worth another one.
        Err(error) if error.is_connection_loss() => fleet::connect(host, options)?,
        connected => connected?,
    };
    let probe = probe(&*remote, host)?;
    planned.clock_ahead_ms = probe.clock_ahead_ms;
    planned.free_bytes = probe.free_bytes;
    planned.free_inodes = probe.free_inodes;
    match &probe.version {
        Ok(version) => {
            let version = version.strip_prefix("swap-release ").unwrap_or(version);
            planned.swap_release = Some(version.to_owned());
            if version != env!("CARGO_PKG_VERSION") {
                let ours = env!("CARGO_PKG_VERSION");
                planned.warnings.push(format!("swap-release {version} there, fleet-push {ours} here"));
            }
        }
        Err(reason) => planned.problems.push(format!(
            "no `{}` there: {reason} (install swap-release, or set `swap_release` in fleet.toml to its path)",
            host.swap_release
        )),
    }
    // Before there is a site there is nothing to ask, and asking would make its directory.
    if probe.has_site && probe.version.is_ok() {
        look(&swap::status(&*remote, host)?, release, planned);
    }
    if planned.action == PlanAction::Push {
        room(host, &probe, release, planned);
        if host.engine == Engine::Rtorrent {
            rtorrent(&*remote, host, &probe, planned);
        }
    }
    let ahead = probe.clock_ahead_ms.map(|ms| (ms > 0, Duration::from_millis(ms.unsigned_abs())));
    if let Some((ahead, by)) = ahead.filter(|(_, by)| *by > CLOCK) {
        let way = if ahead { "ahead" } else { "behind" };
        let by = humantime::format_duration(Duration::from_secs(by.as_secs()));
        planned.warnings.push(format!("its clock is {by} {way} of this machine's"));
    }
    Ok(())
}

/// What swap-release knows there.
fn look(status: &HostStatus, release: &Release, planned: &mut PlannedHost) {
    planned.live = status.current.clone();
    if let Some(owner) = &status.busy {
        planned.warnings.push(format!("a deployment is under way there: {owner}"));
    }
    if status.has(&release.id, &release.tree_digest) {
        planned.action = PlanAction::Nothing;
    } else if let Some(known) = status.release(&release.id)
        && known.release.tree_digest != release.tree_digest
    {
        let fault = Fault::OtherTree { release: release.id.clone(), found: known.release.tree_digest };
        planned.problems.push(fault.to_string());
    }
}

fn room(host: &Host, probe: &Probe, release: &Release, planned: &mut PlannedHost) {
    if !probe.writable {
        planned
            .problems
            .push(format!("`{}` may not write to `{}`, for {}", host.user, probe.place, host.deploy_to));
    }
    if let Some(free) = probe.free_bytes.filter(|free| *free < planned.needs_bytes) {
        planned.problems.push(format!(
            "not enough room below {}: {} free, {} needed",
            probe.place,
            human::bytes(free),
            human::bytes(planned.needs_bytes)
        ));
    }
    if let Some(free) = probe.free_inodes.filter(|free| *free < release.files) {
        planned
            .problems
            .push(format!("not enough inodes below {}: {free} free, {} files", probe.place, release.files));
    }
}

fn rtorrent(remote: &dyn Remote, host: &Host, probe: &Probe, planned: &mut PlannedHost) {
    if probe.watch == Some(false) {
        let what = format!(
            "`{}` may not write to `{}`, the watch directory, or it is not there",
            host.user, host.watch_dir
        );
        planned.problems.push(what);
    }
    match Client::new(Channel { remote, host }).client_version().map_err(Fault::from) {
        Ok(version) => planned.rtorrent = Some(version),
        Err(fault) if fault.is_client_down() && matches!(Channel { remote, host }.is_there(), Ok(false)) => {
            planned.warnings.push(format!(
                "no RPC socket `{}`: its rtorrent, if it runs, is fed by `{}` and followed by swap-release",
                host.rpc_socket, host.watch_dir
            ));
        }
        Err(fault) => {
            planned.problems.push(format!("rtorrent does not answer: {}", fault.beside(&host.name)));
        }
    }
}
