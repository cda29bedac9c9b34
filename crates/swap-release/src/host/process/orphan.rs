//! A command outlives a process that is killed while it waits for it: a drush that goes on updating the database, and filling
//! caches, after the next run has put the former release back. So it is written down which command runs, and the next run ends it
//! before anything else.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A killed process is gone within milliseconds, unless it waits for a disk.
const GONE: Duration = Duration::from_secs(5);

/// The note of a command that runs, as long as this lives.
pub(super) struct Note<'a>(Option<&'a Path>);

impl<'a> Note<'a> {
    /// Writes it. A power cut ends every command, so it need not be durable; without it the command runs all the same.
    pub(super) fn write(path: Option<&'a Path>, leader: u32) -> Self {
        if let (Some(path), Some(started)) = (path, started(leader))
            && let Err(error) = fs::write(path, format!("{leader} {started}\n"))
        {
            log::warn!("cannot write `{}`: {error}", path.display());
        }
        Self(path)
    }
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        let _gone = self.0.map(fs::remove_file);
    }
}

/// Ends, with its whole process group, the command of which a killed process left a note. For whoever holds the lock now.
pub(crate) fn end(path: &Path) {
    let Ok(text) = fs::read_to_string(path) else { return };
    let mut words = text.split_whitespace().map(str::parse::<u64>);
    if let (Some(Ok(leader)), Some(Ok(since))) = (words.next(), words.next())
        && let Ok(leader) = u32::try_from(leader)
        // The number may be somebody else's by now.
        && started(leader) == Some(since)
        && let Some(group) = i32::try_from(leader).ok().filter(|id| *id > 1).and_then(Pid::from_raw)
    {
        log::warn!("a command that a killed process left is ended: process {leader}");
        let _gone = kill_process_group(group, Signal::KILL);
        let until = Instant::now() + GONE;
        while started(leader) == Some(since) && Instant::now() < until {
            // No child of ours, so nobody tells us; it is gone at once, unless it hangs in the kernel.
            thread::sleep(Duration::from_millis(5));
        }
    }
    let _gone = fs::remove_file(path);
}

/// When a process began, in ticks since the system did (proc_pid_stat(5), field 22); none if there is no such process, or it is
/// dead and only not yet waited for.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_left_is_ended_with_all_that_it_started_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let (path, child) = (folder.path().join("running"), folder.path().join("child"));
        let script = format!("sleep 60 & echo $! > {}; wait", child.display());
        let mut left = Command::new("sh").args(["-c", &script]).process_group(0).spawn().unwrap();
        let until = Instant::now() + GONE;
        let child = loop {
            assert!(Instant::now() < until);
            let text = fs::read_to_string(&child).unwrap_or_default();
            if text.ends_with('\n') {
                break text.trim().parse::<u32>().unwrap();
            }
            thread::sleep(Duration::from_millis(5));
        };

        // A number that somebody else has now.
        fs::write(&path, format!("{} 1\n", left.id())).unwrap();
        end(&path);
        assert!(started(left.id()).is_some() && !path.exists());
        for nonsense in ["", "1 1\n", "0 0\n", "-1 5", "x y"] {
            fs::write(&path, nonsense).unwrap();
            end(&path);
        }

        std::mem::forget(Note::write(Some(&path), left.id()));
        end(&path);
        left.wait().unwrap();
        while started(child).is_some() {
            assert!(Instant::now() < until + GONE, "{child} still runs");
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!path.exists());
    }
}
