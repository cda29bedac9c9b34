//! One closure per item on a bounded number of threads; a slow or dead host delays nobody else.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::Interrupt;

/// How long workers may take to notice an interrupt before they are left behind.
const GRACE: Duration = Duration::from_millis(1500);
/// The longest silence between two events.
const TICK: Duration = Duration::from_millis(100);

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// The closure returned.
    Done(R),
    /// Interrupted before it was begun.
    NotBegun,
    /// Begun, but without a result some time after the interrupt; its thread still runs.
    LeftBehind,
    /// The closure panicked: a defect of the caller's.
    Panicked,
}

impl<R> Outcome<R> {
    /// The result, if there is one.
    pub fn done(self) -> Option<R> {
        match self {
            Self::Done(result) => Some(result),
            Self::NotBegun | Self::LeftBehind | Self::Panicked => None,
        }
    }
}

/// What the calling thread hears while the workers work. Items are named by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<E> {
    /// A worker took the item.
    Begun(usize),
    /// The closure said something by its [`Emitter`].
    Said(usize, E),
    /// The closure returned (or panicked).
    Ended(usize),
    /// Nothing happened for a moment: time for a heartbeat.
    Tick,
}

/// Lets a closure talk to the calling thread.
pub struct Emitter<E>(Box<dyn Fn(E)>);

impl<E> Emitter<E> {
    /// Sends `event`; silently dropped once the caller has gone on without this worker.
    pub fn say(&self, event: E) {
        (self.0)(event);
    }
}

enum Message<R, E> {
    Begun(usize),
    Said(usize, E),
    Ended(usize, Option<R>),
}

/// Runs `work` on every item, at most `limit` at a time, and gives the outcomes in the order of the items.
///
/// `on_event` runs on the calling thread. After `interrupt` no further item is begun; workers get 1.5 s to end by
/// themselves (they should ask the same [`Interrupt`]), then the call returns without them. Their threads are detached:
/// a worker stuck in a system call cannot hold up the end of the process.
pub fn fan_out<T, R, E, F>(
    items: Vec<T>,
    limit: NonZeroUsize,
    interrupt: &Interrupt,
    mut on_event: impl FnMut(Event<E>),
    work: F,
) -> Vec<Outcome<R>>
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + 'static,
    F: Fn(T, &Emitter<E>) -> R + Send + Sync + 'static,
{
    let total = items.len();
    let queue: Arc<Mutex<VecDeque<(usize, T)>>> =
        Arc::new(Mutex::new(items.into_iter().enumerate().collect()));
    let work = Arc::new(work);
    let (sender, receiver) = mpsc::channel();
    for _ in 0..limit.get().min(total) {
        let (queue, work, sender, interrupt) =
            (queue.clone(), work.clone(), sender.clone(), interrupt.clone());
        thread::spawn(move || worker(&queue, &*work, &sender, &interrupt));
    }
    drop(sender);

    let mut outcomes: Vec<Outcome<R>> = (0..total).map(|_| Outcome::NotBegun).collect();
    let mut set = |index: usize, outcome| {
        if let Some(slot) = outcomes.get_mut(index) {
            *slot = outcome;
        }
    };
    let mut leave_at = None;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(Message::Begun(index)) => {
                set(index, Outcome::LeftBehind);
                on_event(Event::Begun(index));
            }
            Ok(Message::Said(index, event)) => on_event(Event::Said(index, event)),
            Ok(Message::Ended(index, result)) => {
                set(index, result.map_or(Outcome::Panicked, Outcome::Done));
                on_event(Event::Ended(index));
            }
            Err(RecvTimeoutError::Timeout) => on_event(Event::Tick),
            // Every worker has ended.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if interrupt.is_raised() && Instant::now() >= *leave_at.get_or_insert_with(|| Instant::now() + GRACE)
        {
            break;
        }
    }
    outcomes
}

fn worker<T, R, E, F>(
    queue: &Mutex<VecDeque<(usize, T)>>,
    work: &F,
    sender: &Sender<Message<R, E>>,
    interrupt: &Interrupt,
) where
    R: Send + 'static,
    E: Send + 'static,
    F: Fn(T, &Emitter<E>) -> R,
{
    while !interrupt.is_raised() {
        let Some((index, item)) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else {
            return;
        };
        if sender.send(Message::Begun(index)).is_err() {
            return;
        }
        let to_caller = sender.clone();
        let emitter = Emitter(Box::new(move |event| {
            let _caller_gone = to_caller.send(Message::Said(index, event));
        }));
        // A defect met with one host must not take the worker from the hosts still waiting.
        let result = panic::catch_unwind(AssertUnwindSafe(|| work(item, &emitter))).ok();
        if sender.send(Message::Ended(index, result)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    fn limit(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).unwrap()
    }

    #[test]
    fn results_keep_the_order_of_the_items() {
        let outcomes = fan_out(
            vec![30u64, 10, 20],
            limit(3),
            &Interrupt::never(),
            |_: Event<()>| (),
            |ms, _| {
                thread::sleep(Duration::from_millis(ms));
                ms
            },
        );
        assert_eq!(outcomes, [Outcome::Done(30), Outcome::Done(10), Outcome::Done(20)]);
    }

    #[test]
    fn no_more_than_the_limit_at_a_time() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let outcomes = fan_out(
            (0..8).collect(),
            limit(2),
            &Interrupt::never(),
            |_: Event<()>| (),
            |_: i32, _| {
                MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(10));
                NOW.fetch_sub(1, Ordering::SeqCst);
            },
        );
        assert_eq!(outcomes.len(), 8);
        assert_eq!(MOST.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_hung_worker_holds_up_neither_the_others_nor_the_end() {
        let flag = Arc::new(AtomicBool::new(false));
        let (interrupt, raise) = (Interrupt::from(flag.clone()), flag);
        let mut ended = 0;
        let began = Instant::now();
        let outcomes = fan_out(
            vec!["hang", "a", "b"],
            limit(2),
            &interrupt,
            |event: Event<()>| {
                if let Event::Ended(_) = event {
                    ended += 1;
                    if ended == 2 {
                        raise.store(true, Ordering::SeqCst);
                    }
                }
            },
            |name, _| {
                if name == "hang" {
                    thread::sleep(Duration::from_secs(60));
                }
                name
            },
        );
        assert_eq!(outcomes, [Outcome::LeftBehind, Outcome::Done("a"), Outcome::Done("b")]);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }

    #[test]
    fn nothing_is_begun_after_an_interrupt() {
        let outcomes =
            fan_out(vec![1, 2], limit(1), &Interrupt::new(|| true), |_: Event<()>| (), |item: i32, _| item);
        assert_eq!(outcomes, [Outcome::NotBegun, Outcome::NotBegun]);
    }

    #[test]
    fn a_panic_is_an_outcome_and_the_worker_s_other_items_are_still_done() {
        let outcomes = fan_out(
            vec![1, 2, 3],
            limit(1),
            &Interrupt::never(),
            |_: Event<()>| (),
            |item: i32, _| {
                assert!(item != 1, "this item panics");
                item
            },
        );
        assert_eq!(outcomes, [Outcome::Panicked, Outcome::Done(2), Outcome::Done(3)]);
    }

    #[test]
    fn events_arrive_in_order() {
        let mut events = Vec::new();
        fan_out(
            vec![7],
            limit(1),
            &Interrupt::never(),
            |event| {
                if event != Event::Tick {
                    events.push(event);
                }
            },
            |item: i32, emitter| {
                emitter.say(format!("at {item}"));
                emitter.say("done".to_owned());
            },
        );
        let said = |text: &str| Event::Said(0, text.to_owned());
        assert_eq!(events, [Event::Begun(0), said("at 7"), said("done"), Event::Ended(0)]);
    }
}
