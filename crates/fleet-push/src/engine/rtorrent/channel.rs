//! rtorrent's socket on a host, reached through the connection to it.

use std::io;
use std::time::Duration;

use inventory::Host;
use remote::{Argv, ByteStream, Remote};
use rtorrent_rpc::Connect;

use crate::error::Fault;

/// Time for a command that should take none.
const BRIEF: Duration = Duration::from_secs(30);

/// Opens streams to a host's RPC socket.
pub(crate) struct Channel<'a> {
    pub(crate) remote: &'a dyn Remote,
    pub(crate) host: &'a Host,
}

impl Channel<'_> {
    /// Whether the socket is there, with somebody behind it or not.
    pub(crate) fn is_there(&self) -> Result<bool, Fault> {
        let argv = Argv::new("test").args(["-S", self.host.rpc_socket.as_str()]);
        Ok(self.remote.exec(&argv, b"", BRIEF)?.status.success())
    }
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
