//! The files of a configuration, read once each and only so many of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;

/// More, or more in one file, is no configuration.
const MOST: usize = 4000;
const LARGEST: u64 = 4 << 20;

/// Files on the disk, or those that a server's own program has shown.
#[derive(Debug, Default)]
pub(super) struct Files {
    shown: BTreeMap<PathBuf, String>,
    pub(super) read: BTreeSet<PathBuf>,
    /// Those that could not be read.
    pub(super) closed: BTreeSet<PathBuf>,
}

impl Files {
    /// What `nginx -T` printed: a line `# configuration file PATH:` before each file.
    pub(super) fn shown(text: &str) -> Self {
        let mut shown: BTreeMap<PathBuf, String> = BTreeMap::new();
        let mut at: Option<&mut String> = None;
        for line in text.lines() {
            let path = line.strip_prefix("# configuration file ").and_then(|rest| rest.strip_suffix(':'));
            if let Some(path) = path {
                at = Some(shown.entry(PathBuf::from(path)).or_default());
            } else if let Some(text) = &mut at {
                text.push_str(line);
                text.push('\n');
            }
        }
        Self { shown, ..Self::default() }
    }

    /// The text of a file; nothing if it cannot be read, or too much was.
    pub(super) fn text(&mut self, path: &Path) -> Option<String> {
        if let Some(text) = self.shown.get(path) {
            self.read.insert(path.to_owned());
            return Some(text.clone());
        }
        if self.read.len() >= MOST
            || fs::metadata(path).is_ok_and(|meta| !meta.is_file() || meta.len() > LARGEST)
        {
            return None;
        }
        match fs::read(path) {
            Ok(bytes) => {
                self.read.insert(path.to_owned());
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    self.closed.insert(path.to_owned());
                }
                None
            }
        }
    }

    /// What a pattern of an include means, in the order in which servers take it; of a directory, all files below it.
    pub(super) fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        if !self.shown.is_empty() {
            let matcher = glob(&pattern.to_string_lossy());
            let fits = |path: &Path| path == pattern || matcher.as_ref().is_some_and(|m| m.is_match(path));
            return self.shown.keys().filter(|path| fits(path)).cloned().collect();
        }
        let mut found = vec![PathBuf::new()];
        for part in pattern.components() {
            let text = part.as_os_str().to_string_lossy().into_owned();
            found = match part {
                Component::Normal(_) if text.contains(['*', '?', '[']) => {
                    let matcher = glob(&text);
                    let matches = |name: &str| matcher.as_ref().is_some_and(|m| m.is_match(name));
                    let mut next = Vec::new();
                    for dir in &found {
                        // A leading dot is matched by none of their patterns: editors' and package managers' files.
                        let names =
                            names(dir).into_iter().filter(|name| !name.starts_with('.') && matches(name));
                        next.extend(names.map(|name| dir.join(name)));
                    }
                    next
                }
                _ => found.into_iter().map(|dir| dir.join(part)).collect(),
            };
        }
        let mut files = Vec::new();
        for path in found {
            below(&path, 0, &mut files);
        }
        files
    }
}

fn glob(pattern: &str) -> Option<globset::GlobMatcher> {
    GlobBuilder::new(pattern).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// A loop of links ends at the depth.
fn below(path: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    if files.len() >= MOST || depth > 8 {
        return;
    }
    if path.is_dir() {
        for name in names(path) {
            below(&path.join(name), depth + 1, files);
        }
    } else {
        files.push(path.to_owned());
    }
}
