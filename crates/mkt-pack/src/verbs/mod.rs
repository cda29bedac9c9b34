//! One file a verb; `torrent_only` is `pack` without a release.

pub(crate) mod check;
pub(crate) mod diff;
mod magnet;
pub(crate) mod pack;
pub(crate) mod patch;
pub(crate) mod show;
pub(crate) mod torrent_only;
pub(crate) mod unpack;
