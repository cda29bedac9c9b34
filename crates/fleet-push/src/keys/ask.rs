//! The question to the person at the terminal.
//!
//! It does not show what the answer should be: who wants to add a key has to get its fingerprint from the host, and the program
//! compares, not the eye.

use std::io;
use std::time::Duration;

use cli::{Abort, Console};
use remote::Standing;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::accept::fingerprints;
use super::target::Seen;
use crate::Error;

/// How often a wrong answer may be given.
const ATTEMPTS: usize = 3;
/// Between two looks at the abort flag.
const GLANCE: Duration = Duration::from_millis(100);
/// Longest line that is read.
const LINE: usize = 4096;

/// What the person said.
pub(super) enum Answer {
    /// Fingerprints of keys that the host shows.
    Fingerprints(Vec<String>),
    /// Not this host.
    Nothing,
    /// Nobody is there any more.
    End,
}

/// Asks about one host.
pub(super) fn ask(seen: &Seen, console: &Console, abort: &Abort) -> Result<Answer, Error> {
    let (name, host) = (&seen.target.name, &seen.target.host);
    let new = || seen.keys.iter().filter(|key| key.seen.standing == Standing::New).map(|key| &key.seen.key);
    let kinds: Vec<&str> = new().map(remote::ServerKey::kind).collect();
    console.say(format!(
        "{name} ({} port {}) shows keys that are not known: {}",
        host.address,
        host.port,
        kinds.join(", ")
    ));
    console.block(
        "  on the host's own console: for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done",
    );
    for _ in 0..ATTEMPTS {
        console.block("  type or paste one of the fingerprints shown there (SHA256:...), or just Enter to leave it out:");
        let Some(line) = read_line(abort)? else { return Ok(Answer::End) };
        if line.trim().is_empty() {
            return Ok(Answer::Nothing);
        }
        let typed = fingerprints(&line);
        if typed.is_empty() {
            console.warn("that is no fingerprint; `yes` is no answer");
            continue;
        }
        let shown: Vec<String> = new().map(remote::ServerKey::fingerprint).collect();
        if typed.iter().all(|one| shown.contains(one)) {
            return Ok(Answer::Fingerprints(typed));
        }
        console.warn(format!(
            "{name} does not show that key, so who answers there may be somebody else; nothing is added for it"
        ));
        return Ok(Answer::Nothing);
    }
    Ok(Answer::Nothing)
}

/// A line of the terminal; `None` at its end.
fn read_line(abort: &Abort) -> Result<Option<String>, Error> {
    let stdin = io::stdin();
    let mut line = Vec::new();
    loop {
        if abort.is_set() {
            return Err(Error::Aborted);
        }
        let timeout = Timespec::try_from(GLANCE).ok();
        // An interrupted wait is one that is over.
        let ready = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], timeout.as_ref()).unwrap_or(0);
        if ready == 0 {
            continue;
        }
        // A terminal hands over whole lines. `Stdin` would read ahead, and poll would not know of that.
        let mut buffer = [0; LINE];
        let count = match rustix::io::read(&stdin, &mut buffer) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => 0,
        };
        if count == 0 {
            return Ok(None);
        }
        line.extend(buffer.get(..count).unwrap_or_default());
        if line.ends_with(b"\n") || line.len() >= LINE {
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
    }
}
