//! How a client reaches rtorrent: anything that can open a byte stream to its RPC socket.

use std::io::{self, Read, Write};

/// Opens a byte stream to an rtorrent RPC socket; asked once for every call.
pub trait Connect {
    /// The stream. It need not be closed for writing before the reply is read. Reads and writes that give up with
    /// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`] are tried again until the client's deadline,
    /// so a short time-out on the stream is what makes cancelling prompt.
    type Stream: Read + Write;

    /// Opens a new connection.
    ///
    /// # Errors
    /// Whatever the transport says; the client names the endpoint.
    fn connect(&self) -> io::Result<Self::Stream>;

    /// What errors call this endpoint, such as `/run/site-rt/rpc.sock` or `web1:/run/site-rt/rpc.sock`.
    fn endpoint(&self) -> String;
}

impl<C: Connect + ?Sized> Connect for &C {
    type Stream = C::Stream;

    fn connect(&self) -> io::Result<Self::Stream> {
        (**self).connect()
    }

    fn endpoint(&self) -> String {
        (**self).endpoint()
    }
}
