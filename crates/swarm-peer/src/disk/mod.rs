//! The payload on disk, and the thread that writes and hashes it.

mod beneath;
mod hash;
mod layout;
mod payload;
mod thread;

pub(crate) use layout::Layout;
pub(crate) use payload::Payload;
pub(crate) use thread::{Disk, Done, Job};
