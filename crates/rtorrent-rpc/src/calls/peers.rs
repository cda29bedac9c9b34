//! The peers of one download.

use std::net::{IpAddr, SocketAddr};

use super::row::Row;
use crate::{Client, Connect, Error, HexInfohash, Result, Value};

/// The questions, in the order in which [`read`] takes the answers.
const COMMANDS: [&str; 13] = [
    "p.id=",
    "p.address=",
    "p.port=",
    "p.client_version=",
    "p.completed_percent=",
    "p.down_rate=",
    "p.up_rate=",
    "p.down_total=",
    "p.up_total=",
    "p.is_incoming=",
    "p.is_encrypted=",
    "p.is_snubbed=",
    "p.is_unwanted=",
];

/// A connected peer, at one moment. Its figures are those of this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its peer id, 40 hexadecimal digits.
    pub id: String,
    /// Its IP address.
    pub address: IpAddr,
    /// Its port: of an incoming connection the one it said it listens on, or 0.
    pub port: u16,
    /// The client it claims to be. Chosen by the peer; not sanitised for a terminal.
    pub client: String,
    /// How much it told us it has, 0 to 100. rtorrents tell each other late, so this may be far too low.
    pub completed_percent: u64,
    /// Bytes a second from it.
    pub down_rate: u64,
    /// Bytes a second to it.
    pub up_rate: u64,
    /// Bytes from it.
    pub down_total: u64,
    /// Bytes to it.
    pub up_total: u64,
    /// Whether it connected to us.
    pub is_incoming: bool,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether we ignore its requests.
    pub is_snubbed: bool,
    /// Whether rtorrent wants rid of it.
    pub is_unwanted: bool,
}

impl<C: Connect> Client<C> {
    /// Tells a download of a peer; rtorrent dials it at once (`add_peer`).
    ///
    /// rtorrent keeps one connection for each IP address, and after a handshake it does not dial the same peer again
    /// for 600 s (the peer may dial it). It reports nothing of the outcome: look at [`Client::peers`].
    ///
    /// # Errors
    /// [`Error::Argument`] for an IPv6 address, which rtorrent 0.9.8 cannot parse here, and for port 0;
    /// [`Error::Fault`] for a private torrent; else all of [`Error`].
    pub fn add_peer(&self, hash: &HexInfohash, peer: SocketAddr) -> Result<()> {
        let SocketAddr::V4(peer) = peer else {
            return Err(Error::argument(&peer.to_string(), "a peer: rtorrent takes IPv4 addresses here"));
        };
        if peer.port() == 0 {
            return Err(Error::argument(&peer.to_string(), "a peer: the port must not be 0"));
        }
        self.call("add_peer", &[Value::from(hash.as_str()), Value::from(peer.to_string())]).map(drop)
    }

    /// The connected peers of a download (`p.multicall`).
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::Fault`] when rtorrent does not have the download.
    pub fn peers(&self, hash: &HexInfohash) -> Result<Vec<Peer>> {
        self.each_peer(hash, &COMMANDS, read)
    }

    /// Address and [`down_total`](Peer::down_total) of each connected peer: of [`Client::peers`] only what is needed to
    /// know whom bytes came from, which is a tenth of the answer.
    ///
    /// # Errors
    /// As [`Client::peers`].
    pub fn sources(&self, hash: &HexInfohash) -> Result<Vec<(IpAddr, u64)>> {
        const SOURCE: [&str; 2] = ["p.address=", "p.down_total="];
        self.each_peer(hash, &SOURCE, |client, values| {
            let mut row = Row::new(client, &SOURCE, values)?;
            Ok((row.take("an IP address", ip)?, row.number()?))
        })
    }

    fn each_peer<T>(
        &self,
        hash: &HexInfohash,
        commands: &[&str],
        read: impl Fn(&Self, &[Value]) -> Result<T>,
    ) -> Result<Vec<T>> {
        const METHOD: &str = "p.multicall";
        let mut params = vec![Value::from(hash.as_str()), Value::from("")];
        params.extend(commands.iter().copied().map(Value::from));
        let reply = self.call(METHOD, &params)?;
        let rows = reply.as_array().ok_or_else(|| self.unexpected(METHOD, "no list".to_owned()))?;
        rows.iter().map(|row| read(self, row.as_array().unwrap_or_default())).collect()
    }
}

/// rtorrent writes IPv6 addresses between brackets.
fn ip(value: &Value) -> Option<IpAddr> {
    value.as_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn read<C: Connect>(client: &Client<C>, values: &[Value]) -> Result<Peer> {
    let mut row = Row::new(client, &COMMANDS, values)?;
    Ok(Peer {
        id: row.text()?,
        address: row.take("an IP address", ip)?,
        port: row.take("a port", |value| u16::try_from(value.as_int()?).ok())?,
        client: row.text()?,
        completed_percent: row.number()?,
        down_rate: row.number()?,
        up_rate: row.number()?,
        down_total: row.number()?,
        up_total: row.number()?,
        is_incoming: row.flag()?,
        is_encrypted: row.flag()?,
        is_snubbed: row.flag()?,
        is_unwanted: row.flag()?,
    })
}
