//! What to do about a download that nobody can ask about: a pure function of what its disk shows, and of when that
//! changed.

use std::time::Duration;

/// A client that has taken a torrent makes its files at once; later than this they may lie where we do not look.
const APPEAR: Duration = Duration::from_secs(10);
/// After it has made them it takes so long until it talks to peers; who dials before is turned away, and an rtorrent that
/// was turned away does not come again for 600 s.
const SETTLE: Duration = Duration::from_secs(2);
/// What was there before is hashed first, at so many bytes a millisecond at least.
const HASHED: u64 = 50_000;
/// Without anything new for so long, others are told of the host again.
const IDLE: Duration = Duration::from_secs(8);
/// With its full size and still for so long, it is complete as far as can be seen, and no event has come of it.
const QUIET: Duration = Duration::from_secs(3);
/// Between two attempts to have it staged.
const AGAIN: Duration = Duration::from_secs(15);

/// What is seen of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DiskState {
    /// Bytes on the disk where the client ought to put them; none if there is nothing.
    pub(crate) bytes: Option<u64>,
    /// The release is being staged: an event has come.
    pub(crate) staging: bool,
    /// Somebody listens where its client ought to. Who dials in vain does not dial again for 600 s (rtorrent).
    pub(crate) listens: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Look again.
    Wait,
    /// Have others dial it: it takes the torrent's peers now.
    Introduce,
    /// Have more others dial it: those who were told have not helped.
    IntroduceWidely,
    /// Have it staged, which its client's event would have done.
    Finish,
    /// Give up.
    Fail,
}

/// Follows one host. Times are since the torrent was put before its client.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    size: u64,
    stall: Duration,
    best: Option<u64>,
    /// When it may be dialled, once something is there.
    ready_at: Option<Duration>,
    moved_at: Duration,
    introduced_at: Option<Duration>,
    finished_at: Option<Duration>,
}

impl DiskWatch {
    /// For a payload of `size` bytes; nothing new for `stall` is a failure.
    pub(crate) fn new(size: u64, stall: Duration) -> Self {
        Self {
            size,
            stall,
            best: None,
            ready_at: None,
            moved_at: Duration::ZERO,
            introduced_at: None,
            finished_at: None,
        }
    }

    /// Bytes that are there as far as is known.
    pub(crate) fn bytes(&self) -> u64 {
        self.best.unwrap_or(0).min(self.size)
    }

    /// What to do about what is seen at `now`.
    pub(crate) fn next(&mut self, now: Duration, seen: DiskState) -> Step {
        if let Some(bytes) = seen.bytes {
            self.ready_at.get_or_insert(now + SETTLE + Duration::from_millis(bytes / HASHED));
        }
        if seen.staging || seen.bytes > self.best {
            self.moved_at = now;
        }
        self.best = self.best.max(seen.bytes);
        let since = |then: Duration| now.saturating_sub(then);
        let still = since(self.moved_at);
        if seen.staging {
            return Step::Wait;
        }
        if still >= self.stall {
            return Step::Fail;
        }
        let Some(introduced_at) = self.introduced_at else {
            if seen.listens && now >= self.ready_at.unwrap_or(APPEAR) {
                self.introduced_at = Some(now);
                return Step::Introduce;
            }
            return Step::Wait;
        };
        if self.best.is_some_and(|bytes| bytes >= self.size) {
            if still >= QUIET && self.finished_at.is_none_or(|then| since(then) >= AGAIN) {
                self.finished_at = Some(now);
                return Step::Finish;
            }
            return Step::Wait;
        }
        if seen.listens && still >= IDLE && since(introduced_at) >= IDLE {
            self.introduced_at = Some(now);
            return Step::IntroduceWidely;
        }
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_secs;

    fn has(bytes: u64) -> DiskState {
        DiskState { bytes: Some(bytes), staging: false, listens: true }
    }

    #[test]
    fn nobody_dials_it_before_its_client_has_made_the_file() {
        let mut host = DiskWatch::new(100, AT(60));
        assert_eq!(host.next(AT(0), DiskState::default()), Step::Wait);
        assert_eq!(host.next(AT(1), has(0)), Step::Wait, "nor before it talks to anybody");
        assert_eq!(host.next(AT(3), has(0)), Step::Introduce);
        assert_eq!(host.next(AT(4), has(10)), Step::Wait);
        assert_eq!(host.next(AT(11), has(10)), Step::Wait);
        assert_eq!(host.next(AT(12), has(10)), Step::IntroduceWidely, "eight seconds without a byte");
        assert_eq!(host.next(AT(13), has(20)), Step::Wait);
        // Where the client puts it is not known.
        let mut elsewhere = DiskWatch::new(100, AT(60));
        let nothing = DiskState { listens: true, ..DiskState::default() };
        assert_eq!(elsewhere.next(AT(9), nothing), Step::Wait);
        assert_eq!(elsewhere.next(AT(10), DiskState::default()), Step::Wait, "it does not run");
        assert_eq!(elsewhere.next(AT(11), nothing), Step::Introduce);
    }

    #[test]
    fn a_complete_one_without_an_event_is_staged_by_us() {
        let mut host = DiskWatch::new(100, AT(60));
        assert_eq!(host.next(AT(0), has(100)), Step::Wait, "the event may be on its way");
        assert_eq!(host.next(AT(2), has(100)), Step::Introduce);
        assert_eq!(host.next(AT(3), has(100)), Step::Finish);
        assert_eq!(host.next(AT(4), DiskState { staging: true, ..has(100) }), Step::Wait);
        assert_eq!(host.next(AT(17), has(100)), Step::Wait);
        assert_eq!(host.next(AT(18), has(100)), Step::Finish);
    }

    #[test]
    fn staging_is_life_and_silence_is_not() {
        let mut host = DiskWatch::new(100, AT(20));
        host.next(AT(0), has(50));
        host.next(AT(2), has(50));
        assert_eq!(host.next(AT(19), DiskState { staging: true, ..has(50) }), Step::Wait);
        assert_eq!(host.next(AT(38), has(50)), Step::IntroduceWidely);
        assert_eq!(host.next(AT(39), has(50)), Step::Fail);
        assert_eq!(host.bytes(), 50);
    }
}
