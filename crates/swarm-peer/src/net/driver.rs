//! What the network's thread has, and how it begins and ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use metainfo::{Infohash, Metainfo};
use mio::net::TcpListener;
use mio::{Interest, Poll, Token, Waker};
use slab::Slab;

use super::bucket::Bucket;
use super::connection::Connection;
use super::counters::Counters;
use super::roster::Roster;
use super::socket;
use crate::disk::{Disk, Layout, Payload};
use crate::shared::Shared;
use crate::strategy::{Geometry, Strategy};
use crate::wire::PeerId;
use crate::{Config, Error, Event};

pub(super) const LISTENER: Token = Token(0);
pub(super) const WAKER: Token = Token(1);
/// Connections have the tokens from here on.
pub(super) const FIRST: usize = 2;

/// Everything the network's thread has.
pub(crate) struct Driver {
    pub(super) config: Config,
    pub(super) name: String,
    pub(super) infohash: Infohash,
    pub(super) id: PeerId,
    pub(super) geometry: Geometry,
    pub(super) poll: Poll,
    pub(super) listener: TcpListener,
    pub(super) introductions: Receiver<SocketAddr>,
    /// Gone after a failure.
    pub(super) disk: Option<Disk>,
    /// For uploads.
    pub(super) payload: Payload,
    pub(super) roster: Roster,
    pub(super) connections: Slab<Connection>,
    /// Not before what was on disk is hashed.
    pub(super) strategy: Option<Strategy>,
    /// The connection of each link, by its number.
    pub(super) links: Vec<usize>,
    pub(super) bucket: Bucket,
    /// Connections with something to read.
    pub(super) readable: Vec<usize>,
    /// Connections with something to send.
    pub(super) dirty: Vec<usize>,
    /// The bucket was empty when somebody wanted something.
    pub(super) thirsty: bool,
    /// Somebody has to wait for the first copy of somebody else.
    pub(super) withheld: bool,
    /// More connections may wait to be accepted.
    pub(super) accepts: bool,
    pub(super) held: bool,
    pub(super) started: Instant,
    /// On a clock that never jumps, since `started`; the same for all that happens in one round.
    pub(super) now: Duration,
    pub(super) counters: Counters,
    pub(super) shared: Arc<Shared>,
}

/// A driver that listens, and the ways to reach it.
pub(crate) struct Started {
    pub(crate) driver: Driver,
    pub(crate) address: SocketAddr,
    pub(crate) introductions: Sender<SocketAddr>,
    pub(crate) waker: Arc<Waker>,
}

impl Driver {
    /// Listens, and starts the disk's thread.
    pub(crate) fn start(
        metainfo: &Metainfo,
        geometry: Geometry,
        layout: &Arc<Layout>,
        config: Config,
        shared: Arc<Shared>,
    ) -> Result<Started, Error> {
        let name = metainfo.info().name().to_owned();
        let failed = |source| Error::Start { name: name.clone(), source };
        let mut listener = socket::listen(config.address, &config.ports)?;
        let address = listener.local_addr().map_err(failed)?;
        let poll = Poll::new().map_err(failed)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER).map_err(failed)?);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(failed)?;
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|error| failed(error.into()))?;
        let wake = {
            let waker = Arc::clone(&waker);
            move || drop(waker.wake())
        };
        let disk = Disk::start(metainfo, geometry, Arc::clone(layout), config.role, wake).map_err(failed)?;
        let (outgoing, introductions) = channel();
        let driver = Self {
            infohash: metainfo.infohash(),
            id: PeerId::new(address.port(), random),
            name,
            geometry,
            poll,
            listener,
            introductions,
            disk: Some(disk),
            payload: Payload::new(Arc::clone(layout), false),
            roster: Roster::new(address, config.allow.clone()),
            connections: Slab::new(),
            strategy: None,
            links: Vec::new(),
            bucket: Bucket::new(config.upload_ceiling),
            readable: Vec::new(),
            dirty: Vec::new(),
            thirsty: false,
            withheld: false,
            accepts: false,
            held: false,
            started: Instant::now(),
            now: Duration::ZERO,
            counters: Counters::default(),
            shared,
            config,
        };
        Ok(Started { driver, address, introductions: outgoing, waker })
    }

    /// What the system says of a connection.
    pub(super) fn mark(&mut self, token: usize, readable: bool, writable: bool) {
        let Some(connection) = self.connections.get_mut(token) else { return };
        connection.readable |= readable;
        connection.writable |= writable;
        if readable && !connection.listed {
            connection.listed = true;
            self.readable.push(token);
        }
        if writable {
            self.dirty(token);
        }
    }

    /// This connection has, or may have, something to send.
    pub(super) fn dirty(&mut self, token: usize) {
        if let Some(connection) = self.connections.get_mut(token)
            && !connection.dirty
        {
            connection.dirty = true;
            self.dirty.push(token);
        }
    }

    pub(super) fn completed(&mut self) {
        self.counters.completed = Some(self.now);
        self.tell(Event::Completed);
    }

    /// The disk failed, or the system: every connection is closed, and nothing is done but to say so.
    pub(super) fn fail(&mut self, error: Error) {
        let tokens: Vec<usize> = self.connections.iter().map(|(token, _)| token).collect();
        tokens.into_iter().for_each(|token| self.close(token));
        self.strategy = None;
        self.disk = None;
        self.counters.failed.get_or_insert_with(|| error.to_string());
        self.tell(Event::Failed(error));
    }
}
