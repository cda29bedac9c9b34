//! Whether two hosts are the same directory: each makes a file in its own and keeps it until all have looked, and who
//! cannot make it because another host has is that one by another name. It is also the one real proof that the account can
//! write there. No number that a machine tells of itself would do: clones have the same.

use std::time::{Duration, Instant};

use inventory::Host;
use remote::{Argv, LineRead, Process, Remote};

const SCRIPT: &str = include_str!("hold.sh");
/// Time for it to say how it went, and to take the file away again.
const BRIEF: Duration = Duration::from_secs(15);

/// What a host found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// No other host of this run has come to the directory so far.
    Alone,
    /// The host of this name is in the same directory.
    Also(String),
    /// The file could not be made, in the words of the system.
    Refused(String),
    /// There is no directory yet, or it did not say.
    Untold,
}

/// A file that is kept there. Dropped, it goes as soon as the connection does.
pub(crate) struct Held(Box<dyn Process>);

/// Makes it, in the directory of the site. `run` is the same for all hosts, and nobody else's.
pub(super) fn hold(remote: &dyn Remote, host: &Host, run: &str) -> Result<(Place, Held), remote::HostError> {
    let argv = Argv::new("sh").args(["-c", SCRIPT, "sh", host.deploy_to.as_str(), run, host.name.as_str()]);
    let mut process = remote.spawn(&argv)?;
    let until = Instant::now() + BRIEF;
    let place = loop {
        match process.read_line(until)? {
            // Whatever a login script prints comes this way, too.
            LineRead::Line(line) => match read(&line) {
                Some(place) => break place,
                None => continue,
            },
            LineRead::TimedOut | LineRead::End => break Place::Untold,
        }
    };
    Ok((place, Held(process)))
}

fn read(line: &str) -> Option<Place> {
    let rest = line.strip_prefix("here ")?;
    let (word, what) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(match word {
        "alone" => Place::Alone,
        "also" => Place::Also(what.trim().to_owned()),
        "refused" => Place::Refused(what.chars().take(300).collect()),
        _ => return None,
    })
}

/// Takes all of them away.
pub(crate) fn release(mut all: Vec<Held>) {
    for Held(process) in &mut all {
        // Whoever cannot be told notices that the connection is gone.
        let _gone = process.close_stdin();
    }
    let until = Instant::now() + BRIEF;
    for Held(process) in &mut all {
        let _gone = process.wait(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_and_what_else_is_printed() {
        assert_eq!(read("here alone"), Some(Place::Alone));
        assert_eq!(read("here also web1"), Some(Place::Also("web1".into())));
        let quota = "sh: 1: cannot create /srv/site/.mkt-here.1: Disk quota exceeded";
        assert_eq!(read(&format!("here refused {quota}")), Some(Place::Refused(quota.into())));
        assert_eq!((read("Welcome"), read("here you are")), (None, None));
    }
}
