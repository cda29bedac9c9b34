//! rtorrent's remote control: XML-RPC over SCGI on any byte stream.
//!
//! [`Client`] makes typed calls through anything that can open a byte stream to rtorrent's RPC socket
//! ([`Connect`]): a unix socket on this machine ([`UnixConnector`]), or a channel through SSH. Each call is one
//! connection, as rtorrent closes after its reply. Replies are bounded in size, depth and time: what answers on
//! the socket is not trusted to be rtorrent.
//!
//! Names and behaviour are those of rtorrent 0.9.8 (`network.scgi.open_local`), and stay within the commands that
//! 0.16 still has.

mod calls;
mod client;
mod connect;
mod decode;
mod encode;
mod error;
mod hex_infohash;
mod load_command;
mod scgi;
mod unix;
mod value;

pub use self::calls::{Download, Hashing, Peer, Tracker};
pub use self::client::{Client, Limits};
pub use self::connect::Connect;
pub use self::error::{Error, Fault, Result};
pub use self::hex_infohash::{BadInfohash, HexInfohash};
pub use self::load_command::LoadCommand;
pub use self::unix::UnixConnector;
pub use self::value::Value;
