//! Work that makes more work, such as a directory with directories in it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is to be done, last in, first out: so it stays short, and what is taken is still in the caches.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: Vec<T>,
    /// Tasks in somebody's hands, which may add more.
    taken: usize,
    /// Those who wait for more: waking nobody costs a system call, too.
    waiting: usize,
}

/// Something taken from a queue. Whoever has it may add to the queue; when it is dropped, it is done.
pub struct Task<'a, T> {
    queue: &'a Queue<T>,
}

impl<T> Queue<T> {
    /// A queue with one thing in it.
    pub fn new(first: T) -> Self {
        Self {
            state: Mutex::new(State { items: vec![first], taken: 0, waiting: 0 }),
            changed: Condvar::new(),
        }
    }

    /// The next thing; waits while others may add some. Nothing once all is done.
    pub fn take(&self) -> Option<(T, Task<'_, T>)> {
        let mut state = self.state();
        loop {
            if let Some(item) = state.items.pop() {
                state.taken += 1;
                return Some((item, Task { queue: self }));
            }
            if state.taken == 0 {
                return None;
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Task<'_, T> {
    /// Adds what came up.
    pub fn add(&self, items: Vec<T>) {
        if items.is_empty() {
            return;
        }
        let mut state = self.queue.state();
        state.items.extend(items);
        if state.waiting > 0 {
            self.queue.changed.notify_all();
        }
    }
}

impl<T> Drop for Task<'_, T> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.taken -= 1;
        if state.taken == 0 && state.items.is_empty() && state.waiting > 0 {
            self.queue.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, work};

    #[test]
    fn all_that_comes_up_is_done_once() {
        for threads in [1, 2, 8] {
            let queue = Queue::new(1_u32);
            let made = work(Size { start: threads, most: threads }, |_| {
                let mut mine = Vec::new();
                while let Some((number, task)) = queue.take() {
                    mine.push(number);
                    task.add([number * 2, number * 2 + 1].into_iter().filter(|n| *n < 2000).collect());
                }
                mine
            });
            let mut all = made.concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(1..2000), "{threads}");
        }
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let queue = Queue::new(0);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            work(Size { start: 4, most: 4 }, |_| {
                while let Some((number, task)) = queue.take() {
                    task.add(if number < 20 { vec![number + 1; 2] } else { Vec::new() });
                    assert!(number != 10, "one of them");
                }
            })
        }));
        assert!(caught.is_err());
    }
}
