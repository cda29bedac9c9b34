//! Listening and dialling.

use crate::Error;
use mio::net::{TcpListener, TcpStream};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};
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
