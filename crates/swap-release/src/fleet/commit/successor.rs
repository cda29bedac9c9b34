//! Finishes the commit of a controller that dies while it is sending it.
//!
//! Some hosts have got it then and some put themselves back: a mixture. So before it is sent to the first host a second process is
//! started that holds nothing but a pipe. Once the decision is in the pipe, its end without `done` means that the
//! controller is dead, and the second process brings every host to the release that was decided on.

use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

/// The process that waits for the death of this one.
pub(super) struct Successor {
    child: Child,
    word: ChildStdin,
}

impl Successor {
    /// Starts it: this program with these arguments. Without it the swap goes on; only this guard is missing.
    pub(super) fn start(arguments: &[OsString]) -> Option<Self> {
        let started = std::env::current_exe().and_then(|program| {
            Command::new(program)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                // What kills our process group is not to kill it.
                .process_group(0)
                .spawn()
        });
        match started {
            Ok(mut child) => {
                let word = child.stdin.take()?;
                Some(Self { child, word })
            }
            Err(error) => {
                log::warn!("nobody will finish the commit if this process is killed now: {error}");
                None
            }
        }
    }

    /// From now on the hosts are to have the release.
    pub(super) fn decided(&mut self) {
        if let Err(error) = self.word.write_all(b"decided\n") {
            log::warn!("nobody will finish the commit if this process is killed now: {error}");
        }
    }

    /// Every host has got the decision, and the outcome is known.
    pub(super) fn done(mut self) {
        let _gone = self.word.write_all(b"done\n");
        drop(self.word);
        let _gone = self.child.wait();
    }
}

/// In the second process: waits for the end of the pipe, and says whether a decision was not carried out.
pub(in crate::fleet) fn is_orphaned(input: impl BufRead) -> bool {
    let words: Vec<String> = input.lines().map_while(Result::ok).collect();
    words == ["decided"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_decision_that_nobody_carried_out_is_kept() {
        assert!(is_orphaned("decided\n".as_bytes()));
        for other in ["", "decided\ndone\n", "done\n", "decided\nxx\n"] {
            assert!(!is_orphaned(other.as_bytes()), "{other:?}");
        }
    }
}
