//! Threads that read many files. While the page cache has them, more threads than cores only take the processor's caches
//! from each other; on a cold one a thread waits for the disk most of the time, which would serve others meanwhile. So a
//! crew begins with as many as there are cores, and takes on another whenever one of them has waited.
//!
//! The caller is the first of them: where no thread can be had, it does all the work.

mod hire;
mod parts;
mod queue;
mod watch;

pub use hire::{Member, Size, cores, work};
pub use parts::in_parts;
pub use queue::{Queue, Task};
