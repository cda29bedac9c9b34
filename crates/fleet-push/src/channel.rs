//! rtorrent's socket on a host, reached through the connection to it.

use std::io;

use fleet::{ByteStream, Host, Remote};
use rtorrent_rpc::Connect;

/// Opens streams to a host's RPC socket.
pub(crate) struct Channel<'a> {
    pub(crate) remote: &'a dyn Remote,
    pub(crate) host: &'a Host,
}

impl Connect for Channel<'_> {
    type Stream = Box<dyn ByteStream>;

    fn connect(&self) -> io::Result<Self::Stream> {
        // The error travels inside, so that a lost connection is still known as one behind the RPC client.
        self.remote.unix_socket(&self.host.rpc_socket).map_err(io::Error::other)
    }

    fn endpoint(&self) -> String {
        format!("{}:{}", self.host.name, self.host.rpc_socket)
    }
}
