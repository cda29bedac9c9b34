//! Where other peers dial a host.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use inventory::Host;

/// The address of the embedded peer of `host`, without its port.
pub(crate) fn peer_ip(host: &Host) -> Option<IpAddr> {
    let resolve = || Some((host.address.as_str(), 0).to_socket_addrs().ok()?.next()?.ip());
    host.peer_address.or_else(|| host.address.ip()).or_else(resolve)
}

/// The address of the rtorrent of `host`; rtorrent takes IPv4 addresses only.
pub(crate) fn peer_address(host: &Host) -> Option<SocketAddr> {
    let resolve = || {
        let found = (host.address.as_str(), host.peer_port).to_socket_addrs().ok()?;
        found.map(|address| address.ip()).find(IpAddr::is_ipv4)
    };
    let ip = host.peer_address.or_else(|| host.address.ip()).or_else(resolve)?;
    ip.is_ipv4().then(|| SocketAddr::new(ip, host.peer_port))
}
