//! Messages in, messages and blocks out.

use std::io;

use super::Driver;
use super::connection::{Received, Stage};
use super::greeting::Step;
use crate::disk::Job;
use crate::strategy::Fate;
use crate::wire::{BLOCK, Incoming, Violation, piece_header, read};

/// Buffers full that are read of one connection before it is the others' turn.
const READS: usize = 8;
/// While so much is waiting to be sent to somebody, nothing is read from him: he does not read either.
const FULL: usize = 256 * 1024;
/// So much waits for nobody: it is what a peer that asks and never reads could pile up. One HAVE for each of the most pieces
/// there may be fits.
const TOO_FULL: usize = 16 * 1024 * 1024;

/// Why a connection ends.
enum End {
    /// It is gone.
    Lost,
    /// A rule was broken.
    Broken(Violation),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::Broken(violation)
    }
}

impl Driver {
    /// Reads from everybody who has something to say.
    pub(super) fn read_all(&mut self) {
        for token in std::mem::take(&mut self.readable) {
            if let Some(connection) = self.connections.get_mut(token) {
                connection.listed = false;
            }
            match self.read_from(token) {
                Ok(()) => {}
                Err(End::Lost) => self.close(token),
                Err(End::Broken(rule)) => self.broken(token, rule),
            }
            self.dirty(token);
            self.read_later(token);
        }
    }

    /// A connection that has more to read is read from in the next round.
    fn read_later(&mut self, token: usize) {
        if let Some(connection) = self.connections.get_mut(token)
            && connection.readable
            && !connection.listed
            && connection.output.len() < FULL
        {
            connection.listed = true;
            self.readable.push(token);
        }
    }

    fn broken(&mut self, token: usize, rule: Violation) {
        let connection = self.connections.get(token);
        log::debug!("peer {:?} sent {rule}", connection.map(|connection| connection.remote));
        // A stranger who never got in has nothing to lose.
        let peer = connection.filter(|c| c.link().is_some()).and_then(|connection| connection.peer);
        self.close(token);
        if let Some(key) = peer
            && let Some(ban) = self.roster.strike(key, rule.0)
        {
            self.banned(key, ban);
        }
    }

    fn read_from(&mut self, token: usize) -> Result<(), End> {
        for _ in 0..READS {
            let Some(connection) = self.connections.get_mut(token) else { return Ok(()) };
            if !connection.readable || connection.output.len() >= FULL {
                return Ok(());
            }
            if matches!(connection.stage, Stage::Connecting) {
                self.connected(token);
                continue;
            }
            let received = connection.receive()?;
            if received == Received::Some {
                connection.heard = self.now;
            }
            self.digest(token)?;
            if received == Received::End {
                return Err(End::Lost);
            }
        }
        Ok(())
    }

    /// Uses what was read.
    fn digest(&mut self, token: usize) -> Result<(), End> {
        if let Some(connection) = self.connections.get_mut(token)
            && let Stage::Greeting(greeting) = &mut connection.stage
        {
            let Step { used, reply, greeted } = greeting.step(connection.input.bytes())?;
            connection.input.consume(used);
            connection.output.buffer.extend(reply);
            if let Some(greeted) = greeted {
                self.admit(token, greeted);
            }
        }
        let Self { connections, strategy: Some(strategy), disk, roster, geometry, now, .. } = self else {
            return Ok(());
        };
        let Some(connection) = connections.get_mut(token) else { return Ok(()) };
        let Stage::Live(link) = connection.stage else { return Ok(()) };
        while let Some((incoming, used)) = read(connection.input.bytes(), geometry.pieces())? {
            match incoming {
                Incoming::Message(message) => strategy.received(link, message, *now)?,
                Incoming::Piece { piece, begin, data } => {
                    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
                    if let Some(known) = connection.peer.and_then(|key| roster.get_mut(key)) {
                        known.downloaded += u64::from(length);
                    }
                    self.counters.downloaded += u64::from(length);
                    if strategy.block_arrived(link, (piece, begin, length), *now)? == Fate::Keep
                        && let Some(disk) = disk
                    {
                        let begin = geometry.start_of(piece) + u64::from(begin);
                        disk.give(Job::Write { begin, data: data.to_vec() });
                    }
                }
                Incoming::Unknown => {}
            }
            connection.input.consume(used);
        }
        Ok(())
    }

    /// Sends to everybody what there is for him.
    pub(super) fn send_all(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        // Under a ceiling the first in line would always get what there is.
        if self.bucket.is_limited() && !dirty.is_empty() {
            let turn = fastrand::usize(..dirty.len());
            dirty.rotate_left(turn);
        }
        for token in dirty {
            let Some(connection) = self.connections.get_mut(token) else { continue };
            connection.dirty = false;
            if matches!(connection.stage, Stage::Connecting) && connection.writable {
                self.connected(token);
            }
            match self.send_to(token) {
                Ok(()) => self.read_later(token),
                Err(_) => self.close(token),
            }
        }
    }

    fn send_to(&mut self, token: usize) -> io::Result<()> {
        loop {
            self.fill(token);
            let Some(connection) = self.connections.get_mut(token) else { return Ok(()) };
            if connection.output.is_empty() || matches!(connection.stage, Stage::Connecting) {
                return Ok(());
            }
            if connection.output.len() > TOO_FULL {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if !connection.writable {
                return Ok(());
            }
            connection.said = self.now;
            connection.send()?;
        }
    }

    /// Puts a block that was asked for into the buffer when that is empty, as far as the ceiling allows. Not before: what was
    /// written can neither be cancelled nor overtaken by a HAVE.
    fn fill(&mut self, token: usize) {
        let Self { connections, strategy: Some(strategy), payload, roster, geometry, bucket, .. } = self
        else {
            return;
        };
        let Some(connection) = connections.get_mut(token) else { return };
        let Stage::Live(link) = connection.stage else { return };
        if !connection.output.is_empty() || !strategy.has_upload(link) {
            return;
        }
        if strategy.withholds(link, self.now) {
            self.withheld = true;
            return;
        }
        if !bucket.take(BLOCK, self.now) {
            self.thirsty = true;
            return;
        }
        let Some(block) = strategy.next_upload(link, self.now) else { return };
        let begin = geometry.start_of(block.piece) + u64::from(block.begin);
        let buffer = &mut connection.output.buffer;
        piece_header(block, buffer);
        let at = buffer.len();
        buffer.resize(at + block.length as usize, 0);
        if let Err(error) = payload.read(begin, buffer.get_mut(at..).unwrap_or_default()) {
            self.fail(error);
            return;
        }
        self.counters.uploaded += u64::from(block.length);
        self.counters.changed = true;
        if let Some(known) = connection.peer.and_then(|key| roster.get_mut(key)) {
            known.uploaded += u64::from(block.length);
        }
    }
}
