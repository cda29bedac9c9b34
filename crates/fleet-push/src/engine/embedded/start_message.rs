//! The first message to a host's receiver.

use std::net::Ipv4Addr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inventory::{Host, Rate};
use record::receive::Receive;
use swarm_peer::PushKey;

use crate::error::Fault;
use crate::hosts::address::peer_ip;
use crate::job::Job;

/// For `host`; it stages what it gets, or only gives what it has.
pub(crate) fn start_message(job: &Job, host: &Host, stage: bool) -> Result<Receive, Fault> {
    let text = |bytes: &[u8], what: &str| {
        String::from_utf8(bytes.to_vec()).map_err(|_| Fault::Settings(format!("{what} is not UTF-8")))
    };
    let ports = host.peer_ports.ports();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(Receive {
        push: job.peers.push.clone(),
        host: host.name.to_string(),
        record: text(&job.record, "the record")?,
        torrent: STANDARD.encode(job.torrent.bytes_for(&host.name)?),
        manifest: job.manifest.as_deref().map(|bytes| text(bytes, "the manifest")).transpose()?,
        shared: job.shared.iter().map(ToString::to_string).collect(),
        owner: job.owner.clone(),
        listen: host.peer_listen.or_else(|| peer_ip(host)).unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
        ports: (*ports.start(), *ports.end()),
        admit: job.peers.admit.clone(),
        key: job.peers.key.as_ref().map(PushKey::expose),
        max_upload: host.max_upload.map(Rate::bytes_per_second),
        stall_ms: millis(job.stall),
        grace_ms: millis(job.peers.grace),
        stage,
    })
}
