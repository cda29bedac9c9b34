//! One connection and its buffers.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;

use super::greeting::Greeting;
use crate::strategy::{LinkId, PeerKey};
use crate::wire::{PeerId, Side};

/// What is read at once: two blocks and some small messages. A longer message (a large bitfield) makes room for itself.
const INPUT: usize = 36 * 1024;

/// A connection, from its first packet on.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// Which side we are.
    pub(super) side: Side,
    pub(super) remote: SocketAddr,
    /// Known from the start for those that we dialled, from the handshake on for others.
    pub(super) peer: Option<PeerKey>,
    /// The id in the other's handshake.
    pub(super) remote_id: Option<PeerId>,
    pub(super) stage: Stage,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// In the list of those with something to send.
    pub(super) dirty: bool,
    /// In the list of those with something to read.
    pub(super) listed: bool,
    pub(super) begun: Duration,
    pub(super) heard: Duration,
    pub(super) said: Duration,
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Stage {
    /// We dial.
    Connecting,
    /// Handshakes are exchanged, and proofs if the push has a key.
    Greeting(Box<Greeting>),
    /// Messages flow.
    Live(LinkId),
}

/// Whether more may be there to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Perhaps.
    Some,
    /// Not now.
    Nothing,
    /// Never again.
    End,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        side: Side,
        remote: SocketAddr,
        peer: Option<PeerKey>,
        stage: Stage,
        now: Duration,
    ) -> Self {
        Self {
            stream,
            side,
            remote,
            peer,
            remote_id: None,
            stage,
            input: Input::default(),
            output: Output::default(),
            readable: false,
            writable: false,
            dirty: false,
            listed: false,
            begun: now,
            heard: now,
            said: now,
        }
    }

    pub(super) fn link(&self) -> Option<LinkId> {
        if let Stage::Live(link) = self.stage { Some(link) } else { None }
    }

    /// Reads what is there, at most one buffer full.
    pub(super) fn receive(&mut self) -> io::Result<Received> {
        match self.stream.read(self.input.spare()) {
            Ok(0) => Ok(Received::End),
            Ok(read) => {
                self.input.end += read;
                Ok(Received::Some)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(Received::Nothing)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Received::Some),
            Err(error) => Err(error),
        }
    }

    /// Writes what is to be sent, as far as the network takes it.
    pub(super) fn send(&mut self) -> io::Result<()> {
        while !self.output.is_empty() && self.writable {
            match self.stream.write(self.output.waiting()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.output.sent(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Bytes that came and are not used yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Room to read into. The buffer only grows when one message fills all of it; the reader refuses any that is longer than
    /// its kind can be.
    fn spare(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end.max(INPUT / 2) * 2, 0);
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }
}

/// Bytes that are to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) buffer: Vec<u8>,
    start: usize,
}

impl Output {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn sent(&mut self, bytes: usize) {
        self.start += bytes;
        if self.start >= self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start > INPUT {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }
}
