//! Whether anybody still waits for an answer. A command that sshd has started gets no signal when its session ends: it would
//! go on after the push that wanted it was ended.

use std::thread;
use std::time::Duration;

use cli::Abort;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// A system that does not let us ask is asked again so much later.
const AGAIN: Duration = Duration::from_secs(1);

/// Has `abort` set when whoever reads our standard output is gone.
pub(crate) fn abort_without_reader(abort: &Abort) {
    let abort = abort.clone();
    // It ends with the process. That there is no thread for it is no reason to do no work.
    let _watching = thread::Builder::new().name("reader".into()).spawn(move || {
        let stdout = std::io::stdout();
        loop {
            // poll(2) tells of a hang-up, or of a pipe that nobody reads, though nothing is asked for.
            let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut asked, None) {
                Ok(_) if asked.iter().any(|fd| fd.revents().intersects(PollFlags::HUP | PollFlags::ERR)) => {
                    return abort.set();
                }
                Ok(_) | Err(Errno::INTR) => thread::sleep(AGAIN),
                Err(_) => return,
            }
        }
    });
}
