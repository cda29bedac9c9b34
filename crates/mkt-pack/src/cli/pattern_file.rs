//! Files with exclude patterns.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::Error;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// The lines of all files; comments and empty ones mean to the reader of patterns what they mean in a `.gitignore`.
pub(crate) fn read_all(files: &[PathBuf]) -> Result<Vec<String>, Error> {
    let mut patterns = Vec::new();
    for path in files {
        let text = read(path).map_err(|source| Error::PatternFile { path: path.clone(), source })?;
        patterns.extend(text.lines().map(str::to_owned));
    }
    Ok(patterns)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LONGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}
