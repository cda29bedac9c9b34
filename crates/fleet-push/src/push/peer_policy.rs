//! Who may take part in a push, from the inventory and what was named beside it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use inventory::{Engine, Host, Inventory};
use swarm_peer::PushKey;

use crate::Error;
use crate::hosts::address::peer_ip;
use crate::job::peer_policy::PeerPolicy;
use crate::push::settings::PushSettings;

/// What the receivers have in common. A secret is only for a fleet in which all can prove that they know it.
pub(crate) fn peer_policy(
    settings: &PushSettings,
    inventory: &Inventory,
    hosts: &[Host],
) -> Result<PeerPolicy, Error> {
    let foreign = inventory.seeder.is_some()
        || !settings.allow_peer.is_empty()
        || hosts.iter().any(|host| host.engine == Engine::Rtorrent);
    let key = if foreign { None } else { Some(PushKey::random().map_err(Error::Key)?) };
    let mut others = settings.allow_peer.clone();
    others.extend(inventory.seeder.as_ref().map(|seeder| seeder.peer));
    let mut admit = admitted(hosts, &others);
    admit.extend(inventory.own_seeder.address);
    Ok(PeerPolicy { push: format!("{:032x}", fastrand::u128(..)), key, admit, grace: settings.grace })
}

/// Every address by which one of the fleet, or who was named beside it, may connect.
fn admitted(hosts: &[Host], others: &[SocketAddr]) -> Vec<IpAddr> {
    let of_host = |host: &Host| [peer_ip(host), host.address.ip(), host.peer_address, host.peer_listen];
    let known: BTreeSet<IpAddr> =
        hosts.iter().flat_map(of_host).flatten().chain(others.iter().map(SocketAddr::ip)).collect();
    known.into_iter().filter(|ip| !ip.is_unspecified()).collect()
}
