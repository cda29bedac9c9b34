//! Pieces that were read whole, by many threads, and wait until there are enough of them to hash in lock-step.

use std::sync::{Mutex, PoisonError};

/// A piece and its content. The buffer is one byte longer: see [`Source::read`](crate::hashing::source::Source::read).
pub(crate) type Filled = (u64, Vec<u8>);

/// Where the threads meet. Holds no more than so many buffers in all.
pub(crate) struct Gather {
    /// Pieces that fill the lanes.
    lanes: usize,
    /// Bytes of a buffer.
    length: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    filled: Vec<Filled>,
    free: Vec<Vec<u8>>,
    /// Buffers that may still be made.
    left: usize,
}

/// What a thread that wants to read has to do.
pub(crate) enum Turn {
    /// Fill this.
    Read(Vec<u8>),
    /// There is no buffer left before these are hashed.
    Hash(Vec<Filled>),
    /// All of them are in other threads' hands.
    Wait,
}

impl Gather {
    pub(crate) fn new(lanes: usize, length: usize, buffers: usize) -> Self {
        let state = State { left: buffers.max(1), ..State::default() };
        Self { lanes: lanes.max(1), length, state: Mutex::new(state) }
    }

    /// A buffer, or what to do for one.
    pub(crate) fn turn(&self) -> Turn {
        self.with(|state| match state.free.pop() {
            Some(buffer) => Turn::Read(buffer),
            None if state.left > 0 => {
                state.left -= 1;
                Turn::Read(vec![0; self.length])
            }
            None if state.filled.is_empty() => Turn::Wait,
            None => Turn::Hash(std::mem::take(&mut state.filled)),
        })
    }

    /// Adds a piece; gives as many as fill the lanes once there are so many.
    pub(crate) fn add(&self, filled: Filled) -> Option<Vec<Filled>> {
        self.with(|state| {
            state.filled.push(filled);
            (state.filled.len() >= self.lanes).then(|| std::mem::take(&mut state.filled))
        })
    }

    /// What is left, for a thread that reads no more.
    pub(crate) fn rest(&self) -> Vec<Filled> {
        self.with(|state| std::mem::take(&mut state.filled))
    }

    /// Takes buffers back.
    pub(crate) fn give_back(&self, buffers: impl Iterator<Item = Vec<u8>>) {
        self.with(|state| state.free.extend(buffers));
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
