//! Listening and dialling.

use crate::Error;
use mio::net::{TcpListener, TcpStream};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Listens on the first free port of the range.
pub(super) fn listen(address: IpAddr, ports: &RangeInclusive<u16>) -> Result<TcpListener, Error> {
    let mut last = io::Error::from(io::ErrorKind::InvalidInput);
    for port in ports.clone() {
        match TcpListener::bind(SocketAddr::new(address, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(Error::Listen { address, first: *ports.start(), last: *ports.end(), source: last })
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
