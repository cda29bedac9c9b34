//! `diff`: what a release changes.

use std::path::PathBuf;

use clap::Args;
use cli::{Console, human};
use payload::{Entry, Kind, Manifest};
use serde::Serialize;

use crate::Error;
use crate::site::manifest_file::load;
use crate::verbs::show::{answer, document};

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A record (pack.json or another stage's) or a manifest: what was
    pub(crate) before: PathBuf,

    /// A record or a manifest: what is
    pub(crate) after: PathBuf,

    /// One JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The document of `--json`. Every path is in one list at most, in bytewise order.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Differences {
    before: String,
    after: String,
    added: Vec<String>,
    removed: Vec<String>,
    /// Another content, link target or type.
    changed: Vec<String>,
    /// Another mode and the same content.
    mode: Vec<String>,
    /// Bytes of files that are added or changed.
    bytes: u64,
}

/// Compares two records or manifests: to people, or as JSON on standard output.
pub(crate) fn diff(args: &DiffArgs, console: &Console) -> Result<(), Error> {
    let differences = compare(&load(&args.before)?, &load(&args.after)?);
    if args.json {
        return document(&differences, console);
    }
    let Differences { before, after, added, removed, changed, mode, bytes } = &differences;
    for (mark, paths) in [("+", added), ("-", removed), ("M", changed), ("m", mode)] {
        // Line by line: an answer breaks at line ends, which a path may hold.
        for path in paths {
            answer(&format!("{mark} {}", cli::sanitize(path)), console)?;
        }
    }
    if before == after {
        console.say(format!("the same tree, digest {before}"));
    } else {
        console.say(format!(
            "{} added (+), {} removed (-), {} changed (M), {} with another mode (m), {} new",
            added.len(),
            removed.len(),
            changed.len(),
            mode.len(),
            human::bytes(*bytes)
        ));
    }
    Ok(())
}

fn compare(before: &Manifest, after: &Manifest) -> Differences {
    let mut differences = Differences {
        before: before.digest().to_string(),
        after: after.digest().to_string(),
        ..Differences::default()
    };
    for entry in after.entries() {
        let list = match before.get(&entry.path).map(|was| was_changed(was, entry)) {
            Some(Change::None) => continue,
            Some(Change::Mode) => {
                differences.mode.push(entry.path.clone());
                continue;
            }
            Some(Change::Content) => &mut differences.changed,
            None => &mut differences.added,
        };
        list.push(entry.path.clone());
        differences.bytes += entry.size();
    }
    let gone = before.entries().iter().filter(|entry| after.get(&entry.path).is_none());
    differences.removed = gone.map(|entry| entry.path.clone()).collect();
    differences
}

enum Change {
    None,
    Mode,
    Content,
}

/// Modification times are not compared: they are for caches.
fn was_changed(before: &Entry, after: &Entry) -> Change {
    match (&before.kind, &after.kind) {
        (Kind::File { mode, sha256, .. }, Kind::File { mode: now, sha256: content, .. }) => {
            match (sha256 == content, mode == now) {
                (false, _) => Change::Content,
                (true, false) => Change::Mode,
                (true, true) => Change::None,
            }
        }
        (one, other) if one == other => Change::None,
        _ => Change::Content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payload::{FileMode, Sha256};

    fn manifest(entries: &[(&str, Option<&[u8]>, FileMode)]) -> Manifest {
        let entry = |&(path, content, mode): &(&str, Option<&[u8]>, FileMode)| {
            let kind = match content {
                Some(content) => Kind::File { mode, size: content.len() as u64, sha256: Sha256::of(content) },
                None => Kind::Link { target: "b".into() },
            };
            Entry { path: path.into(), mtime: 0, kind }
        };
        Manifest::new(entries.iter().map(entry).collect()).unwrap()
    }

    #[test]
    fn every_path_is_in_one_list() {
        use FileMode::{Executable, Plain};
        let before = manifest(&[
            ("gone", Some(b"1"), Plain),
            ("same", Some(b"2"), Plain),
            ("mode", Some(b"3"), Plain),
            ("content", Some(b"4"), Plain),
            ("both", Some(b"5"), Plain),
            ("type", Some(b"6"), Plain),
        ]);
        let after = manifest(&[
            ("same", Some(b"2"), Plain),
            ("mode", Some(b"3"), Executable),
            ("content", Some(b"44"), Plain),
            ("both", Some(b"555"), Executable),
            ("type", None, Plain),
            ("new", Some(b"7777"), Plain),
        ]);
        let Differences { added, removed, changed, mode, bytes, .. } = compare(&before, &after);
        assert_eq!(added, ["new"]);
        assert_eq!(removed, ["gone"]);
        assert_eq!(changed, ["both", "content", "type"]);
        assert_eq!(mode, ["mode"]);
        assert_eq!(bytes, 2 + 3 + 4);
        let same = compare(&before, &before);
        assert_eq!(same.before, same.after);
        assert_eq!((same.added.len(), same.changed.len(), same.mode.len(), same.bytes), (0, 0, 0, 0));
    }
}
