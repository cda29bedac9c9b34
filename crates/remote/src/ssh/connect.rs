//! From an address to a session with the right server.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inventory::Host;
use rustix::net::sockopt;
use socket2::{Domain, Socket, Type};
use ssh2::{ErrorCode, MethodType, Session};

use super::known_hosts::{PLAIN, accepted};
use super::link::{Failure, Link};
use super::local_files::{LocalFiles, local_files};
use super::options::{SshOptions, Timeouts};
use super::{greeting, host_key, key_exchange, proxy_command, tunnel};
use crate::{HandshakeFault, HostError, HostFault};

/// libssh2.h: KEX_FAILURE and KEY_EXCHANGE_FAILURE.
const NOTHING_IN_COMMON: [i32; 2] = [-5, -8];

/// What is offered to a server, for people.
fn offered() -> String {
    let Ok(session) = Session::new() else { return String::new() };
    let list = |kind: MethodType| {
        let known = session.supported_algs(kind).unwrap_or_default();
        let real: Vec<&str> =
            known.into_iter().filter(|name| !key_exchange::MARKERS.contains(name)).collect();
        real.join(" ")
    };
    format!(
        "key exchange {}; host keys {}; ciphers {}; MACs {}",
        list(MethodType::Kex),
        PLAIN.join(" "),
        list(MethodType::CryptCs),
        list(MethodType::MacCs)
    )
}

/// Dials, checks the host key, logs in; at every host on the way first.
pub(super) fn connect(host: &Host, options: &SshOptions) -> Result<Link, HostError> {
    let LocalFiles { known_hosts, keys, credentials } = local_files(host, options)?;
    let before = before(host, options)?;
    let algorithms = accepted(keys.algorithms(), host.way.host_key_algorithms.as_deref());
    let file = known_hosts.into_iter().next().unwrap_or_default();
    options.starts.start(host, options.timeouts.connect, &options.interrupt, |deadline| {
        let link = handshake(host, options, before.as_ref(), &algorithms, deadline)?;
        host_key::check(host, &host_key::presented(host, &link.session)?, &keys, file.clone())?;
        credentials.log_in(host, &link, left(deadline))?;
        log::debug!("{}: logged in to {} port {} as {}", host.name, host.address, host.port, host.user);
        Ok(link)
    })
}

/// The session with the last host on the way, if there is one.
pub(super) fn before(host: &Host, options: &SshOptions) -> Result<Option<Arc<Link>>, HostError> {
    host.before().map(|jump| connect(&jump, options).map(Arc::new)).transpose()
}

/// Dials and agrees on keys, asking for the host key `algorithms`; whose key it is remains to be checked.
pub(super) fn handshake(
    host: &Host,
    options: &SshOptions,
    before: Option<&Arc<Link>>,
    algorithms: &[&str],
    deadline: Instant,
) -> Result<Link, HostError> {
    let timeouts = options.timeouts;
    let broken = |source| {
        HostFault::Unreachable { address: host.address.clone(), port: host.port, source }.at(&host.name)
    };
    let socket: OwnedFd = match before {
        Some(link) => tunnel::open(link, host, left(deadline))?.into(),
        None if host.way.proxy_command.is_some() => proxy_command::open(host).map_err(broken)?.into(),
        None => {
            let socket = dial(host, options, deadline)?;
            prepare(&socket, &timeouts).map_err(broken)?;
            socket.into()
        }
    };
    let for_poll = socket.try_clone().map_err(broken)?;

    let no_session = |fault: HandshakeFault, detail: String| {
        HostFault::Handshake { address: host.address.clone(), port: host.port, detail, fault }.at(&host.name)
    };
    if let Some((fault, said)) = greeting::look(&for_poll, deadline, &options.interrupt) {
        return Err(no_session(fault, said));
    }
    let refused = |error: &ssh2::Error| {
        let fault = match error.code() {
            ErrorCode::Session(code) if NOTHING_IN_COMMON.contains(&code) => {
                HandshakeFault::NoCommonAlgorithm
            }
            _ => HandshakeFault::Other,
        };
        let detail = error.message().to_owned();
        match fault {
            HandshakeFault::NoCommonAlgorithm => {
                no_session(fault, format!("{detail}; offered were {}", offered()))
            }
            _ => no_session(fault, detail),
        }
    };
    let mut session = Session::new().map_err(|error| refused(&error))?;
    key_exchange::prefer(&session).map_err(|error| refused(&error))?;
    session.method_pref(MethodType::HostKey, &algorithms.join(",")).map_err(|error| refused(&error))?;
    session.set_tcp_stream(socket);
    session.set_blocking(false);
    // Only libssh2's own clean-up, on drop, blocks.
    session.set_timeout(2000);
    let link = Link::new(host.name.clone(), session, for_poll, options);
    link.run("SSH handshake", left(deadline), |session| session.clone().handshake()).map_err(|failure| {
        match failure {
            Failure::Refused(error) => refused(&error),
            Failure::Error(error) => match *error {
                // Before there is a session, a broken one is a server that does not speak SSH.
                HostError { kind: HostFault::Lost { detail, .. }, .. } => {
                    no_session(HandshakeFault::Other, detail)
                }
                error => error,
            },
        }
    })?;
    Ok(link)
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The first of the host's addresses that takes a TCP connection.
fn dial(host: &Host, options: &SshOptions, deadline: Instant) -> Result<TcpStream, HostError> {
    let resolve = |source| HostFault::Resolve { address: host.address.clone(), source }.at(&host.name);
    // The system's resolver cannot be given a deadline; its own (5-30 s) has to do.
    let addresses: Vec<SocketAddr> =
        (host.address.as_str(), host.port).to_socket_addrs().map_err(resolve)?.collect();
    let addresses = addresses.into_iter().filter(|address| host.way.family.has(address));
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for address in addresses {
        match dial_one(address, host.way.bind, options, deadline) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
        if options.interrupt.is_raised() {
            return Err(HostFault::Interrupted { step: "connect".to_owned() }.at(&host.name));
        }
    }
    Err(HostFault::Unreachable { address: host.address.clone(), port: host.port, source: last }
        .at(&host.name))
}

fn dial_one(
    address: SocketAddr,
    from: Option<IpAddr>,
    options: &SshOptions,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let left = left(deadline);
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    if options.interrupt.is_raised() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let Some(from) = from else { return TcpStream::connect_timeout(&address, left) };
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&address.into(), left)?;
    Ok(socket.into())
}

/// Makes the socket notice a dead host, and non-blocking.
fn prepare(socket: &TcpStream, timeouts: &Timeouts) -> io::Result<()> {
    let keepalive = timeouts.keepalive.max(Duration::from_secs(1));
    let probe = (keepalive / 3).max(Duration::from_secs(1));
    let user_timeout = u32::try_from(keepalive.as_millis().saturating_mul(2)).unwrap_or(u32::MAX);
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, keepalive)?;
    sockopt::set_tcp_keepintvl(socket, probe)?;
    sockopt::set_tcp_keepcnt(socket, 3)?;
    sockopt::set_tcp_user_timeout(socket, user_timeout)?;
    Ok(())
}
