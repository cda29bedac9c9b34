//! What git knows of the site. Everything here is optional: no git, no repository, an empty one are all "nothing".

use std::path::Path;
use std::process::{Command, Stdio};

use record::Build;

/// Longest value that is kept, in characters.
const LONGEST: usize = 500;

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

/// What a record says of the commit: the branch, the tag that is exactly on it, where it was cloned from.
pub(crate) fn build(site: &Path, commit: &Commit) -> Build {
    // Empty on a detached HEAD.
    let line = |args: &[&str]| {
        let text = git(site, args)?;
        let line = text.lines().next()?.trim();
        let clean: String = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Some(clean).filter(|line| !line.is_empty())
    };
    Build {
        commit: Some(commit.id.clone()),
        branch: line(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
        git_tag: line(&["tag", "--points-at", "HEAD", "--sort=-version:refname"]),
        git_url: line(&["config", "--get", "remote.origin.url"]).filter(|url| !is_local(url)),
        ..Build::default()
    }
}

/// A path of the agent, which no record holds.
fn is_local(url: &str) -> bool {
    url.starts_with(['/', '.', '~']) || url.starts_with("file:") || !url.contains(':')
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
