//! The rounds of the network's thread.

use std::io::ErrorKind;
use std::sync::mpsc::TryRecvError;

use bit_vec::BitVec;
use mio::{Events, Token};

use super::driver::{Driver, FIRST, LISTENER, WAKER};
use crate::disk::{Done, Job};
use crate::strategy::{Action, Strategy};
use crate::{BanReason, Error, Event};

impl Driver {
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
                    self.counters.changed = true;
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
        self.counters.began = self.now;
        self.counters.resumed = strategy.verified_bytes();
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
}
