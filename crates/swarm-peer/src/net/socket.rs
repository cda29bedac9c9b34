//! Listening and dialling.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use mio::net::{TcpListener, TcpStream};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};
use socket2::{Domain, SockRef, Socket, Type};

use crate::Error;

/// Listens on the first free port of the range.
pub(super) fn listen(address: IpAddr, ports: &RangeInclusive<u16>) -> Result<TcpListener, Error> {
    let mut last = io::Error::from(io::ErrorKind::InvalidInput);
    for port in ports.clone() {
        match bind(SocketAddr::new(address, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(Error::Listen { address, first: *ports.start(), last: *ports.end(), source: last })
}

/// Connections that wait to be taken in: as many as the system lets a program have without being asked (listen(2)).
const BACKLOG: i32 = 1024;

/// `::` is every address of both families, whatever the system's `bindv6only`, and of IPv4 alone where there is no IPv6.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    if address.ip() != IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        return TcpListener::bind(address);
    }
    match both_families(address) {
        Err(error) if is_without_ipv6(&error) => {
            TcpListener::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))
        }
        result => result,
    }
}

fn both_families(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, None)?;
    socket.set_only_v6(false)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn is_without_ipv6(error: &io::Error) -> bool {
    let without = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL];
    error.raw_os_error().is_some_and(|code| without.iter().any(|errno| errno.raw_os_error() == code))
}

/// Where a connection came from: on a socket of both families IPv4 looks like a part of IPv6 (RFC 4291, 2.5.5.2).
pub(super) fn origin(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// What the system may hold of a connection that has not left yet: enough to keep the network busy, and no more than one HAVE has to
/// wait for. tcp(7), `TCP_NOTSENT_LOWAT`.
const UNSENT: u32 = 16 * 1024;

/// Has small messages leave at once, and blocks wait with us and not with the system.
pub(super) fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    // Without either everything works, only slower.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
}

/// Begins to connect, from the address that we listen on: it is the one that others let in. How it ends shows when the socket
/// becomes writable.
pub(super) fn dial(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
    if !from.is_unspecified() && from.is_ipv4() == to.is_ipv4() {
        net::bind(&socket, &SocketAddr::new(from, 0))?;
    }
    match net::connect(&socket, &to) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(TcpStream::from_std(std::net::TcpStream::from(socket))),
        Err(error) => Err(error.into()),
    }
}
