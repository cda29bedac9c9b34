//! rtorrent's remote control: XML-RPC over SCGI on any byte stream.

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
