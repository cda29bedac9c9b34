//! One publish at a time on a seeder.
//!
//! Two that put payloads in place and have one rtorrent stop, close and hash the same download at the same time were seen
//! to leave it without an answer; and both would write the ledger.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use cli::{Abort, Console};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::Error;

/// Between two tries.
const POLL: Duration = Duration::from_millis(50);

/// The lock of a seeder's directory: flock(2), so that it ends with its owner however that ends.
#[derive(Debug)]
pub(crate) struct Turn {
    _file: File,
}

impl Turn {
    /// Waits for its turn, at most `timeout`.
    pub(crate) fn take(
        directory: &Path,
        timeout: Duration,
        console: &Console,
        abort: &Abort,
    ) -> Result<Self, Error> {
        // flock(2) takes a directory as well, so no lock file lies about.
        let path = directory.to_owned();
        let failed = |source| Error::SeederDirectory { path: path.clone(), source };
        let file = File::open(directory).map_err(failed)?;
        let started = Instant::now();
        let mut told = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK) if started.elapsed() < timeout => {
                    if !told {
                        told = true;
                        console.say(format!("waiting for another publish in `{}`", directory.display()));
                    }
                    abort.sleep(POLL)?;
                }
                Err(Errno::WOULDBLOCK) => return Err(Error::Busy { path, waited: timeout }),
                Err(errno) => return Err(failed(errno.into())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_waits_and_then_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let console = Console::new("test", cli::ColorChoice::Never);
        let take = |timeout| Turn::take(folder.path(), timeout, &console, &Abort::default());
        let first = take(Duration::ZERO).unwrap();
        assert!(matches!(take(Duration::from_millis(100)), Err(Error::Busy { .. })));
        drop(first);
        take(Duration::ZERO).unwrap();
    }
}
