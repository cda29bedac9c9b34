//! One host a directory. The lock is for one machine: on a network file system it may exclude nobody, and two hosts of a fleet that
//! are the same directory would each hold it. So whoever locks it for a run of a fleet makes a file that nobody else of the same
//! run can make.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use record::FileName;

use super::Paths;
use crate::Error;

/// Before the name of the run.
const NAME: &str = "sole.";
/// What a host that was cut off left is taken away after this time.
const OLD: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest name that is read.
const LONGEST: u64 = 300;
/// How often a name is waited for that is not written yet. A network file system tells nobody what another host writes.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// The file; it goes when this is dropped.
pub(super) struct Sole(PathBuf);

impl Sole {
    /// Says that `host` is in this directory for `run`, unless another host of the same run has said so. O_EXCL is what every
    /// network file system keeps to.
    pub(super) fn take(paths: &Paths, run: &FileName, host: &str) -> Result<Self, Error> {
        let state = paths.state();
        for entry in fs::read_dir(&state).into_iter().flatten().flatten() {
            let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(NAME));
            let changed = entry.metadata().and_then(|data| data.modified());
            if is_one && changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > OLD)) {
                let _stays = fs::remove_file(entry.path());
            }
        }
        let path = state.join(format!("{NAME}{run}"));
        let write = |source: io::Error| Error::write(&path, source);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let sole = Self(path.clone());
                file.write_all(host.as_bytes()).map_err(write)?;
                Ok(sole)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match name_in(&path) {
                // A process of ours that was killed has left it: who is asked once more takes it over.
                name if name == host => Ok(Self(path)),
                other => Err(Error::same_site(paths.deploy_to(), &other)),
            },
            Err(error) => Err(write(error)),
        }
    }
}

/// Whose it is. The file may be there a moment before the name is in it.
fn name_in(path: &Path) -> String {
    let mut name = String::new();
    for _ in 0..TRIES {
        let _unreadable = fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut name));
        if !name.is_empty() {
            break;
        }
        thread::sleep(BETWEEN);
    }
    name
}

impl Drop for Sole {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hosts_of_one_run_are_not_in_one_directory() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".swap")).unwrap();
        let paths = Paths::new(dir.path());
        let [run, next]: [FileName; 2] = ["r1.1.2", "r1.1.3"].map(|name| name.parse().unwrap());
        let first = Sole::take(&paths, &run, "web1").unwrap();
        let told = Sole::take(&paths, &run, "web2").err().unwrap().to_string();
        assert!(told.contains("host `web1`") && told.contains(&dir.path().display().to_string()), "{told}");
        drop(Sole::take(&paths, &next, "web2").unwrap());
        std::mem::forget(first);
        let again = Sole::take(&paths, &run, "web1").unwrap();
        drop(again);
        drop(Sole::take(&paths, &run, "web2").unwrap());
        assert_eq!(fs::read_dir(dir.path().join(".swap")).unwrap().count(), 0);
    }

    #[test]
    fn what_a_host_left_that_was_cut_off_goes_in_time() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".swap")).unwrap();
        let paths = Paths::new(dir.path());
        let left = [("sole.r0.1.2", 2), ("sole.r0.2.2", 0), ("other", 2)];
        for (name, days) in left {
            let file = fs::File::create(dir.path().join(".swap").join(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - OLD * days).unwrap();
        }
        drop(Sole::take(&paths, &"r1.1.2".parse().unwrap(), "web1").unwrap());
        let stays = left.map(|(name, _)| dir.path().join(".swap").join(name).exists());
        assert_eq!(stays, [false, true, true]);
    }
}
