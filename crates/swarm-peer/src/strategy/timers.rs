//! What happens when nothing comes.

use std::time::Duration;

use super::{LinkId, Strategy};
use crate::wire::Message;

/// How often everything is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// A peer that sends nothing of what it was asked for is given up after this, or four times its usual latency.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same for one that never sent anything: it may be at the end of a seeder's long queue.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
/// How long one that was given up is not asked again, unless it sends something after all.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a request that was given up may still be answered.
const FORGET: Duration = Duration::from_secs(60);

impl Strategy {
    /// When to call [`Self::timers`] at the latest.
    #[must_use]
    pub fn next_timer(&self) -> Duration {
        self.late_at.map_or(self.look_at, |late| late.min(self.look_at))
    }

    /// Does what is due.
    pub fn timers(&mut self, now: Duration) {
        if self.late_at.is_some_and(|late| now >= late) {
            self.late_at = None;
            self.wake(now);
        }
        if now < self.look_at {
            return;
        }
        self.look_at = now + LOOK;
        for id in self.link_ids() {
            self.look_after(id, now);
        }
        self.wake(now);
    }

    fn look_after(&mut self, id: LinkId, now: Duration) {
        let Some(link) = self.links.get_mut(id.0) else { return };
        link.asked.retain(|asked| !asked.released || now < asked.at + FORGET);
        let late = !link.late_haves.is_empty();
        let patience = link.window.latency().map_or(FIRST_PATIENCE, |usual| PATIENCE.max(usual * 4));
        let silent = link.waiting > 0 && now > link.moved + patience;
        // Nothing is on request at it, since it chokes or refuses, and yet a piece is left to it alone.
        let hoards =
            link.waiting == 0 && !self.held && self.partials.values().any(|partial| partial.is_left_to(id));
        let given_up = silent || hoards;
        if given_up {
            link.paused_until = now + PAUSE;
            *self.silences.entry(link.peer).or_default() += 1;
        }
        // BEP 6 demands that it says what it has, but no one has to wait for that for ever.
        let overdue = !link.unchoked && now > link.connected_at + LOOK;
        if given_up {
            self.release_all(id);
        }
        if overdue {
            self.unchoke(id);
        }
        if late {
            self.send_late_haves(id);
        }
    }

    fn send_late_haves(&mut self, id: LinkId) {
        let late = self.links.get_mut(id.0).map(|link| std::mem::take(&mut link.late_haves));
        for piece in late.unwrap_or_default() {
            self.send(id, Message::Have(piece));
        }
    }
}
