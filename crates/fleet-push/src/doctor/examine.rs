//! Asking one host, and judging what it says.

use std::time::Duration;

use inventory::{Host, RemotePath};
use record::{Check, Sha256};
use remote::{Argv, Interrupt, Remote, SshOptions};
use rtorrent_rpc::{Client, Value};

use super::Subject;
use super::checks;
use super::dial::dial;
use super::hold::{Held, Place, hold};
use super::live::live;
use super::look::{Look, Part, look};
use super::remedy::has_rtorrent;
use super::seen::{self, Seen, SeenRtorrent};
use super::trial::trial;
use crate::doctor::drupal;
use crate::doctor::lint::lint;
use crate::doctor::probe::{Probe, probe};
use crate::engine::rtorrent::channel::Channel;
use crate::error::Fault;
use crate::hosts::staging;

const BRIEF: Duration = Duration::from_secs(30);
/// `$1` the file: says what arrived, and takes it away.
const ARRIVED: &str = r#"sha256sum <"$1"; rm -f -- "$1""#;

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trial {
    /// An rtorrent is given a torrent.
    Whole,
    /// It is only asked.
    Ask,
}

/// A host that was looked at.
pub(crate) struct Observed {
    pub(crate) checks: Vec<Check>,
    /// Nothing if it could not be reached.
    pub(crate) seen: Option<Seen>,
    /// Kept until all hosts were looked at.
    pub(super) held: Option<Held>,
}

impl Observed {
    /// What the host of this name is besides, as far as it found out.
    pub(crate) fn also(&self) -> Option<&str> {
        match &self.seen.as_ref()?.place {
            Place::Also(name) => Some(name),
            Place::Alone | Place::Refused(_) | Place::Untold => None,
        }
    }
}

/// Examines the host. What is wrong with it becomes part of the answer.
pub(super) fn examine(
    subject: &Subject<'_>,
    run: &str,
    trial: Trial,
    options: &SshOptions,
    interrupt: &Interrupt,
) -> Observed {
    match observe(subject, run, trial, options, interrupt) {
        Ok((seen, held)) => Observed { checks: checks::all(subject, &seen), seen: Some(seen), held },
        Err(fault) => Observed { checks: vec![checks::ssh::failed(subject, &fault)], seen: None, held: None },
    }
}

fn observe(
    subject: &Subject<'_>,
    run: &str,
    trial: Trial,
    options: &SshOptions,
    interrupt: &Interrupt,
) -> Result<(Seen, Option<Held>), Fault> {
    let host = subject.host;
    let remote = match remote::connect(host, options) {
        // As in a push, a connection that broke is worth another one.
        Err(error) if error.is_connection_loss() => remote::connect(host, options)?,
        connected => connected?,
    };
    let remote = &*remote;
    let probe = probe(remote, host)?;
    let look = look(remote, subject)?;
    let upload = upload(remote)?;
    let status = status(remote, subject, &probe, &look)?;
    let live = match (subject.health, &status) {
        (Some(health), Some(Ok(status))) => Some(live(remote, host, health, status)?),
        _ => None,
    };
    let lint = if probe.version.is_ok() { lint(remote, host, subject.health, subject.hooks)? } else { None };
    let rtorrent =
        if has_rtorrent(host) { Some(rtorrent(remote, host, &look, trial, interrupt)?) } else { None };
    let mut drupal = match subject.drupal {
        Some(drupal) => drupal::examine(remote, host, drupal, subject.shared)?,
        None => Vec::new(),
    };
    if let (Some(health), Some(Ok(status))) = (subject.health, &status) {
        drupal.extend(drupal::ask_code(host, health, status, &drupal));
    }
    let dialled = if host.local { None } else { dial(host, &look) };
    let noise = remote.noise();
    // Last: it occupies a session for as long as others are looked at, and a server may allow one only.
    let writable = matches!(look.parts.get("deploy_to"), Some(Part::Directory { writable: true, .. }));
    let (place, held) = match writable.then(|| hold(remote, host, run)).transpose()? {
        Some((place, held)) => (place, Some(held)),
        None => (Place::Untold, None),
    };
    Ok((Seen { probe, look, noise, place, upload, status, live, lint, drupal, dialled, rtorrent }, held))
}

/// Sends a small file as a push sends one, and asks what arrived.
fn upload(remote: &dyn Remote) -> Result<Result<(), String>, Fault> {
    let bytes: Vec<u8> = (0..20_000).map(|_| fastrand::u8(..)).collect();
    let path = format!("/tmp/.mkt-doctor-{:016x}", fastrand::u64(..));
    let path: RemotePath = path.parse().map_err(Fault::Settings)?;
    match remote.upload(&bytes, &path) {
        Ok(()) => {}
        Err(
            error @ (remote::HostError { kind: remote::HostFault::Upload { .. }, .. }
            | remote::HostError { kind: remote::HostFault::Refused { .. }, .. }),
        ) => {
            return Ok(Err(Fault::from(error).beside()));
        }
        Err(error) => return Err(error.into()),
    }
    let output = remote.exec(&Argv::new("sh").args(["-c", ARRIVED, "sh", path.as_str()]), b"", BRIEF)?;
    let found = String::from_utf8_lossy(&output.stdout);
    if found.split_whitespace().any(|word| word == Sha256::of(&bytes).to_string()) {
        return Ok(Ok(()));
    }
    let what = if output.status.success() { "it arrived altered".to_owned() } else { output.reason() };
    Ok(Err(format!("sha256sum of a file that was sent: {what}")))
}

fn status(
    remote: &dyn Remote,
    subject: &Subject<'_>,
    probe: &Probe,
    look: &Look,
) -> Result<Option<Result<record::host::HostStatus, String>>, Fault> {
    let is_there = matches!(look.parts.get("deploy_to"), Some(Part::Directory { .. }));
    if !is_there || probe.version.is_err() {
        return Ok(None);
    }
    match staging::status_with(remote, subject.host, subject.shared) {
        Ok(status) => Ok(Some(Ok(status))),
        Err(fault @ (Fault::Command { .. } | Fault::Answer { .. })) => Ok(Some(Err(fault.to_string()))),
        Err(fault) => Err(fault),
    }
}

fn rtorrent(
    remote: &dyn Remote,
    host: &Host,
    look: &Look,
    wanted: Trial,
    interrupt: &Interrupt,
) -> Result<SeenRtorrent, Fault> {
    let raised = interrupt.clone();
    let client = Client::new(Channel { remote, host }).with_cancel(move || raised.is_raised());
    let version = match client.client_version().map_err(Fault::from) {
        Ok(version) => Ok(version),
        Err(fault @ Fault::Terminated) => return Err(fault),
        Err(fault) if fault.is_connection_loss() => return Err(fault),
        Err(fault) => Err(fault.beside()),
    };
    if version.is_err() || wanted == Trial::Ask {
        return Ok(SeenRtorrent { version, events: None, trial: None });
    }
    let keys = |event: &str| -> Option<Vec<String>> {
        let reply = client.call("method.list_keys", &[Value::from(""), Value::from(event)]).ok()?;
        Some(reply.as_array()?.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect())
    };
    let events = keys("event.download.finished").zip(keys("event.download.hash_done"));
    let may_put = matches!(look.parts.get("watch"), Some(Part::Directory { writable: true, .. }));
    let trial = match may_put.then(|| trial(remote, host, &client, interrupt)).transpose() {
        Ok(trial) => trial,
        Err(fault @ Fault::Terminated) => return Err(fault),
        Err(fault) if fault.is_connection_loss() => return Err(fault),
        Err(fault) => Some(seen::Trial::NotPut(fault.beside())),
    };
    Ok(SeenRtorrent { version, events: events.map(|(one, other)| [one, other]), trial })
}
