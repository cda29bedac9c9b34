//! The payload on disk, and the thread that writes and hashes it.

mod beneath;
mod hash;
mod layout;
mod payload;
mod thread;

pub(crate) use self::layout::Layout;
pub(crate) use self::payload::Payload;
pub(crate) use self::thread::{Disk, Done, Job};
