//! Addresses: every server has a loopback address of its own, since rtorrent allows one connection per address.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

/// Ports of a fleet, the same on every server, and the servers' addresses.
#[derive(Debug, Clone)]
pub struct Network {
    /// One address a server, in 127.0.0.0/8 or in a network of their own.
    pub addresses: Vec<IpAddr>,
    /// sshd.
    pub ssh: u16,
    /// nginx.
    pub http: u16,
    /// rtorrent.
    pub peer: u16,
}

impl Network {
    /// `count` addresses below a random 127.x.y.0 on which the three ports are free. They lie below the range from
    /// which the kernel takes ports for outgoing connections (`ip_local_port_range`), so none is taken by chance.
    ///
    /// # Panics
    /// When a hundred random choices are all taken.
    #[must_use]
    pub fn pick(count: u8) -> Self {
        for _ in 0..100 {
            let [a, b, c, d, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
            // 127.0.y is where other programs live.
            let (x, y) = (1 + a % 254, b);
            let base = 20_000 + u16::from_ne_bytes([c, d]) % 10_000;
            let addresses: Vec<IpAddr> = (1..=count).map(|z| Ipv4Addr::new(127, x, y, z).into()).collect();
            let network = Self { addresses, ssh: base, http: base + 1, peer: base + 2 };
            if network.is_free() {
                return network;
            }
        }
        panic!("found no free loopback addresses");
    }

    /// `count` addresses of a network of their own, 10.x.y.0/24, for namespaces: all ports are free there.
    #[must_use]
    pub fn apart(count: u8) -> Self {
        let [x, y, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
        // Below 10.16 are the networks that people have.
        let addresses = (1..=count).map(|z| Ipv4Addr::new(10, 16 + x % 224, y, z).into()).collect();
        Self { addresses, ssh: 2222, http: 8080, peer: 6890 }
    }

    /// The same by IPv6 alone, in fd00:x:y::/64 (unique local addresses, RFC 4193).
    #[must_use]
    pub fn apart_by_six(count: u8) -> Self {
        let [a, b, c, d, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
        let (x, y) = (u16::from_ne_bytes([a, b]), u16::from_ne_bytes([c, d]));
        let address = |z: u8| Ipv6Addr::new(0xfd00, x, y, 0, 0, 0, 0, z.into()).into();
        Self { addresses: (1..=count).map(address).collect(), ssh: 2222, http: 8080, peer: 6890 }
    }

    fn is_free(&self) -> bool {
        self.addresses.iter().all(|address| {
            [self.ssh, self.http, self.peer].iter().all(|port| TcpListener::bind((*address, *port)).is_ok())
        })
    }
}
