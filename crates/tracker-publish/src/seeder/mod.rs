//! The seeder's side of a release: the payload in its place, the rtorrent that seeds it, and the proof that it does.
//!
//! - `place`, `tree`, `copy`: payload and torrent where the rtorrent reads them;
//! - `seeding`: the rtorrent has it and seeds; `announced`: the tracker has heard of that;
//! - `client`: the way to the rtorrent; `proof`: a peer would get every piece.

pub(crate) mod announced;
pub(crate) mod client;
pub(crate) mod copy;
pub(crate) mod place;
pub(crate) mod proof;
pub(crate) mod seeding;
pub(crate) mod tree;
