//! What a host's receiver is told first.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleet::{Host, Rate};
use record::receive::Receive;
use swarm_peer::PushKey;

use crate::error::Fault;
use crate::hosts::address::peer_ip;
use crate::job::Job;

/// What all receivers of one push have in common.
#[derive(Clone, Debug)]
pub(crate) struct Company {
    /// The name of the push, for receivers that make way to each other.
    pub(crate) push: String,
    /// The secret of the push; none when somebody takes part who cannot prove it.
    pub(crate) key: Option<PushKey>,
    /// Who may connect.
    pub(crate) admit: Vec<IpAddr>,
    /// How long receivers go on without us.
    pub(crate) grace: Duration,
}

/// Every address by which one of the fleet, or who was named beside it, may come in.
pub(crate) fn admitted(hosts: &[Host], others: &[SocketAddr]) -> Vec<IpAddr> {
    let of_host = |host: &Host| [peer_ip(host), host.address.ip(), host.peer_address, host.peer_listen];
    let known: BTreeSet<IpAddr> =
        hosts.iter().flat_map(of_host).flatten().chain(others.iter().map(SocketAddr::ip)).collect();
    known.into_iter().filter(|ip| !ip.is_unspecified()).collect()
}

impl Job {
    /// For `host`; it stages what it gets, or only gives what it has.
    pub(crate) fn opening(&self, host: &Host, stage: bool) -> Result<Receive, Fault> {
        let text = |bytes: &[u8], what: &str| {
            String::from_utf8(bytes.to_vec()).map_err(|_| Fault::Settings(format!("{what} is not UTF-8")))
        };
        let ports = host.peer_ports.ports();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Ok(Receive {
            push: self.company.push.clone(),
            host: host.name.to_string(),
            record: text(&self.record, "the record")?,
            torrent: STANDARD.encode(self.torrent.bytes_for(&host.name)?),
            manifest: self.manifest.as_deref().map(|bytes| text(bytes, "the manifest")).transpose()?,
            shared: self.shared.iter().map(ToString::to_string).collect(),
            owner: self.owner.clone(),
            listen: host.peer_listen.or_else(|| peer_ip(host)).unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
            ports: (*ports.start(), *ports.end()),
            admit: self.company.admit.clone(),
            key: self.company.key.as_ref().map(PushKey::expose),
            max_upload: host.max_upload.map(Rate::bytes_per_second),
            stall_ms: millis(self.stall),
            grace_ms: millis(self.company.grace),
            stage,
        })
    }
}
