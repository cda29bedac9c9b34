//! Calls that give rtorrent a torrent.
//!
//! rtorrent reports nothing about a load: it returns success, and what is wrong with the torrent goes to its log
//! (`log.add_output = "torrent_error", ...`). Ask for the download until it appears or a deadline passes.

use std::path::Path;

use crate::{Client, Connect, Error, LoadCommand, Result, Value};

/// rtorrent refuses XML of more than 512 KiB (`network.xmlrpc.size_limit`); base64 makes 4 bytes of 3.
const MAX_RAW: usize = 360 * 1024;

impl<C: Connect> Client<C> {
    /// Loads the torrent at `torrent`, a path rtorrent can read, and starts it (`load.start_verbose`).
    ///
    /// rtorrent ties the download to the file: erasing the download deletes the file too. It never reads a path
    /// again whose modification time is still in the same second, not even after an erase, and it gives no sign of
    /// that; so use a fresh name or a freshly written file.
    ///
    /// # Errors
    /// [`Error::Argument`] for a path that is not absolute, not UTF-8, or holds `*`, `?` or `[`, which rtorrent
    /// expands; else all of [`Error`].
    pub fn load_start(&self, torrent: &Path, commands: &[LoadCommand]) -> Result<()> {
        let path = torrent
            .to_str()
            .filter(|text| torrent.is_absolute() && !text.contains(['*', '?', '[']))
            .ok_or_else(|| {
            Error::argument(
                &torrent.to_string_lossy(),
                "the path of a torrent: it must be absolute, UTF-8 and without * ? [",
            )
        })?;
        self.load("load.start_verbose", Value::from(path), commands)
    }

    /// Loads the bytes of a torrent and starts it (`load.raw_start_verbose`). Nothing is tied to a file.
    ///
    /// # Errors
    /// [`Error::Argument`] for more than 360 KiB ([`Client::fits_raw_load`]), which rtorrent would refuse; else all
    /// of [`Error`].
    pub fn load_raw_start(&self, torrent: &[u8], commands: &[LoadCommand]) -> Result<()> {
        if !Self::fits_raw_load(torrent.len()) {
            return Err(Error::argument(
                &format!("{} bytes", torrent.len()),
                "a raw torrent: load it by path",
            ));
        }
        self.load("load.raw_start_verbose", Value::Base64(torrent.to_vec()), commands)
    }

    /// Whether a torrent of `bytes` bytes is small enough for [`Client::load_raw_start`].
    pub fn fits_raw_load(bytes: usize) -> bool {
        bytes <= MAX_RAW
    }

    fn load(&self, method: &str, torrent: Value, commands: &[LoadCommand]) -> Result<()> {
        let mut params = vec![Value::from(""), torrent];
        params.extend(commands.iter().map(|command| Value::from(command.as_str())));
        self.call(method, &params).map(drop)
    }
}
