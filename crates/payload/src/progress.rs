//! How whoever reads or writes a tree is told of it, and may stop it.

/// Called with the number of bytes of file content read or written since the last call, from any thread. Returning
/// `false` stops the work with [`Error::Aborted`](crate::Error::Aborted). Also called with 0, so that a long run of links
/// and directories can be stopped.
pub type Progress<'a> = dyn Fn(u64) -> bool + Sync + 'a;
