//! What a push would do on one host.

use cli::human;
use inventory::Host;
use record::host::HostStatus;
use record::{PlanAction, PlannedHost, Release, Verdict};

use super::names::Longest;
use crate::doctor::Observed;
use crate::doctor::look::Socket;
use crate::doctor::seen::{Seen, SeenRtorrent};
use crate::error::Fault;
use crate::show::words::engine_word;

/// A file takes a block of the disk at least.
const BLOCK: u64 = 4096;
/// Here the release itself is known, and not only how large the largest was.
const NOT_SHARED: &str = "free-space";
/// Without its socket an rtorrent can be fed all the same.
const RPC: &str = "rtorrent-rpc";

/// What would become of the release there, by what was seen of the host and by all that `doctor` would say of it.
pub(super) fn plan(
    host: &Host,
    release: &Release,
    longest: Option<&Longest>,
    observed: &Observed,
) -> PlannedHost {
    let mut planned = PlannedHost {
        bytes: release.payload.bytes,
        needs_bytes: release.payload.bytes + release.bytes + release.files * BLOCK,
        ..unknown(host, PlanAction::Push)
    };
    for check in &observed.checks {
        let no_socket = || observed.seen.as_ref().is_some_and(has_no_socket);
        if check.check == NOT_SHARED || check.check == RPC && no_socket() {
            continue;
        }
        let remedy = check.remedy.as_ref().map_or_else(String::new, |remedy| format!(" ({remedy})"));
        let text = format!("{}{remedy}", check.found);
        match check.verdict {
            Verdict::Fault => planned.problems.push(text),
            Verdict::Warning => planned.warnings.push(text),
            Verdict::Ok | Verdict::Unknown => {}
        }
    }
    if let Some(seen) = &observed.seen {
        look(host, seen, release, longest, &mut planned);
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

fn look(host: &Host, seen: &Seen, release: &Release, longest: Option<&Longest>, planned: &mut PlannedHost) {
    let probe = &seen.probe;
    planned.clock_ahead_ms = probe.clock_ahead_ms;
    planned.free_bytes = probe.free_bytes;
    planned.free_inodes = probe.free_inodes;
    let version = probe.version.as_ref().ok();
    planned.swap_release = version.map(|said| said.strip_prefix("swap-release ").unwrap_or(said).to_owned());
    if let Some(Ok(status)) = &seen.status {
        known(status, release, planned);
    }
    if planned.action == PlanAction::Push {
        room(seen, release, planned);
        planned.problems.extend(longest.and_then(|longest| longest.problem(host, release, probe.longest)));
        if let Some(rtorrent) = &seen.rtorrent {
            ask_rtorrent(host, seen, rtorrent, planned);
        }
    }
}

/// What swap-release knows there.
fn known(status: &HostStatus, release: &Release, planned: &mut PlannedHost) {
    planned.live = status.current.clone();
    if status.has(&release.id, &release.tree_digest) {
        planned.action = PlanAction::Nothing;
    } else if let Some(known) = status.release(&release.id)
        && known.release.tree_digest != release.tree_digest
    {
        let fault = Fault::OtherTree { release: release.id.clone(), found: known.release.tree_digest };
        planned.problems.push(fault.to_string());
    }
}

fn room(seen: &Seen, release: &Release, planned: &mut PlannedHost) {
    let probe = &seen.probe;
    if let Some(free) = probe.free_bytes.filter(|free| *free < planned.needs_bytes) {
        planned.problems.push(format!(
            "not enough room below {}: {} free, {} needed (remove old releases by swap-release prune, or what else lies there)",
            probe.place,
            human::bytes(free),
            human::bytes(planned.needs_bytes)
        ));
    }
    if let Some(free) = probe.free_inodes.filter(|free| *free < release.files) {
        planned.problems.push(format!(
            "not enough inodes below {}: {free} free, {} (remove old releases by swap-release prune, or directories of \
             many small files)",
            probe.place,
            human::count(release.files, "file", "files")
        ));
    }
}

fn has_no_socket(seen: &Seen) -> bool {
    matches!(seen.look.socket, None | Some(Socket::Missing))
}

fn ask_rtorrent(host: &Host, seen: &Seen, rtorrent: &SeenRtorrent, planned: &mut PlannedHost) {
    planned.rtorrent = rtorrent.version.as_ref().ok().cloned();
    if planned.rtorrent.is_none() && has_no_socket(seen) {
        planned.warnings.push(format!(
            "no RPC socket `{}`: its rtorrent, if it runs, is fed by `{}` and followed by swap-release",
            host.rpc_socket, host.watch_dir
        ));
    }
}
