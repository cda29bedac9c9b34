//! Whether every name of the release fits the host: the longest ones are known before anything is sent.

use std::fs::File;
use std::io::{BufRead, BufReader};

use inventory::Host;
use record::{Records, Release};

/// What most file systems take where a host does not say: NAME_MAX and PATH_MAX of Linux, the latter with its NUL.
const NAME_MAX: usize = 255;
const PATH_MAX: usize = 4096;
/// The most of a manifest's line that is read: a path of PATH_MAX, escaped, and its numbers.
const LONGEST_LINE: u64 = 64 << 10;

/// The longest path of a release, and the path with the longest name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Longest {
    path: String,
    name: String,
}

impl Longest {
    /// By the manifest, where the folder of records has it; a push does not need it there.
    pub(super) fn of(records: &Records, release: &Release) -> Option<Self> {
        let file = File::open(release.manifest.file.in_folder(records.folder())).ok()?;
        Some(Self::read(BufReader::new(file)))
    }

    fn read(mut lines: impl BufRead) -> Self {
        let mut longest = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = std::io::Read::take(&mut lines, LONGEST_LINE).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return longest;
            }
            let entry: Option<serde_json::Value> = serde_json::from_slice(&line).ok();
            let Some(path) = entry.as_ref().and_then(|entry| entry.get("path")?.as_str()) else { continue };
            if path.len() > longest.path.len() {
                path.clone_into(&mut longest.path);
            }
            if last(path).len() > last(&longest.name).len() {
                path.clone_into(&mut longest.name);
            }
        }
    }

    /// What does not fit; `limits` are the longest name and the longest path there, as far as the host said.
    pub(super) fn problem(
        &self,
        host: &Host,
        release: &Release,
        limits: (Option<usize>, Option<usize>),
    ) -> Option<String> {
        let (name_max, path_max) = (limits.0.unwrap_or(NAME_MAX), limits.1.unwrap_or(PATH_MAX));
        let (name, at) = (last(&self.name), &self.name);
        if name.len() > name_max {
            return Some(format!(
                "the name of `{}` has {} bytes, the file system there takes {name_max} (shorten the name in the site)",
                shown(at),
                name.len()
            ));
        }
        let whole = format!("{}/releases/.staging-{}/", host.deploy_to, release.id).len() + self.path.len();
        (whole >= path_max).then(|| {
            format!(
                "`{}` would have a path of {whole} bytes below {}, the host takes {} (choose a shorter `deploy_to`, or shorten the \
                 path in the site)",
                shown(&self.path),
                host.deploy_to,
                path_max - 1
            )
        })
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Enough of it to know it by.
fn shown(path: &str) -> String {
    let text: String = path.chars().take(80).collect();
    if text.len() < path.len() { format!("{text}...") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_told_with_the_limit_of_the_host() {
        let long = format!("a/{}/b", "d/".repeat(100));
        let text = format!(
            "{{\"tree\":1}}\nnonsense\n{{\"path\":\"{long}\"}}\n{{\"path\":\"x/{}\"}}\n",
            "n".repeat(150)
        );
        let longest = Longest::read(text.as_bytes());
        assert_eq!((longest.path.len(), last(&longest.name).len()), (long.len(), 150));
        let (host, release) =
            (crate::hosts::testing::host(), crate::hosts::testing::release(record::Layout::Archive));
        let problem = |name, path| longest.problem(&host, &release, (name, path));
        assert_eq!(problem(None, None), None);
        assert!(problem(Some(143), None).unwrap().contains("150 bytes, the file system there takes 143"));
        let told = problem(Some(255), Some(220)).unwrap();
        assert!(told.contains("the host takes 219") && told.contains("shorter `deploy_to`"), "{told}");
    }
}
