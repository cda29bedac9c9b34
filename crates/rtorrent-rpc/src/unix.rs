//! rtorrent on this machine, through its unix socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::Connect;

/// How long one read or write waits before the client looks at its deadline and its cancel check.
const SLICE: Duration = Duration::from_millis(100);
/// How long to try while rtorrent's queue of connections is full, as it is when rtorrent is stopped or stuck.
const QUEUE_FULL: Duration = Duration::from_secs(3);

/// Connects to `network.scgi.open_local`.
#[derive(Debug, Clone)]
pub struct UnixConnector {
    path: PathBuf,
}

impl UnixConnector {
    /// For the socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Connect for UnixConnector {
    type Stream = UnixStream;

    fn connect(&self) -> io::Result<UnixStream> {
        let address = SocketAddrUnix::new(&self.path)?;
        let deadline = Instant::now() + QUEUE_FULL;
        // std's connect blocks without a limit when the queue is full; so connect without blocking and try again.
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            None,
        )?;
        loop {
            match connect(&socket, &address) {
                Ok(()) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        let stream = UnixStream::from(socket);
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(SLICE))?;
        Ok(stream)
    }

    fn endpoint(&self) -> String {
        self.path.display().to_string()
    }
}
