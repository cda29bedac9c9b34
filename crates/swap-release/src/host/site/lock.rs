//! One change at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cli::Abort;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::Error;

/// The lock of a site: flock(2) on `.swap/lock`, so the kernel frees it when its owner dies, however it dies, and two
/// can never take it over. The file's text says who the owner is, and its fencing token, which counts up with every
/// owner. The file is left in place, since removing a locked file lets two hold "the" lock; an owner whose file somebody
/// removed all the same finds out before its next step (see [`Lock::check`]).
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
    token: u64,
}

/// The longest owner that is read back, in bytes.
const LONGEST: u64 = 2000;
/// How long a child holds a copy of the lock, at most.
const COPIES: Duration = Duration::from_millis(250);
/// Before the token in the text.
const TOKEN: &str = ", token ";

impl Lock {
    /// Takes the lock without waiting.
    pub(crate) fn take(path: &Path, owner: &str) -> Result<Self, Error> {
        let write = |source| Error::write(path, source);
        let until = Instant::now() + COPIES;
        loop {
            let file = open(path).map_err(write)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    let mut text = String::new();
                    // Half-written or unreadable text only makes the message poorer.
                    let _unreadable = (&file).take(LONGEST).read_to_string(&mut text);
                    let owner = text.split(TOKEN).next().unwrap_or_default().trim().to_owned();
                    if is_a_copy(&owner) && Instant::now() < until {
                        thread::sleep(Duration::from_millis(5));
                        continue;
                    }
                    return Err(Error::Busy { path: path.to_owned(), owner });
                }
                Err(errno) => return Err(write(errno.into())),
            }
            if is_at(&file, path) {
                return Self::held(file, path, owner);
            }
            // Removed between opening and locking: what we hold is nobody's lock.
        }
    }

    /// The same, waiting for whoever has it, at most `within`. `check` is asked when it is free, before anything is written.
    pub(crate) fn take_when_free(
        path: &Path,
        owner: &str,
        within: Duration,
        abort: &Abort,
        check: &dyn Fn() -> Result<(), Error>,
    ) -> Result<Self, Error> {
        check()?;
        match Self::take(path, owner) {
            Err(Error::Busy { .. }) => {}
            result => return result,
        }
        let until = Instant::now() + within;
        let (sender, files) = mpsc::channel();
        let aborted = sender.clone();
        abort.on_set(move || drop(aborted.send(None)));
        loop {
            // By a thread, since flock(2) has no timeout. It is never joined: when nobody waits any more it lets go again.
            let (sender, at) = (sender.clone(), path.to_owned());
            thread::spawn(move || sender.send(Some(wait_for(&at))));
            match files.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Some(Ok(file))) if is_at(&file, path) => {
                    check()?;
                    return Self::held(file, path, owner);
                }
                Ok(Some(Ok(_removed))) => {}
                Ok(Some(Err(source))) => return Err(Error::write(path, source)),
                Ok(None) => return Err(Error::Aborted),
                Err(_) => return Self::take(path, owner),
            }
        }
    }

    /// Says in the locked file who has it.
    fn held(mut file: File, path: &Path, owner: &str) -> Result<Self, Error> {
        let write = |source| Error::write(path, source);
        let mut text = String::new();
        let _unreadable = (&file).take(LONGEST).read_to_string(&mut text);
        let token = token_of(&text) + 1;
        let text =
            format!("{owner}, process {}, since {}{TOKEN}{token}\n", std::process::id(), record::now());
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .map_err(write)?;
        Ok(Self { file, path: path.to_owned(), token })
    }

    /// Fails when the lock file is not ours any more: somebody removed it, and somebody else may be at work.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if is_at(&self.file, &self.path) {
            return Ok(());
        }
        Err(Error::fenced(&self.path, self.token))
    }

    /// Counts up with every owner.
    pub(crate) fn token(&self) -> u64 {
        self.token
    }
}

/// Whether what holds the lock can only be a child that its owner began, and that has not yet become another program: until
/// then it has a copy of all that is open, and outlives an owner that dropped the lock or died.
fn is_a_copy(owner: &str) -> bool {
    let process =
        owner.rsplit_once(", process ").and_then(|(_, rest)| rest.split(',').next()?.parse::<u32>().ok());
    process.is_some_and(|id| id == std::process::id() || !Path::new("/proc").join(id.to_string()).exists())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Waits until nobody has it, however long.
fn wait_for(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    loop {
        match flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

fn token_of(text: &str) -> u64 {
    text.trim().rsplit_once(TOKEN).and_then(|(_, token)| token.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first_and_tokens_count_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, "build 41").unwrap();
        let Err(Error::Busy { owner, .. }) = Lock::take(&path, "build 42") else { panic!("taken twice") };
        assert!(owner.starts_with("build 41, process ") && !owner.contains("token"), "{owner}");
        let token = first.token();
        drop(first);
        assert_eq!(Lock::take(&path, "build 42").unwrap().token(), token + 1);
    }

    #[test]
    fn who_waits_gets_it_when_it_is_free_and_gives_up_in_time_or_when_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let abort = Abort::default();
        let wait = |within| Lock::take_when_free(&path, "heir", within, &abort, &|| Ok(()));
        let first = Lock::take(&path, "build 41").unwrap();
        let Err(Error::Busy { owner, .. }) = wait(Duration::from_millis(20)) else { panic!("taken twice") };
        assert!(owner.starts_with("build 41"), "{owner}");
        let token = thread::scope(|scope| {
            let heir = scope.spawn(|| wait(Duration::from_secs(60)));
            thread::sleep(Duration::from_millis(50));
            drop(first);
            let heir = heir.join().unwrap().unwrap();
            let last = scope.spawn(|| wait(Duration::from_secs(60)));
            thread::sleep(Duration::from_millis(50));
            abort.set();
            assert!(matches!(last.join().unwrap(), Err(Error::Aborted)));
            heir.token()
        });
        assert!(token >= 2);
        let refused = Lock::take_when_free(&path, "x", Duration::ZERO, &abort, &|| Err(Error::Aborted));
        assert!(matches!(refused, Err(Error::Aborted)));
    }

    #[test]
    fn an_owner_whose_lock_file_was_removed_is_fenced_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, "build 41").unwrap();
        first.check().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(first.check().unwrap_err().to_string().contains("was removed while"));
        let second = Lock::take(&path, "build 42").unwrap();
        assert!(first.check().unwrap_err().to_string().contains("was removed while"));
        second.check().unwrap();
    }

    #[test]
    fn of_many_that_want_a_dead_owners_lock_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(Lock::take(&path, "dead").unwrap());
        for _ in 0..10 {
            let barrier = std::sync::Barrier::new(8);
            let held: Vec<_> = thread::scope(|scope| {
                let one = || {
                    barrier.wait();
                    Lock::take(&path, "heir").ok()
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
                threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(held.len(), 1);
        }
    }
}
