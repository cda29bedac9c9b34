//! What to do next about a download: a pure function of what is seen, and of when it was seen to move.

use std::time::Duration;

use crate::engine::Seen;
use crate::error::Fault;

/// Without peers for so long, a host is introduced again: a client that restarted has forgotten them.
const LONELY: Duration = Duration::from_secs(3);
/// Without a new byte for so long, too.
const IDLE: Duration = Duration::from_secs(8);
/// Without peers for so long, introductions have not helped: rtorrent does not dial a peer again for 600 s after it was
/// connected to it or could not reach it, but forgets that with the download.
const FORSAKEN: Duration = Duration::from_secs(15);
/// Neither do peers help that have given nothing for so long. Longer than the 30 s clock on which rtorrent unchokes.
const STARVED: Duration = Duration::from_secs(40);
/// Introductions and starts of one host are at least so far apart.
const AGAIN: Duration = Duration::from_secs(5);
/// A client that has just taken a torrent opens its files before it is active.
const OPENING: Duration = Duration::from_secs(2);
/// Starts in vain after which the client's complaint is believed.
const STARTS: u32 = 3;
/// Times that a vanished download is loaded again.
const RELOADS: u32 = 2;

/// What to do.
#[derive(Debug)]
pub(crate) enum Next {
    /// Look again soon.
    Wait,
    /// Start it.
    Start,
    /// Name it the peers that there are, for the first time.
    Join,
    /// Name them again.
    Rejoin,
    /// Load it: the client does not know it any more.
    Load,
    /// Have the client forget it and load it again: it has no peer and will not dial those it knew.
    Reload,
    /// Everything is there.
    Complete,
    /// Give up.
    Fail(Fault),
}

/// Follows one host's download. Times are since the work on the host began.
#[derive(Debug)]
pub(crate) struct Watch {
    stall: Duration,
    best: u64,
    hashed: u64,
    moved_at: Duration,
    peers_at: Duration,
    active_at: Duration,
    joined: bool,
    introduced_at: Duration,
    started_at: Option<Duration>,
    starts: u32,
    reloads: u32,
    reloaded: bool,
}

impl Watch {
    /// A host fails when it has no new byte for `stall`.
    pub(crate) fn new(stall: Duration, now: Duration) -> Self {
        Self {
            stall,
            best: 0,
            hashed: 0,
            moved_at: now,
            peers_at: now,
            active_at: now,
            joined: false,
            introduced_at: now,
            started_at: None,
            starts: 0,
            reloads: 0,
            reloaded: false,
        }
    }

    /// The download begins anew (a reload, another connection): what came before does not count against it.
    pub(crate) fn refresh(&mut self, now: Duration) {
        self.best = 0;
        self.joined = false;
        self.moved_at = now;
        self.peers_at = now;
        self.active_at = now;
        self.starts = 0;
    }

    /// How long nothing has moved.
    pub(crate) fn still_for(&self, now: Duration) -> Duration {
        now.saturating_sub(self.moved_at)
    }

    /// What to do about what is seen at `now`.
    pub(crate) fn next(&mut self, now: Duration, seen: Option<&Seen>) -> Next {
        let Some(seen) = seen else {
            self.reloads += 1;
            return if self.reloads > RELOADS { Next::Fail(Fault::Vanished) } else { Next::Load };
        };
        self.note(now, seen);
        if seen.complete && !seen.hashing {
            // First the others learn that it is there: it may have had the payload from the beginning.
            return if self.joined { Next::Complete } else { self.join(now) };
        }
        if self.still_for(now) >= self.stall {
            return Next::Fail(Fault::Stalled {
                bytes: seen.bytes,
                size: seen.size,
                peers: seen.peers,
                tracker: seen.tracker.clone(),
            });
        }
        if seen.hashing {
            return Next::Wait;
        }
        if !seen.active {
            return self.wake(now, seen);
        }
        if !self.joined {
            return self.join(now);
        }
        let since = |then: Duration| now.saturating_sub(then);
        let (alone, still) = (since(self.peers_at), self.still_for(now));
        let in_vain = alone >= FORSAKEN.min(self.stall / 2) || still >= STARVED.min(self.stall / 2);
        if in_vain && !self.reloaded {
            self.reloaded = true;
            self.introduced_at = now;
            return Next::Reload;
        }
        if (alone >= LONELY || still >= IDLE) && since(self.introduced_at) >= AGAIN {
            self.introduced_at = now;
            return Next::Rejoin;
        }
        Next::Wait
    }

    fn note(&mut self, now: Duration, seen: &Seen) {
        // A hash check that goes forward is life too; it may take minutes on a large payload.
        if seen.bytes > self.best || (seen.hashing && seen.hashed != self.hashed) {
            self.moved_at = now;
        }
        self.best = self.best.max(seen.bytes);
        self.hashed = seen.hashed;
        if seen.peers > 0 || !seen.active {
            self.peers_at = now;
        }
        if seen.active || seen.hashing {
            self.active_at = now;
        }
        if seen.active {
            self.starts = 0;
        }
    }

    fn join(&mut self, now: Duration) -> Next {
        self.joined = true;
        self.introduced_at = now;
        Next::Join
    }

    /// About a download that is neither active nor being hashed.
    fn wake(&mut self, now: Duration, seen: &Seen) -> Next {
        if now.saturating_sub(self.active_at) < OPENING && seen.message.is_empty() {
            return Next::Wait;
        }
        if self.started_at.is_some_and(|then| now.saturating_sub(then) < AGAIN) {
            return Next::Wait;
        }
        if self.starts >= STARTS {
            let silent = "it stays stopped and does not say why";
            let message = if seen.message.is_empty() { silent } else { &seen.message };
            return Next::Fail(Fault::Stopped { message: message.to_owned() });
        }
        self.starts += 1;
        self.started_at = Some(now);
        Next::Start
    }
}

#[cfg(test)]
mod tests;
