//! Listing and hashing a tree that is on disk.

pub(crate) mod exclude;
pub(crate) mod hash;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod not_kept;
pub(crate) mod scan;
pub(crate) mod stamp;
pub(crate) mod walk;
