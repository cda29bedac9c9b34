//! The first words of a server, before SSH begins.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, recv};

use crate::{HandshakeFault, Interrupt};

/// As much of it as is looked at.
const ENOUGH: usize = 512;
/// The longest single wait.
const SLICE: Duration = Duration::from_millis(50);
/// A server that speaks SSH may say other lines first (RFC 4253, 4.2), and then soon comes to it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks at what the server says, without taking it from `socket`; `None` when that is SSH, nothing yet, or nothing at all.
pub(super) fn look(
    socket: &impl AsFd,
    deadline: Instant,
    interrupt: &Interrupt,
) -> Option<(HandshakeFault, String)> {
    let mut heard = None;
    loop {
        let mut buffer = [0; ENOUGH];
        let mut polled = [PollFd::new(socket, PollFlags::IN | PollFlags::RDHUP)];
        // What goes wrong here goes wrong for libssh2 as well, which tells it.
        poll(&mut polled, Timespec::try_from(SLICE).ok().as_ref()).ok()?;
        let [polled] = &polled;
        let is_closed = polled.revents().intersects(PollFlags::RDHUP | PollFlags::HUP);
        let is_ready = polled.revents().contains(PollFlags::IN);
        let count = if is_ready {
            recv(socket, &mut buffer[..], RecvFlags::PEEK | RecvFlags::DONTWAIT).ok()?.0
        } else {
            0
        };
        let text = buffer.get(..count).unwrap_or_default();
        if is_ready && count == 0 || text.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"SSH-")) {
            return None;
        }
        if count > 0 {
            let since = *heard.get_or_insert_with(Instant::now);
            if is_closed || count >= ENOUGH || since.elapsed() >= PATIENCE {
                return Some(judge(&String::from_utf8_lossy(text)));
            }
            // More of it would wake nobody: it is there still.
            std::thread::sleep(SLICE);
        }
        if interrupt.is_raised() || Instant::now() >= deadline {
            return None;
        }
    }
}

fn judge(text: &str) -> (HandshakeFault, String) {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let shown: String = line.chars().filter(|c| !c.is_control()).take(80).collect();
    // The words of OpenSSH's sshd.c.
    if line.contains("Exceeded MaxStartups") {
        (HandshakeFault::Full, format!("it says `{shown}`"))
    } else if line.contains("Not allowed at this time") {
        (HandshakeFault::Banned, format!("it says `{shown}`"))
    } else {
        (HandshakeFault::NotSsh, format!("it does not speak SSH, it says `{shown}`"))
    }
}
