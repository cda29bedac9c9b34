//! How whoever hashes is told of it, and may stop it.

/// Called with the number of bytes hashed since the last call, from any thread. Returning `false` stops the work with
/// [`Error::Aborted`](crate::Error::Aborted).
pub type Progress<'a> = dyn Fn(u64) -> bool + Sync + 'a;
