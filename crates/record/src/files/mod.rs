//! Records as files: the envelope, the folder, and writing durably.

pub mod durable;
pub(crate) mod envelope;
pub(crate) mod folder;
