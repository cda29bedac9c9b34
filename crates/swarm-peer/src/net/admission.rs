//! Who comes in, and which of two connections to one peer stays.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Token};

use super::connection::{Connection, Stage};
use super::driver::{Driver, FIRST};
use super::greeting::{Greeted, Greeting};
use super::socket;
use crate::strategy::PeerKey;
use crate::wire::{Handshake, Nonce, PeerId, Side};
use crate::{BanReason, Event};

/// Connections that have not greeted yet: all of them, and those of one address.
const STRANGERS: usize = 128;
const STRANGERS_OF_ONE: usize = 16;
/// A second connection from a peer replaces the first if that has been quiet so long.
const QUIET: Duration = Duration::from_secs(5);

impl Driver {
    /// Takes in whoever waits at the door.
    pub(super) fn accept(&mut self) {
        // Before what is on disk is hashed there is nothing to answer: they wait in the system's queue.
        while self.accepts && self.strategy.is_some() {
            match self.listener.accept() {
                Ok((stream, from)) => {
                    let from = socket::origin(from);
                    if self.has_room_for(from.ip()) {
                        self.welcome(stream, from);
                    }
                }
                Err(error) if is_their_fault(&error) => {}
                Err(error) => {
                    // Out of descriptors is tried again with the next upkeep.
                    self.accepts = error.kind() != ErrorKind::WouldBlock;
                    return;
                }
            }
        }
    }

    fn has_room_for(&self, from: IpAddr) -> bool {
        let strangers =
            self.connections.iter().filter(|(_, c)| c.link().is_none() && c.side == Side::Listener);
        let (all, same) = strangers
            .fold((0, 0), |(all, same), (_, c)| (all + 1, same + usize::from(c.remote.ip() == from)));
        self.roster.lets_in(from)
            && all < STRANGERS
            && same < STRANGERS_OF_ONE
            && self.live() < self.config.peer_ceiling
    }

    /// How many connections count.
    pub(super) fn live(&self) -> usize {
        self.connections.iter().filter(|(_, connection)| connection.link().is_some()).count()
    }

    fn welcome(&mut self, stream: TcpStream, from: SocketAddr) {
        let Ok(greeting) = self.greeting(Side::Listener) else { return };
        let stage = Stage::Greeting(Box::new(greeting));
        socket::tune(&stream);
        let connection = Connection::new(stream, Side::Listener, from, None, stage, self.now);
        self.register(connection);
    }

    /// Dials a peer.
    pub(super) fn dial(&mut self, key: PeerKey) {
        let Some(to) = self.roster.get(key).map(|known| known.address) else { return };
        let token = socket::dial(self.config.address, to).ok().and_then(|stream| {
            let stage = Stage::Connecting;
            self.register(Connection::new(stream, Side::Dialler, to, Some(key), stage, self.now))
        });
        match (token, self.roster.get_mut(key)) {
            (Some(token), Some(known)) => known.dialling = Some(token),
            _ => self.roster.lost(key, Duration::ZERO, self.now, fastrand::f64()),
        }
    }

    fn register(&mut self, mut connection: Connection) -> Option<usize> {
        let entry = self.connections.vacant_entry();
        let token = entry.key();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut connection.stream, Token(FIRST + token), interest).ok()?;
        entry.insert(connection);
        Some(token)
    }

    /// The connection that we began is made, or has failed.
    pub(super) fn connected(&mut self, token: usize) {
        let Some(connection) = self.connections.get_mut(token) else { return };
        let made = match connection.stream.take_error() {
            Ok(None) => connection.stream.peer_addr().map(drop),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        match made {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotConnected => return,
            Err(_) => return self.close(token),
        }
        let Ok(greeting) = self.greeting(Side::Dialler) else { return self.close(token) };
        if let Some(connection) = self.connections.get_mut(token) {
            socket::tune(&connection.stream);
            connection.output.buffer.extend(greeting.hello());
            connection.stage = Stage::Greeting(Box::new(greeting));
        }
    }

    fn greeting(&self, side: Side) -> io::Result<Greeting> {
        let (infohash, peer_id) = (self.infohash, self.id);
        let ours = Handshake { fast: true, keyed: self.config.key.is_some(), infohash, peer_id };
        let mut nonce = Nonce::default();
        if ours.keyed {
            getrandom::fill(&mut nonce).map_err(io::Error::from)?;
        }
        Ok(Greeting::new(side, ours, nonce, self.config.key.clone()))
    }

    /// The greeting is over: the connection counts from now on, or is closed.
    pub(super) fn admit(&mut self, token: usize, greeted: Greeted) {
        let Greeted { peer_id, fast } = greeted;
        let Some(connection) = self.connections.get_mut(token) else { return };
        connection.remote_id = Some(peer_id);
        let (side, dialled, remote) = (connection.side, connection.peer, connection.remote);
        let Some(key) = dialled.or_else(|| self.roster.recognise(remote, &peer_id)) else {
            return self.close(token);
        };
        let Some(known) = self.roster.get(key).filter(|known| known.ban.is_none()) else {
            return self.close(token);
        };
        let former = known.connected;
        if former.is_some_and(|former| !self.prefers(side, peer_id, former))
            || (former.is_none() && self.live() >= self.config.peer_ceiling)
        {
            return self.close(token);
        }
        if let Some(known) = self.roster.get_mut(key) {
            known.connected = Some(token);
            known.dialling = known.dialling.filter(|dialling| *dialling != token);
        }
        former.into_iter().for_each(|former| self.close(former));
        let (Some(strategy), Some(connection)) = (&mut self.strategy, self.connections.get_mut(token)) else {
            return;
        };
        connection.peer = Some(key);
        let link = strategy.connected(key, fast, self.now);
        connection.stage = Stage::Live(link);
        connection.begun = self.now;
        if self.links.len() <= link.0 {
            self.links.resize(link.0 + 1, usize::MAX);
        }
        if let Some(slot) = self.links.get_mut(link.0) {
            *slot = token;
        }
        self.counters.changed = true;
    }

    /// Whether a new connection of a peer is to replace the one it has. Both ends come to the same answer: of two that were
    /// dialled from both ends the one stays that the peer with the greater id dialled.
    fn prefers(&self, side: Side, theirs: PeerId, former: usize) -> bool {
        let Some(old) = self.connections.get(former) else { return true };
        if old.remote_id != Some(theirs) {
            // It was started again.
            return true;
        }
        if old.side == side {
            return self.now > old.heard + QUIET;
        }
        (side == Side::Dialler) == (self.id > theirs)
    }

    /// Nobody deals with this peer any more.
    pub(super) fn ban(&mut self, key: PeerKey, reason: BanReason) {
        if let Some(ban) = self.roster.ban(key, reason) {
            self.banned(key, ban);
        }
    }

    pub(super) fn banned(&mut self, key: PeerKey, ban: crate::Ban) {
        log::warn!("peer {} {}: it is refused from now on", ban.address, ban.reason);
        self.tell(Event::Banned(ban));
        let theirs = self.connections.iter().filter(|(_, connection)| connection.peer == Some(key));
        let theirs: Vec<usize> = theirs.map(|(token, _)| token).collect();
        theirs.into_iter().for_each(|token| self.close(token));
    }

    /// Closes a connection, and has its peer dialled again some time.
    pub(super) fn close(&mut self, token: usize) {
        let Some(mut connection) = self.connections.try_remove(token) else { return };
        let _ = self.poll.registry().deregister(&mut connection.stream);
        let link = connection.link();
        if let (Some(link), Some(strategy)) = (link, &mut self.strategy) {
            let complete = strategy.is_complete_there(link);
            strategy.disconnected(link, self.now);
            if let Some(known) = connection.peer.and_then(|key| self.roster.get_mut(key)) {
                known.complete = complete;
            }
            self.counters.changed = true;
        }
        let Some(key) = connection.peer else { return };
        let Some(known) = self.roster.get_mut(key) else { return };
        let counted = known.connected == Some(token) || known.dialling == Some(token);
        known.connected = known.connected.filter(|other| *other != token);
        known.dialling = known.dialling.filter(|other| *other != token);
        if counted && known.connected.is_none() {
            let lasted = link.map_or(Duration::ZERO, |_| self.now.saturating_sub(connection.begun));
            self.roster.lost(key, lasted, self.now, fastrand::f64());
        }
    }
}

/// Accepting failed for a reason that lies in the one that dialled.
fn is_their_fault(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}
