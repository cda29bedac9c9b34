//! The file system: opening beneath one directory only, creating, syncing.

pub(crate) mod beneath;
pub(crate) mod fresh;
pub(crate) mod pool;
pub(crate) mod read;
pub(crate) mod sync;
