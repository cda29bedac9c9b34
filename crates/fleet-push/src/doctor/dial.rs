//! Dialling the address that other peers dial. Between pushes nobody listens on the port of an embedded peer, and that is an
//! answer, too: a machine that refuses a connection can be reached, one behind a firewall that drops packets says nothing.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use inventory::{Engine, Host};

use super::look::Look;
use crate::hosts::address::peer_ip;

/// Twice the first retransmission of a SYN (RFC 6298, 2.1: one second), and short enough for an abort.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Somebody listens.
    Accepted,
    /// The machine is there, and nobody listens.
    Refused,
    /// Nothing came back.
    Silence,
    /// There is no way there.
    NoWay(String),
}

/// Dials from this machine, which is one of the peers. `None` where there is no address, or no port that is free.
pub(crate) fn dial(host: &Host, look: &Look) -> Option<(SocketAddr, Answer)> {
    let address = peer_ip(host)?;
    let port = match host.engine {
        Engine::Rtorrent => host.peer_port,
        Engine::Embedded => free_ports(host, address, look).next()?,
    };
    let place = SocketAddr::new(address, port);
    let answer = match TcpStream::connect_timeout(&place, PATIENCE) {
        Ok(_) => Answer::Accepted,
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused => Answer::Refused,
            ErrorKind::TimedOut => Answer::Silence,
            _ => Answer::NoWay(error.to_string()),
        },
    };
    Some((place, answer))
}

/// The ports on which its embedded peer could listen.
pub(crate) fn free_ports(host: &Host, dialled: IpAddr, look: &Look) -> impl Iterator<Item = u16> {
    let listen = host.peer_listen.unwrap_or(dialled);
    let taken = move |port: u16| {
        look.listening.iter().any(|(address, other)| *other == port && meets(*address, listen))
    };
    host.peer_ports.ports().filter(move |port| !taken(*port))
}

/// Whether who listens at `taken` keeps another from listening at `wanted`.
fn meets(taken: IpAddr, wanted: IpAddr) -> bool {
    match (taken, wanted) {
        (taken, wanted) if taken == wanted => true,
        // Who listens on all addresses of IPv6 has those of IPv4, too, unless told otherwise (ipv6(7), IPV6_V6ONLY).
        (IpAddr::V6(taken), _) if taken.is_unspecified() => true,
        (taken, wanted) => {
            taken.is_ipv4() == wanted.is_ipv4() && (taken.is_unspecified() || wanted.is_unspecified())
        }
    }
}
