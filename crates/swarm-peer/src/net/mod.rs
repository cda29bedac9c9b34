//! The thread that owns the sockets: it carries what happens to [`Strategy`] and what that decides to the network and the
//! disk.
//!
//! - `socket`, `connection`: listening, dialling, buffers;
//! - `greeting`, `admission`: handshakes, proofs, who may come in, and which of two connections to one peer stays;
//! - `traffic`: messages in, messages and blocks out; `bucket` bounds the blocks;
//! - `roster`: who is known, dialled, refused; `upkeep`: deadlines, dialling, what is told to the caller.

mod admission;
mod bucket;
mod connection;
mod greeting;
mod roster;
mod socket;
mod traffic;
mod upkeep;

use crate::disk::{Disk, Done, Job, Layout, Payload};
use crate::shared::Shared;
use crate::strategy::{Action, Geometry, Strategy};
use crate::wire::PeerId;
use crate::{BanReason, Config, Error, Event};
use bit_vec::BitVec;
use bucket::Bucket;
use connection::Connection;
use metainfo::{Infohash, Metainfo};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use roster::Roster;
use slab::Slab;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Connections have the tokens from here on.
const FIRST: usize = 2;

/// Everything the network's thread has.
pub(crate) struct Driver {
    config: Config,
    name: String,
    infohash: Infohash,
    id: PeerId,
    geometry: Geometry,
    poll: Poll,
    listener: TcpListener,
    introductions: Receiver<SocketAddr>,
    /// Gone after a failure.
    disk: Option<Disk>,
    /// For uploads.
    payload: Payload,
    roster: Roster,
    connections: Slab<Connection>,
    /// Not before what was on disk is hashed.
    strategy: Option<Strategy>,
    /// The connection of each link, by its number.
    links: Vec<usize>,
    bucket: Bucket,
    /// Connections with something to read.
    readable: Vec<usize>,
    /// Connections with something to send.
    dirty: Vec<usize>,
    /// The bucket was empty when somebody wanted something.
    thirsty: bool,
    /// Somebody has to wait for the first copy of somebody else.
    withheld: bool,
    /// More connections may wait to be accepted.
    accepts: bool,
    held: bool,
    started: Instant,
    /// On a clock that never jumps, since `started`; the same for all that happens in one round.
    now: Duration,
    upkeep: upkeep::Upkeep,
    shared: Arc<Shared>,
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
            upkeep: upkeep::Upkeep::default(),
            shared,
            config,
        };
        Ok(Started { driver, address, introductions: outgoing, waker })
    }

    /// Runs until it is asked to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(512);
        while !self.shared.is_stopped() {
            match self.poll.poll(&mut events, Some(self.idle())) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    self.fail(Error::Start { name: self.name.clone(), source: error });
                    return;
                }
                _ => {}
            }
            self.now = self.started.elapsed();
            for event in &events {
                match event.token() {
                    LISTENER => self.accepts = true,
                    WAKER => {}
                    Token(token) => self.mark(token - FIRST, event.is_readable(), event.is_writable()),
                }
            }
            self.round();
        }
        self.report(true);
    }

    /// One round: everything that came is dealt with, then everything that is to be sent is sent at once.
    fn round(&mut self) {
        while let Ok(address) = self.introductions.try_recv() {
            self.roster.introduce(address, self.now);
        }
        self.hear_the_disk();
        self.accept();
        self.read_all();
        self.upkeep();
        self.act();
        self.send_all();
        self.report(false);
    }

    /// What the system says of a connection.
    fn mark(&mut self, token: usize, readable: bool, writable: bool) {
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
    fn dirty(&mut self, token: usize) {
        if let Some(connection) = self.connections.get_mut(token)
            && !connection.dirty
        {
            connection.dirty = true;
            self.dirty.push(token);
        }
    }

    fn hear_the_disk(&mut self) {
        while let Some(heard) = self.disk.as_ref().map(|disk| disk.done.try_recv()) {
            match heard {
                Err(TryRecvError::Empty) => break,
                // It says why it ends, unless it panicked.
                Err(TryRecvError::Disconnected) => self.fail(Error::Defect { name: self.name.clone() }),
                Ok(Done::Checked(have)) => self.begin(have),
                Ok(Done::Verified(piece, verdict)) => {
                    if let Some(strategy) = &mut self.strategy {
                        strategy.verified(piece, verdict, self.now);
                    }
                    self.upkeep.changed = true;
                }
                Ok(Done::Failed(error)) => self.fail(error),
            }
        }
        let behind = self.disk.as_ref().is_some_and(|disk| disk.is_behind(self.held));
        if behind != self.held {
            self.held = behind;
            if let Some(strategy) = &mut self.strategy {
                strategy.hold(behind, self.now);
            }
        }
    }

    /// What was on disk is hashed: from now on others are answered.
    fn begin(&mut self, have: BitVec) {
        let strategy = Strategy::new(self.geometry, have, fastrand::u64(..));
        self.upkeep.began = self.now;
        self.upkeep.resumed = strategy.verified_bytes();
        let (verified, complete) = (strategy.verified_bytes(), strategy.is_complete());
        self.strategy = Some(strategy);
        self.accepts = true;
        self.tell(Event::Checked { verified });
        if complete {
            self.completed();
        }
    }

    /// Carries out what the strategy decided.
    fn act(&mut self) {
        while let Some(action) = self.strategy.as_mut().and_then(Strategy::action) {
            match action {
                Action::Send(link, message) => {
                    let Some(token) = self.links.get(link.0).copied() else { continue };
                    if let Some(connection) = self.connections.get_mut(token)
                        && connection.link() == Some(link)
                    {
                        crate::wire::write(&message, &mut connection.output.buffer);
                        self.dirty(token);
                    }
                }
                Action::Verify { piece, digests } => {
                    self.disk.iter().for_each(|disk| disk.give(Job::Verify { piece, digests }));
                }
                Action::Ban(peer, piece) => self.ban(peer, BanReason::BadPiece { piece }),
                Action::Completed => self.completed(),
            }
        }
    }

    fn completed(&mut self) {
        self.upkeep.completed = Some(self.now);
        self.tell(Event::Completed);
    }

    /// The disk failed, or the system: every connection is closed, and nothing is done but to say so.
    fn fail(&mut self, error: Error) {
        let tokens: Vec<usize> = self.connections.iter().map(|(token, _)| token).collect();
        tokens.into_iter().for_each(|token| self.close(token));
        self.strategy = None;
        self.disk = None;
        self.upkeep.failed.get_or_insert_with(|| error.to_string());
        self.tell(Event::Failed(error));
    }
}

/// Accepting failed for a reason that lies in the one that dialled.
fn is_their_fault(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}
