//! Calls that change one download.
//!
//! Each gives [`crate::Error::Fault`] with [`crate::Fault::is_no_such_download`] when rtorrent does not have it.

use crate::{Client, Connect, HexInfohash, Result, Value};

impl<C: Connect> Client<C> {
    /// Starts it, opening it if needed (`d.start`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn start(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.start", hash, &[])
    }

    /// Stops it: its peers are dropped, its files stay open (`d.stop`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn stop(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.stop", hash, &[])
    }

    /// Closes its files (`d.close`); needed before its directory is set again.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn close(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.close", hash, &[])
    }

    /// Forgets it (`d.erase`). The data stays; the torrent file it is tied to is deleted.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn erase(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.erase", hash, &[])
    }

    /// Gives it the throttle called `name` (`d.throttle_name.set`). rtorrent refuses that while it is active: stop it before.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn set_throttle(&self, hash: &HexInfohash, name: &str) -> Result<()> {
        self.on("d.throttle_name.set", hash, &[Value::from(name)])
    }

    /// The name of its throttle; empty if it has none (`d.throttle_name`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn throttle(&self, hash: &HexInfohash) -> Result<String> {
        const METHOD: &str = "d.throttle_name";
        let reply = self.call(METHOD, &[Value::from(hash.as_str())])?;
        reply.as_str().map(str::to_owned).ok_or_else(|| self.unexpected(METHOD, "no text".to_owned()))
    }

    /// Hashes all its data again (`d.check_hash`).
    ///
    /// A complete download whose data turns out damaged is left stopped with the message "Download registered as
    /// completed, but hash check returned unfinished chunks.", and stays so when a later check finds it whole. See
    /// [`Client::recheck`].
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn check_hash(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.check_hash", hash, &[])
    }

    /// Stops it, closes its files, hashes all its data again as it is on disk now, and starts it when that is done.
    ///
    /// In this order it seeds or downloads afterwards whatever its data were before, also if its files were replaced:
    /// rtorrent keeps the old ones mapped until it closes them.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn recheck(&self, hash: &HexInfohash) -> Result<()> {
        self.stop(hash)?;
        self.close(hash)?;
        self.check_hash(hash)?;
        self.start(hash)
    }

    /// Announces to its trackers now, whatever interval they gave (`d.tracker_announce.force`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn announce_force(&self, hash: &HexInfohash) -> Result<()> {
        self.on("d.tracker_announce.force", hash, &[])
    }

    /// Sets its upload slots (`d.uploads_max.set`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn set_max_uploads(&self, hash: &HexInfohash, slots: u32) -> Result<()> {
        self.on("d.uploads_max.set", hash, &[Value::Int(i64::from(slots))])
    }

    fn on(&self, method: &str, hash: &HexInfohash, more: &[Value]) -> Result<()> {
        let mut params = vec![Value::from(hash.as_str())];
        params.extend_from_slice(more);
        self.call(method, &params).map(drop)
    }
}
