//! What git knows of the site. Everything here is optional: no git, no repository, an empty one are all "nothing".

use std::path::Path;
use std::process::{Command, Stdio};

/// The commit a site was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Full hash, lower-case hex.
    pub(crate) id: String,
    /// Committer time, seconds since 1970.
    pub(crate) time: u64,
}

/// The commit that is checked out where the site lies, if it lies in a work tree.
pub(crate) fn commit(site: &Path) -> Option<Commit> {
    let inside = git(site, &["rev-parse", "--is-inside-work-tree"])?;
    if inside.trim() != "true" {
        return None;
    }
    // showSignature would print lines of its own before ours.
    parse(&git(site, &["-c", "log.showSignature=false", "show", "-s", "--format=%H %ct", "HEAD"])?)
}

fn parse(line: &str) -> Option<Commit> {
    let (id, time) = line.trim().split_once(' ')?;
    let is_hash =
        matches!(id.len(), 40 | 64) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    // A commit before 1970 has a negative time, which a tar cannot hold.
    is_hash.then_some(Commit { id: id.into(), time: time.parse().ok()? })
}

fn git(site: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(site)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .inspect_err(|error| log::info!("git cannot be run: {error}"))
        .ok()?;
    if !output.status.success() {
        log::info!("git {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hash_and_time() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(parse(&format!("{id} 1700000000\n")), Some(Commit { id: id.into(), time: 1_700_000_000 }));
        for bad in ["", "x 1", id, &format!("{id} -5"), &format!("{id} 1 2"), "0123 17"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_repository_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(commit(dir.path()), None);
        assert_eq!(commit(&dir.path().join("nowhere")), None);
    }
}
