//! A connection to a host that a jump host makes for us (direct-tcpip, RFC 4254, 7.2).

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use inventory::Host;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::channel::SshChannel;
use super::link::Link;
use crate::{HostError, HostFault};

/// The longest single wait: data that another call took off the session's socket is noticed this soon.
const SLICE: Duration = Duration::from_millis(50);
const BUFFER: usize = 64 << 10;

/// A socket whose other end is carried to `host` by the session `jump`. It ends with either side.
pub(super) fn open(jump: &Arc<Link>, host: &Host, limit: Duration) -> Result<UnixStream, HostError> {
    let unreachable = |source: io::Error| {
        HostFault::Unreachable { address: host.address.clone(), port: host.port, source }.at(&host.name)
    };
    let step = format!("jump to {} port {}", host.address, host.port);
    let channel = SshChannel::open_within(jump, step, limit, |session| {
        session.channel_direct_tcpip(host.address.as_str(), host.port, None)
    })
    .map_err(|failure| {
        failure.or_refused(|error| {
            unreachable(io::Error::other(format!("the jump host says: {}", error.message())))
        })
    })?;
    let (ours, theirs) = UnixStream::pair().map_err(unreachable)?;
    ours.set_nonblocking(true).map_err(unreachable)?;
    theirs.set_nonblocking(true).map_err(unreachable)?;
    thread::Builder::new()
        .name(format!("jump to {}", host.name))
        .spawn(move || {
            // Whatever went wrong, the session that runs through it sees its socket end.
            let _ended =
                Tunnel { channel, local: theirs, up: Vec::new(), down: Vec::new(), open: true }.carry();
        })
        .map_err(unreachable)?;
    Ok(ours)
}

/// Both directions of it.
struct Tunnel {
    channel: SshChannel,
    local: UnixStream,
    /// On its way to the host.
    up: Vec<u8>,
    /// On its way to us.
    down: Vec<u8>,
    /// Our side may still send.
    open: bool,
}

impl Tunnel {
    fn carry(&mut self) -> io::Result<()> {
        loop {
            let moved = self.upward()? | self.downward()?;
            if self.down.is_empty() && self.channel.at_end() {
                return self.local.shutdown(Shutdown::Both);
            }
            if !self.open && self.up.is_empty() {
                return Ok(());
            }
            if !moved {
                self.rest();
            }
        }
    }

    /// From us to the host.
    fn upward(&mut self) -> io::Result<bool> {
        let mut moved = false;
        if self.open && self.up.is_empty() {
            self.up.resize(BUFFER, 0);
            let read = retry(self.local.read(&mut self.up));
            self.up.truncate(*read.as_ref().unwrap_or(&None).as_ref().unwrap_or(&0));
            if let Some(count) = read? {
                self.open = count > 0;
                moved = true;
            }
        }
        if !self.up.is_empty()
            && let Some(count) =
                self.channel.write(&self.up).map_err(|failure| io::Error::other(format!("{failure:?}")))?
        {
            self.up.drain(..count);
            moved |= count > 0;
        }
        Ok(moved)
    }

    /// From the host to us.
    fn downward(&mut self) -> io::Result<bool> {
        let mut moved = false;
        if self.down.is_empty() {
            self.down.resize(BUFFER, 0);
            let read =
                self.channel.read(&mut self.down).map_err(|failure| io::Error::other(format!("{failure:?}")));
            self.down.truncate(*read.as_ref().unwrap_or(&None).as_ref().unwrap_or(&0));
            moved = read?.is_some_and(|count| count > 0);
        }
        if !self.down.is_empty()
            && let Some(count) = retry(self.local.write(&self.down))?
        {
            self.down.drain(..count);
            moved = true;
        }
        Ok(moved)
    }

    /// Until one of the two can do something.
    fn rest(&self) {
        let mut local = PollFlags::empty();
        local.set(PollFlags::IN, self.open && self.up.is_empty());
        local.set(PollFlags::OUT, !self.down.is_empty());
        let mut remote = PollFlags::IN;
        remote.set(PollFlags::OUT, !self.up.is_empty() && self.channel.link.is_blocked_outbound());
        let link = &self.channel.link.socket;
        // An error only shortens the wait.
        let _woken = poll(
            &mut [PollFd::new(&self.local, local), PollFd::new(link, remote)],
            Timespec::try_from(SLICE).ok().as_ref(),
        );
    }
}

/// `None` when it would have to wait.
fn retry(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
