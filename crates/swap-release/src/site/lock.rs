//! One change at a time.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::Error;

/// The lock of a site: flock(2) on `.swap/lock`, so the kernel frees it when its owner dies, however it dies, and two
/// can never take it over. The file's text says who the owner is; it is left in place, since removing a locked file
/// lets two hold "the" lock.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// The longest owner that is read back.
const LONGEST: u64 = 500;

impl Lock {
    /// Takes the lock without waiting.
    pub(crate) fn take(path: &Path, owner: &str) -> Result<Self, Error> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|source| Error::write(path, source))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut owner = String::new();
                // Half-written or unreadable text only makes the message poorer.
                let _unreadable = (&file).take(LONGEST).read_to_string(&mut owner);
                return Err(Error::Busy { path: path.to_owned(), owner: owner.trim().to_owned() });
            }
            Err(errno) => return Err(Error::write(path, errno.into())),
        }
        let text = format!("{owner}, process {}, since {}\n", std::process::id(), record::now());
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .map_err(|source| Error::write(path, source))?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, "build 41").unwrap();
        let Err(Error::Busy { owner, .. }) = Lock::take(&path, "build 42") else { panic!("taken twice") };
        assert!(owner.starts_with("build 41, process "), "{owner}");
        drop(first);
        Lock::take(&path, "build 42").unwrap();
    }
}
