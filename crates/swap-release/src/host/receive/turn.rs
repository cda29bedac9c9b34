//! One receiver at a time on a site, and making way: for the next of the same push, whose connection broke, and for
//! anybody once the own controller is gone. The lock says for which host of which push it was last taken, so that the same
//! directory under a second name is found out: also after the first is done, and on a network file system whose locks
//! exclude nobody.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cli::Abort;
use inventory::HostName;

use crate::Error;
use crate::host::site::{Lock, Paths};

/// How long a newcomer waits for the one before it to make way; that one looks several times a second.
const PATIENCE: Duration = Duration::from_secs(8);
/// Between two looks at the wish, a file of another process on any file system: nothing tells of it everywhere.
const GLANCE: Duration = Duration::from_millis(50);
/// Between two looks at whose the lock is, where locks may exclude nobody.
const RECHECK: Duration = Duration::from_secs(1);
/// The longest wish, and the most of the lock's text, that is read.
const LONGEST: usize = 400;

/// Held while a receiver is at work; the kernel frees it, however the process ends.
pub(super) struct Turn {
    wish: PathBuf,
    path: PathBuf,
    deploy_to: PathBuf,
    us: Us,
    looked: Instant,
    rechecked: Instant,
    _lock: Lock,
}

/// This receiver: which push, and what that calls the host.
struct Us {
    push: String,
    host: String,
}

impl Us {
    /// What a receiver wishes of the one before it.
    fn wish(&self) -> String {
        format!("{} {}", self.push, self.host)
    }

    /// How it calls itself in the lock.
    fn owner(&self) -> String {
        format!("push {} of {}", self.push, self.host)
    }

    /// The other name of the host, if the lock was last taken by the same push for another.
    fn other_name(&self, lock: &str) -> Option<String> {
        let name = lock.strip_prefix(&format!("push {} of ", self.push))?.split(',').next()?;
        let name: HostName = name.parse().ok()?;
        (!self.host.is_empty() && name.as_str() != self.host).then(|| name.to_string())
    }

    fn expect_own(&self, lock: &str, deploy_to: &Path) -> Result<(), Error> {
        self.other_name(lock).map_or(Ok(()), |other| Err(Error::same_site(deploy_to, &other)))
    }
}

impl Turn {
    /// Takes the place, asking whoever has it to make way.
    pub(super) fn take(paths: &Paths, push: &str, host: &str, abort: &Abort) -> Result<Self, Error> {
        let us = Us { push: push.to_owned(), host: host.to_owned() };
        let deploy_to = paths.deploy_to();
        let (path, wish) = (paths.receiving(), paths.state().join("receive.next"));
        let is_ours = || us.expect_own(&text_of(&path), deploy_to);
        is_ours()?;
        let lock = match Lock::take(&path, &us.owner()) {
            Err(Error::Busy { .. }) => {
                fs::write(&wish, us.wish()).map_err(|source| Error::write(&wish, source))?;
                Lock::take_when_free(&path, &us.owner(), PATIENCE, abort, &is_ours)
            }
            result => result,
        };
        let lock = lock.map_err(|error| match error {
            Error::Busy { path, owner } => Error::receiving(&path, &owner),
            error => error,
        })?;
        // Somebody else's wish, too, is fulfilled or outlived: he asks again.
        let _absent = fs::remove_file(&wish);
        let (deploy_to, now) = (deploy_to.to_owned(), Instant::now());
        Ok(Self { wish, path, deploy_to, us, looked: now, rechecked: now, _lock: lock })
    }

    /// Whether the place is to be given up. `alone`: the own controller is gone.
    pub(super) fn is_over(&mut self, alone: bool) -> bool {
        if self.looked.elapsed() < GLANCE {
            return false;
        }
        self.looked = Instant::now();
        let Ok(wish) = fs::read(&self.wish) else { return false };
        alone || (wish.len() <= LONGEST && wish == self.us.wish().as_bytes())
    }

    /// Fails when the same push has taken this place by another name meanwhile, which only a lock that excludes nobody lets
    /// happen.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if self.rechecked.elapsed() < RECHECK {
            return Ok(());
        }
        self.rechecked = Instant::now();
        self.us.expect_own(&text_of(&self.path), &self.deploy_to)
    }
}

/// The beginning of what the lock says; nothing if it cannot be read.
fn text_of(path: &Path) -> String {
    let mut text = Vec::new();
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text));
    read.map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_receiver_makes_way_for_its_own_push_and_for_nobody_else_while_it_is_controlled() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs::create_dir(paths.state()).unwrap();
        let abort = Abort::default();
        let mut first = Turn::take(&paths, "a1", "web1", &abort).unwrap();
        assert!(!first.is_over(true), "nobody asked");
        let taking = |push: &'static str| {
            let (paths, abort) = (paths.clone(), abort.clone());
            thread::spawn(move || Turn::take(&paths, push, "web1", &abort))
        };
        let stranger = taking("b2");
        thread::sleep(Duration::from_millis(300));
        assert!(!first.is_over(false), "a stranger's wish, while the controller is there");
        thread::sleep(GLANCE);
        assert!(first.is_over(true));
        drop(first);
        let mut second = stranger.join().unwrap().unwrap();
        let again = taking("b2");
        let until = Instant::now() + Duration::from_secs(5);
        while !second.is_over(false) {
            assert!(Instant::now() < until);
            thread::sleep(GLANCE);
        }
        drop(second);
        again.join().unwrap().unwrap();
    }

    #[test]
    fn the_same_place_under_a_second_name_is_found_out_during_and_after_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs::create_dir(paths.state()).unwrap();
        let abort = Abort::default();
        let refused = |push: &str, host: &str| {
            let Err(error) = Turn::take(&paths, push, host, &abort) else { panic!("{host} was let in") };
            assert!(error.to_string().contains("of host `web1` of this run, too"), "{error}");
        };
        let mut first = Turn::take(&paths, "a1", "web1", &abort).unwrap();
        refused("a1", "web1b");
        thread::sleep(GLANCE);
        assert!(!first.is_over(false), "the second name drives nobody out");
        // A lock that excludes nobody, as on some network file systems.
        fs::write(paths.receiving(), "push a1 of web2, process 7, since x, token 3\n").unwrap();
        thread::sleep(RECHECK);
        assert!(first.check().unwrap_err().to_string().contains("`web2`"));
        fs::write(paths.receiving(), "push a1 of web1, process 7, since x, token 3\n").unwrap();
        drop(first);
        refused("a1", "web1b");
        drop(Turn::take(&paths, "a1", "web1", &abort).unwrap());
        // Another push may call it what it likes, and so may one that says no name, or nonsense.
        drop(Turn::take(&paths, "b2", "web1b", &abort).unwrap());
        drop(Turn::take(&paths, "b2", "", &abort).unwrap());
        fs::write(paths.receiving(), "push b2 of ../../etc, process").unwrap();
        drop(Turn::take(&paths, "b2", "web1", &abort).unwrap());
    }
}
