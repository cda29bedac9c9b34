//! Listing a tree as mktorrent does: links are followed, what is no regular file is passed over without a word, and what
//! cannot be read is left out with a warning.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cli::{Abort, Console};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use metainfo::FileEntry;
use rustix::fs::{Access, access};

use crate::Error;

/// Lists the regular files below `root`.
///
/// `exclude` are shell patterns for the names of files, without directories, as mktorrent's -e has them.
pub(crate) fn walk(
    root: &Path,
    exclude: &[String],
    console: &Console,
    abort: &Abort,
) -> Result<Vec<FileEntry>, Error> {
    let mut walk =
        Walk { root, exclude: patterns(exclude)?, files: Vec::new(), above: Vec::new(), console, abort };
    walk.dir("")?;
    Ok(walk.files)
}

struct Walk<'a> {
    root: &'a Path,
    exclude: GlobSet,
    files: Vec<FileEntry>,
    /// Device and inode of the directories that the current one is in.
    above: Vec<(u64, u64)>,
    console: &'a Console,
    abort: &'a Abort,
}

impl Walk<'_> {
    fn dir(&mut self, dir: &str) -> Result<(), Error> {
        if self.abort.is_set() {
            return Err(Error::Stopped { path: self.root.into() });
        }
        let shown = if dir.is_empty() { "." } else { dir };
        let failed = |source| Error::Tree(payload::Error::Read { path: shown.into(), source });
        let at = self.root.join(dir);
        let metadata = fs::metadata(&at).map_err(failed)?;
        let identity = (metadata.dev(), metadata.ino());
        // mktorrent goes round until the kernel refuses the path; two such links would take it for ever.
        if self.above.contains(&identity) {
            let source = rustix::io::Errno::LOOP.into();
            return Err(Error::Tree(payload::Error::Read { path: dir.into(), source }));
        }
        self.above.push(identity);
        // All names first: a directory that is open at every level takes a descriptor for each.
        let names =
            fs::read_dir(&at).and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let names: Vec<OsString> = names.map_err(failed)?;
        for name in names {
            let Some(name) = name.to_str() else {
                let path = Path::new(dir).join(name).display().to_string();
                return Err(Error::Tree(payload::Error::NotUtf8 { path }));
            };
            let path = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
            let at = self.root.join(&path);
            let metadata = fs::metadata(&at)
                .map_err(|source| Error::Tree(payload::Error::Read { path: path.clone(), source }))?;
            if metadata.is_dir() {
                self.dir(&path)?;
            } else if metadata.is_file() && !self.exclude.is_match(name) {
                if access(&at, Access::READ_OK).is_err() {
                    self.console.warn(format!("cannot read `{path}`, which is left out"));
                    continue;
                }
                log::info!("adding {path}");
                self.files.push(FileEntry { path, length: metadata.len() });
            }
        }
        self.above.pop();
        Ok(())
    }
}

fn patterns(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // fnmatch(3) knows no alternatives.
        let plain = pattern.replace('{', "\\{").replace('}', "\\}");
        let glob: Result<Glob, _> = GlobBuilder::new(&plain).backslash_escape(true).build();
        set.add(glob.map_err(|error| fault(pattern, &error))?);
    }
    set.build().map_err(|error| fault("", &error))
}

fn fault(pattern: &str, error: &globset::Error) -> Error {
    Error::Tree(payload::Error::Pattern { pattern: pattern.into(), reason: error.to_string() })
}
