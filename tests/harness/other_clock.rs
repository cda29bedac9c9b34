//! Showing other programs another time, by libfaketime.

use std::path::{Path, PathBuf};

/// Where the library keeps something for every process, and leaves it there when one is killed.
const MEMORY: &str = "/dev/shm";
const NAMES: [&str; 2] = ["faketime_shm_", "sem.faketime_sem_"];

/// A clock that is off. What passes is measured rightly all the same, as when a real one is set.
#[derive(Debug)]
pub struct OtherClock {
    library: PathBuf,
}

impl OtherClock {
    /// One, where Debian's package `faketime` is installed; elsewhere the test is to be skipped.
    #[must_use]
    pub fn find(test: &str) -> Option<Self> {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let library = folders
            .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.is_file());
        let why = "not installed: libfaketime (Debian package faketime)";
        if !super::peers::skip_unless(test, library.is_some(), why) {
            return None;
        }
        library.map(|library| Self { library })
    }

    /// The environment of a program that sees a time so far off, such as `+365d`.
    #[must_use]
    pub fn off_by(&self, offset: &str) -> Vec<(String, String)> {
        self.environment("FAKETIME", offset)
    }

    /// The environment of a program that looks the offset up in a file whenever it wants to know the time.
    #[must_use]
    pub fn off_as_told_by(&self, file: &Path) -> Vec<(String, String)> {
        let mut environment = self.environment("FAKETIME_TIMESTAMP_FILE", &file.display().to_string());
        environment.push(("FAKETIME_NO_CACHE".into(), "1".into()));
        environment
    }

    fn environment(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let library = self.library.display().to_string();
        [
            ("LD_PRELOAD", library.as_str()),
            (name, value),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

impl Drop for OtherClock {
    /// Removes what processes that are gone have left. A later one with the same number would find it.
    fn drop(&mut self) {
        for entry in std::fs::read_dir(MEMORY).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let pid = NAMES.iter().find_map(|start| name.to_str()?.strip_prefix(start));
            if pid.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
                let _gone_already = std::fs::remove_file(entry.path());
            }
        }
    }
}
