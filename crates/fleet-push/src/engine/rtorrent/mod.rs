//! A host's standing rtorrent.
//!
//! - `client`, `channel`, `watch_dir`: talking to it, by RPC and by its watch directory;
//! - `watch`: what to do next about a download, as a pure function of what is seen;
//! - `disk_watch`: the same for a client that cannot be asked, for want of an RPC socket;
//! - `swarm`, `groups`, `pace`: which rtorrents are introduced to each other, and when each starts.

pub(crate) mod channel;
pub(crate) mod client;
pub(crate) mod disk_watch;
pub(crate) mod groups;
mod pace;
pub(crate) mod swarm;
pub(crate) mod watch;
pub(crate) mod watch_dir;
