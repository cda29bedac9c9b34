//! What `install --rtorrent` was asked for.

use inventory::{RemotePath, UserName};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Setup {
    /// Put it in place.
    pub(crate) write: bool,
    /// Whom rtorrent runs as.
    pub(crate) user: UserName,
    /// Its configuration.
    pub(crate) config: RemotePath,
    /// Where units of systemd lie.
    pub(crate) units: RemotePath,
}
