//! Deadlines, dialling, and what is told to the caller.

use std::time::Duration;

use super::Driver;
use super::connection::Stage;
use crate::strategy::Strategy;
use crate::wire::Message;
use crate::{Event, Status, Summary};

/// How often the caller hears of progress at most.
const REPORT: Duration = Duration::from_millis(100);
/// How soon to see again whether a second copy may be sent, if nothing else happens before.
const WITHHELD: Duration = Duration::from_millis(20);
/// How often deadlines are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What a connection may take to be made, and then to greet.
const CONNECT: Duration = Duration::from_secs(5);
const GREET: Duration = Duration::from_secs(10);
/// Something is said at least so often (BEP 3: two minutes are usual).
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Whoever has said nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(150);
/// Connections that are being made at the same time.
const DIALS: usize = 64;

impl Driver {
    /// How long nothing needs to be done unless something comes.
    pub(super) fn idle(&self) -> Duration {
        if !self.readable.is_empty() || !self.dirty.is_empty() {
            return Duration::ZERO;
        }
        let now = self.started.elapsed();
        let mut next = self.counters.look_at.max(now);
        if let Some(strategy) = &self.strategy {
            next = next.min(strategy.next_timer());
            if let Some(dial) = self.roster.next_dial(strategy.is_complete()) {
                next = next.min(dial);
            }
        }
        if self.counters.changed {
            next = next.min(self.counters.reported + REPORT);
        }
        let mut idle = next.saturating_sub(now);
        if self.thirsty {
            idle = idle.min(self.bucket.wait());
        }
        if self.withheld {
            idle = idle.min(WITHHELD);
        }
        // The system counts in milliseconds; a shorter wait would be none, and the processor would spin.
        idle.max(Duration::from_millis(1)).min(LOOK)
    }

    /// Does what is due.
    pub(super) fn upkeep(&mut self) {
        if let Some(strategy) = &mut self.strategy
            && self.now >= strategy.next_timer()
        {
            strategy.timers(self.now);
        }
        self.dial_all();
        if self.thirsty || self.withheld {
            (self.thirsty, self.withheld) = (false, false);
            let waiting = self.connections.iter().filter(|(_, connection)| {
                connection.link().is_some_and(|link| {
                    self.strategy.as_ref().is_some_and(|strategy| strategy.has_upload(link))
                })
            });
            let waiting: Vec<usize> = waiting.map(|(token, _)| token).collect();
            waiting.into_iter().for_each(|token| self.dirty(token));
        }
        if self.now >= self.counters.look_at {
            self.counters.look_at = self.now + LOOK;
            self.accepts = true;
            // What others have changes without anything else happening here.
            self.counters.changed |= self.live() > 0;
            self.deadlines();
            self.stalled();
        }
    }

    fn dial_all(&mut self) {
        let Some(strategy) = &self.strategy else { return };
        let due = self.roster.due(strategy.is_complete(), self.now);
        if due.is_empty() {
            return;
        }
        let dialling = self.connections.iter().filter(|(_, c)| matches!(c.stage, Stage::Connecting)).count();
        let room = self.config.peer_ceiling.saturating_sub(self.live()).min(DIALS).saturating_sub(dialling);
        due.into_iter().take(room).for_each(|key| self.dial(key));
    }

    fn deadlines(&mut self) {
        let (mut over, mut quiet) = (Vec::new(), Vec::new());
        for (token, connection) in &self.connections {
            let (since, most) = match connection.stage {
                Stage::Connecting => (connection.begun, CONNECT),
                Stage::Greeting(_) => (connection.begun, GREET),
                Stage::Live(_) => (connection.heard, SILENCE),
            };
            if self.now > since + most {
                over.push(token);
            } else if connection.link().is_some() && self.now > connection.said + KEEP_ALIVE {
                quiet.push(token);
            }
        }
        over.into_iter().for_each(|token| self.close(token));
        for token in quiet {
            if let Some(connection) = self.connections.get_mut(token).filter(|c| c.output.is_empty()) {
                crate::wire::write(&Message::KeepAlive, &mut connection.output.buffer);
            }
            self.dirty(token);
        }
    }

    /// Notes whether the download has come to a stand.
    fn stalled(&mut self) {
        let Some(strategy) = self.strategy.as_ref().filter(|strategy| !strategy.is_complete()) else {
            self.counters.stalled = None;
            return;
        };
        let since = self.now.saturating_sub(strategy.progress().max(self.counters.began));
        let limit = self.config.stalled_after;
        if since < limit {
            self.counters.changed |= self.counters.stalled.take().is_some();
        } else if self.counters.stalled.is_none_or(|said| since >= said + limit) {
            self.counters.stalled = Some(since);
            self.tell(Event::Stalled { since });
        }
    }

    /// Tells the caller something, after the status that goes with it.
    pub(super) fn tell(&mut self, event: Event) {
        self.report(true);
        self.shared.say(event);
    }

    /// Tells the caller where everything stands, not too often unless it is the last time.
    pub(super) fn report(&mut self, last: bool) {
        let due = self.counters.changed && self.now >= self.counters.reported + REPORT;
        if !(due || last) {
            return;
        }
        self.counters.changed = false;
        self.counters.reported = self.now;
        let status = self.status();
        if status.verified > self.counters.verified.max(self.counters.resumed) && !status.complete {
            self.shared.say(Event::Progress { verified: status.verified });
        }
        self.counters.verified = status.verified;
        let completed_after = self.counters.completed;
        self.shared.publish(Summary { status, ran: self.now, completed_after });
    }

    fn status(&mut self) -> Status {
        let strategy = self.strategy.as_ref();
        for (_, connection) in &self.connections {
            if let (Some(link), Some(key), Some(strategy)) = (connection.link(), connection.peer, strategy)
                && let Some(known) = self.roster.get_mut(key)
            {
                known.complete = strategy.is_complete_there(link);
            }
        }
        Status {
            size: self.geometry.size(),
            checked: strategy.is_some(),
            verified: strategy.map_or(self.counters.verified, Strategy::verified_bytes),
            resumed: self.counters.resumed,
            complete: self.counters.completed.is_some(),
            connected: self.live(),
            downloaded: self.counters.downloaded,
            wasted: strategy.map_or(0, Strategy::wasted_bytes),
            uploaded: self.counters.uploaded,
            sources: self.roster.sources(),
            banned: self.roster.bans(),
            stalled: self.counters.stalled,
            failed: self.counters.failed.clone(),
        }
    }
}
