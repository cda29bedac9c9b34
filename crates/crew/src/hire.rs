//! A crew: one closure, run by as many threads as are worth it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};

use crate::watch::Watch;

/// Threads that read small files, at least, where they wait for the disk, each for its own file.
const READERS: usize = 16;

/// How many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// To begin with, the caller included; at least one.
    pub start: usize,
    /// At most.
    pub most: usize,
}

impl Size {
    /// For reading small files.
    #[must_use]
    pub fn readers() -> Self {
        let start = cores();
        Self { start, most: start.max(READERS) }
    }

    /// Of no more threads than this.
    #[must_use]
    pub fn at_most(self, threads: usize) -> Self {
        Self { start: self.start.min(threads), most: self.most.min(threads) }
    }
}

/// Cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// One of the crew, told by its work how it goes.
pub struct Member<'a> {
    hire: &'a dyn Fn(),
    watch: Watch,
}

impl Member<'_> {
    /// To be called between one part of the work and the next: takes on another member if this one has waited.
    pub fn pause(&mut self) {
        if self.watch.has_waited() {
            (self.hire)();
        }
    }
}

/// Has `work` done by each member of a crew, which shares out what there is by itself, and gives what each has made of it
/// in no order. A panic of one is the caller's, when all have ended.
pub fn work<R: Send>(size: Size, work: impl Fn(&mut Member<'_>) -> R + Sync) -> Vec<R> {
    let crew = Crew { most: size.most, work, members: AtomicUsize::new(1), made: Mutex::default() };
    thread::scope(|scope| {
        (1..size.start).for_each(|_| crew.hire(scope));
        crew.begin(scope);
    });
    crew.made.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Crew<R, W> {
    most: usize,
    work: W,
    members: AtomicUsize,
    made: Mutex<Vec<R>>,
}

impl<R: Send, W: Fn(&mut Member<'_>) -> R + Sync> Crew<R, W> {
    /// Takes on one more, if there may be one and the system has a thread for it.
    fn hire<'scope, 'env: 'scope>(&'env self, scope: &'scope Scope<'scope, 'env>) {
        let more = |members| (members < self.most).then_some(members + 1);
        if self.members.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return;
        }
        if thread::Builder::new().spawn_scoped(scope, || self.begin(scope)).is_err() {
            self.members.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn begin<'scope, 'env: 'scope>(&'env self, scope: &'scope Scope<'scope, 'env>) {
        let hire = || self.hire(scope);
        let made = (self.work)(&mut Member { hire: &hire, watch: Watch::start() });
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_begin_at_once_and_each_gives_what_it_made() {
        let barrier = Barrier::new(3);
        let mut made = work(Size { start: 3, most: 3 }, |_| {
            barrier.wait();
            7
        });
        made.sort_unstable();
        assert_eq!(made, [7; 3]);
        assert_eq!(work(Size { start: 1, most: 1 }, |_| thread::current().id()), [thread::current().id()]);
    }

    #[test]
    fn those_who_wait_are_joined_by_others_up_to_the_most() {
        let parts = AtomicUsize::new(0);
        let made = work(Size { start: 1, most: 4 }, |member| {
            let mut mine = 0;
            while parts.fetch_add(1, Ordering::Relaxed) < 60 {
                thread::sleep(Duration::from_millis(12));
                member.pause();
                mine += 1;
            }
            mine
        });
        assert_eq!(made.iter().sum::<usize>(), 60);
        assert_eq!(made.len(), 4, "{made:?}");
    }

    #[test]
    #[should_panic(expected = "mine")]
    fn a_panic_is_the_callers() {
        work(Size { start: 1, most: 1 }, |_| -> () { panic!("mine") });
    }
}
