//! One receiver at a time on a site, and making way: for the next of the same push, whose connection broke, and for
//! anybody once the own controller is gone.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cli::Abort;

use super::ReceiveError;
use crate::Error;
use crate::site::{Lock, Paths};

/// How long a newcomer waits for the one before it to make way; that one looks several times a second.
const PATIENCE: Duration = Duration::from_secs(8);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(50);
/// The longest wish that is read.
const LONGEST: usize = 100;

/// Held while a receiver is at work; the kernel frees it, however the process ends.
pub(super) struct Turn {
    wish: PathBuf,
    push: String,
    looked: Instant,
    _lock: Lock,
}

impl Turn {
    /// Takes the place, asking whoever has it to make way.
    pub(super) fn take(paths: &Paths, push: &str, abort: &Abort) -> Result<Self, Error> {
        let (path, wish) = (paths.receiving(), paths.state().join("receive.next"));
        let until = Instant::now() + PATIENCE;
        let mut asked = false;
        loop {
            match Lock::take(&path, &format!("push {push}")) {
                Ok(lock) => {
                    // Somebody else's wish, too, is fulfilled or outlived: he asks again.
                    let _absent = fs::remove_file(&wish);
                    return Ok(Self { wish, push: push.to_owned(), looked: Instant::now(), _lock: lock });
                }
                Err(Error::Busy { path, owner }) => {
                    if Instant::now() >= until {
                        return Err(ReceiveError::Busy { path, owner }.into());
                    }
                    if !asked {
                        asked = true;
                        fs::write(&wish, push).map_err(|source| Error::write(&wish, source))?;
                    }
                    abort.sleep(GLANCE)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the place is to be given up. `alone`: the own controller is gone.
    pub(super) fn is_over(&mut self, alone: bool) -> bool {
        if self.looked.elapsed() < GLANCE {
            return false;
        }
        self.looked = Instant::now();
        let Ok(wish) = fs::read(&self.wish) else { return false };
        alone || (wish.len() <= LONGEST && wish == self.push.as_bytes())
    }
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
        let mut first = Turn::take(&paths, "a1", &abort).unwrap();
        assert!(!first.is_over(true), "nobody asked");
        let taking = |push: &'static str| {
            let (paths, abort) = (paths.clone(), abort.clone());
            thread::spawn(move || Turn::take(&paths, push, &abort))
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
}
