//! What rtorrent says about one download.

use std::path::PathBuf;

use super::row::Row;
use crate::{Client, Connect, Error, HexInfohash, Result, Value};

/// The questions, in the order in which [`read`] takes the answers.
const COMMANDS: [&str; 27] = [
    "d.hash",
    "d.name",
    "d.size_bytes",
    "d.bytes_done",
    "d.size_chunks",
    "d.completed_chunks",
    "d.chunks_hashed",
    "d.complete",
    "d.hashing",
    "d.hashing_failed",
    "d.is_hash_checking",
    "d.is_hash_checked",
    "d.is_active",
    "d.is_open",
    "d.state",
    "d.is_private",
    "d.message",
    "d.base_path",
    "d.directory",
    "d.tied_to_file",
    "d.down.rate",
    "d.up.rate",
    "d.down.total",
    "d.up.total",
    "d.peers_connected",
    "d.peers_complete",
    "d.uploads_max",
];

/// What a download's hash check is for (`d.hashing`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashing {
    /// None is running or waiting.
    No,
    /// The check at load.
    Initial,
    /// The check of a finished download.
    Last,
    /// A check somebody asked for.
    Rehash,
}

/// A download (rtorrent's word for a torrent it has loaded), at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Its infohash.
    pub hash: HexInfohash,
    /// `info.name`.
    pub name: String,
    /// Bytes of the whole payload.
    pub size: u64,
    /// Bytes that were checked and are there.
    pub bytes_done: u64,
    /// Pieces of the whole payload.
    pub pieces: u64,
    /// Pieces that were checked and are there.
    pub pieces_done: u64,
    /// Pieces that the running or last hash check has looked at.
    pub pieces_hashed: u64,
    /// Whether everything is there. Also 0 while a hash check runs.
    pub complete: bool,
    /// Whether a hash check is wanted.
    pub hashing: Hashing,
    /// Whether the last hash check was given up because rtorrent could not read a file (a missing one is merely
    /// empty). rtorrent then says nothing in `message`, keeps `hashing` as it was, and tries again only when told.
    pub hash_failed: bool,
    /// Whether a hash check runs at this moment.
    pub hash_checking: bool,
    /// Whether the data was checked since it was opened.
    pub hash_checked: bool,
    /// Whether it talks to peers. With `complete`, it seeds.
    pub active: bool,
    /// Whether its files are open.
    pub open: bool,
    /// Whether it was started; a started download that is not active waits for something or failed.
    pub started: bool,
    /// Whether the torrent is private (BEP 27); then rtorrent refuses `add_peer`.
    pub private: bool,
    /// rtorrent's last complaint; empty when there is none. Those about trackers begin with `Tracker: `, and a
    /// torrent without a real tracker always has one. Not sanitised for a terminal.
    pub message: String,
    /// The file or directory of the payload; empty before it was first opened.
    pub base_path: PathBuf,
    /// `d.directory`: the directory of a single file, the directory of the tree of a multi-file torrent.
    pub directory: PathBuf,
    /// The torrent file that goes when the download is erased; empty for a raw load.
    pub tied_to_file: PathBuf,
    /// Download rate in bytes a second.
    pub down_rate: u64,
    /// Upload rate in bytes a second.
    pub up_rate: u64,
    /// Bytes downloaded, kept over restarts.
    pub down_total: u64,
    /// Bytes uploaded, kept over restarts.
    pub up_total: u64,
    /// Peers connected at this moment.
    pub peers_connected: u64,
    /// Those of them that have everything.
    pub peers_complete: u64,
    /// Upload slots.
    pub max_uploads: u64,
}

impl Download {
    /// Whether it is complete, checked and talks to peers: a seeder.
    pub fn is_seeding(&self) -> bool {
        self.complete && self.active && !self.hash_checking && self.hashing == Hashing::No
    }
}

impl<C: Connect> Client<C> {
    /// Everything about one download in one round trip; `None` if rtorrent does not have it.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn download(&self, hash: &HexInfohash) -> Result<Option<Download>> {
        let target = [Value::from(hash.as_str())];
        let calls: Vec<(&str, &[Value])> =
            COMMANDS.iter().map(|command| (*command, target.as_slice())).collect();
        let mut values = Vec::with_capacity(COMMANDS.len());
        for (outcome, command) in self.multicall(&calls)?.into_iter().zip(COMMANDS) {
            match outcome {
                Ok(value) => values.push(value),
                Err(fault) if fault.is_no_such_download() => return Ok(None),
                Err(fault) => {
                    let (endpoint, method) = (self.endpoint(), command.to_owned());
                    return Err(Error::Fault { endpoint, method, fault });
                }
            }
        }
        read(self, &values).map(Some)
    }

    /// All downloads in one round trip (`d.multicall2` over the view `main`).
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn downloads(&self) -> Result<Vec<Download>> {
        const METHOD: &str = "d.multicall2";
        let mut params = vec![Value::from(""), Value::from("main")];
        params.extend(COMMANDS.iter().map(|command| Value::from(format!("{command}="))));
        let reply = self.call(METHOD, &params)?;
        let rows = reply.as_array().ok_or_else(|| self.unexpected(METHOD, "no list".to_owned()))?;
        rows.iter().map(|row| read(self, row.as_array().unwrap_or_default())).collect()
    }
}

fn read<C: Connect>(client: &Client<C>, values: &[Value]) -> Result<Download> {
    let mut row = Row::new(client, &COMMANDS, values)?;
    Ok(Download {
        hash: row.take("an infohash", |value| value.as_str()?.parse().ok())?,
        name: row.text()?,
        size: row.number()?,
        bytes_done: row.number()?,
        pieces: row.number()?,
        pieces_done: row.number()?,
        pieces_hashed: row.number()?,
        complete: row.flag()?,
        hashing: row.take("a hash check", |value| match value.as_int()? {
            0 => Some(Hashing::No),
            1 => Some(Hashing::Initial),
            2 => Some(Hashing::Last),
            3 => Some(Hashing::Rehash),
            _ => None,
        })?,
        hash_failed: row.flag()?,
        hash_checking: row.flag()?,
        hash_checked: row.flag()?,
        active: row.flag()?,
        open: row.flag()?,
        started: row.flag()?,
        private: row.flag()?,
        message: row.text()?,
        base_path: row.text()?.into(),
        directory: row.text()?.into(),
        tied_to_file: row.text()?.into(),
        down_rate: row.number()?,
        up_rate: row.number()?,
        down_total: row.number()?,
        up_total: row.number()?,
        peers_connected: row.number()?,
        peers_complete: row.number()?,
        max_uploads: row.number()?,
    })
}
