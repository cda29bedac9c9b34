//! How the hosts reach the embedded seeder.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address of the seeder, which may be another one for each host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeederAddress {
    /// What hosts dial, if it was set; else it depends on the host.
    ip: Option<IpAddr>,
    port: u16,
}

impl SeederAddress {
    /// Of a seeder that listens on `port`; `ip` is what every host dials, if that was set.
    pub(crate) fn new(ip: Option<IpAddr>, port: u16) -> Self {
        Self { ip, port }
    }

    /// The TCP port.
    pub(crate) fn port(self) -> u16 {
        self.port
    }

    /// What a host at `host` dials: the address that was set, else the one from which this machine would reach it.
    pub(crate) fn seen_from(self, host: IpAddr) -> Option<SocketAddr> {
        let ip = self.ip.or_else(|| local_towards(host))?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// For a record: the address that was set, or the unspecified one.
    pub(crate) fn for_record(self) -> SocketAddr {
        SocketAddr::new(self.ip.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), self.port)
    }
}

/// The source address of the route to `host`. Connecting a UDP socket asks the kernel for it and sends nothing.
fn local_towards(host: IpAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if host.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((host, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_dial_what_was_set_or_the_address_on_the_way_to_them() {
        let set = SeederAddress::new(Some([10, 0, 0, 5].into()), 6900);
        assert_eq!(set.seen_from([10, 0, 0, 11].into()), Some("10.0.0.5:6900".parse().unwrap()));
        let found = SeederAddress::new(None, 6900).seen_from([127, 0, 0, 1].into());
        assert_eq!(found, Some("127.0.0.1:6900".parse().unwrap()));
        let found = SeederAddress::new(None, 6900).seen_from(Ipv6Addr::LOCALHOST.into());
        assert!(
            found.is_none_or(|at| at == "[::1]:6900".parse().unwrap()),
            "by the family of the host: {found:?}"
        );
    }
}
