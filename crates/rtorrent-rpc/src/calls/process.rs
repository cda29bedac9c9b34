//! Calls about the rtorrent process as a whole.

use crate::{Client, Connect, Result, Value};

impl<C: Connect> Client<C> {
    /// rtorrent's version, such as `0.9.8`.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn client_version(&self) -> Result<String> {
        self.text("system.client_version")
    }

    /// libtorrent's version, such as `0.13.8`.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn library_version(&self) -> Result<String> {
        self.text("system.library_version")
    }

    /// The TCP port on which peers reach it; 0 when it does not listen.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn listen_port(&self) -> Result<u16> {
        const METHOD: &str = "network.listen.port";
        let reply = self.call(METHOD, &[])?;
        reply
            .as_int()
            .and_then(|port| u16::try_from(port).ok())
            .ok_or_else(|| self.unexpected(METHOD, "no port number".to_owned()))
    }

    /// Limits the upload of the whole process, in KiB/s; 0 is no limit.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn set_upload_limit_kb(&self, kib_per_second: u32) -> Result<()> {
        let params = [Value::from(""), Value::Int(i64::from(kib_per_second))];
        self.call("throttle.global_up.max_rate.set_kb", &params).map(drop)
    }

    /// The limit of the upload of the whole process, in bytes a second; 0 is no limit.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn upload_limit(&self) -> Result<u64> {
        self.number("throttle.global_up.max_rate")
    }

    /// Makes a throttle called `name`, or changes it, that limits the upload of all downloads that have it, in KiB/s
    /// (`throttle.up`). See [`Client::set_throttle`]. rtorrent 0.9.8 minds it only while the whole process has a limit, too.
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn set_named_upload_limit_kb(&self, name: &str, kib_per_second: u32) -> Result<()> {
        let params = [Value::from(""), Value::from(name), Value::from(kib_per_second.to_string().as_str())];
        self.call("throttle.up", &params).map(drop)
    }

    /// Sets the upload slots that downloads loaded from now on get (`throttle.max_uploads`). Those already loaded
    /// keep theirs, see [`Client::set_max_uploads`].
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn set_default_max_uploads(&self, slots: u32) -> Result<()> {
        self.call("throttle.max_uploads.set", &[Value::from(""), Value::Int(i64::from(slots))]).map(drop)
    }

    /// Whether another peer could be given something, in a download of so many upload slots (0 is no limit): the whole
    /// process may have a limit as well (`throttle.max_uploads.global`), and counts those it has given
    /// (`throttle.unchoked_uploads`).
    ///
    /// # Errors
    /// All of [`crate::Error`].
    pub fn has_free_upload_slot(&self, slots: u64) -> Result<bool> {
        let given = self.number("throttle.unchoked_uploads")?;
        let all = self.number("throttle.max_uploads.global")?;
        Ok([slots, all].into_iter().all(|slots| slots == 0 || given < slots))
    }

    fn number(&self, method: &str) -> Result<u64> {
        let number = self.call(method, &[])?.as_int().and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| self.unexpected(method, "no count".to_owned()))
    }

    fn text(&self, method: &str) -> Result<String> {
        let reply = self.call(method, &[])?;
        reply.as_str().map(str::to_owned).ok_or_else(|| self.unexpected(method, "no text".to_owned()))
    }
}
