//! Threads that read many files: one for each core, and more while they wait for the disk.

mod hire;
mod parts;
mod queue;
mod watch;

pub use hire::{Member, Size, cores, work};
pub use parts::in_parts;
pub use queue::{Queue, Task};
