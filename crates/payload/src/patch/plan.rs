//! Which contents go into which frame. Both sides compute it from the two manifests, so a patch need not say it.

use std::collections::{HashMap, HashSet};

use crate::content::entry::{Entry, Kind};
use crate::{Manifest, Sha256};

/// Most bytes of old and new content in a frame that has more than one part.
const FRAME: u64 = 32 << 20;
/// Longer files are cut into parts of this length, each beside the part of the same offset of what the file was before.
const PART: u64 = 16 << 20;

/// A piece of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) entry: &'a Entry,
    /// First byte in the file.
    pub(super) offset: u64,
    /// Bytes.
    pub(super) length: u64,
}

impl Part<'_> {
    /// Whether the file ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.offset + self.length == self.entry.size()
    }
}

/// What one frame holds, in the order of the paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Its prefix.
    pub(super) old: Vec<Part<'a>>,
    /// Its content.
    pub(super) new: Vec<Part<'a>>,
}

/// Cuts what is new into frames; without `prefix` nothing old is beside it.
pub(super) fn frames<'a>(base: &'a Manifest, target: &'a Manifest, prefix: bool) -> Vec<Frame<'a>> {
    let mut old = parts(base, target).filter(|_| prefix).peekable();
    let mut new = parts(target, base).peekable();
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    let mut bytes = 0;
    loop {
        let (part, is_new) = match (old.peek(), new.peek()) {
            // At one place the old goes first.
            (Some(before), Some(after)) if key(before) <= key(after) => (old.next(), false),
            (_, Some(_)) => (new.next(), true),
            // What is old behind the last that is new helps nothing any more, except what fits into its frame.
            (Some(_), None) => (old.next(), false),
            (None, None) => break,
        };
        let Some(part) = part else { break };
        if bytes > 0 && bytes + part.length > FRAME {
            frames.push(std::mem::take(&mut frame));
            bytes = 0;
        }
        bytes += part.length;
        if is_new { frame.new.push(part) } else { frame.old.push(part) }
    }
    frames.push(frame);
    frames.retain(|frame| !frame.new.is_empty());
    frames
}

fn key<'a>(part: &Part<'a>) -> (&'a str, u64) {
    (&part.entry.path, part.offset)
}

/// Every content of the one tree that the other does not have, once, in the order of the paths.
fn parts<'a>(of: &'a Manifest, not_in: &Manifest) -> impl Iterator<Item = Part<'a>> {
    let mut known: HashSet<Sha256> = not_in.entries().iter().filter_map(content).collect();
    let entries =
        of.entries().iter().filter(move |entry| content(entry).is_some_and(|sha256| known.insert(sha256)));
    entries.flat_map(|entry| {
        let offsets = (0..entry.size()).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
        offsets.map(move |offset| Part { entry, offset, length: PART.min(entry.size() - offset) })
    })
}

/// The hash of a file that has content.
pub(super) fn content(entry: &Entry) -> Option<Sha256> {
    match entry.kind {
        Kind::File { size: 1.., sha256, .. } => Some(sha256),
        Kind::File { .. } | Kind::Dir | Kind::Link { .. } => None,
    }
}

/// Where the base has a content.
pub(super) fn places(base: &Manifest) -> HashMap<Sha256, &Entry> {
    let mut places = HashMap::new();
    for entry in base.entries() {
        if let Some(sha256) = content(entry) {
            places.entry(sha256).or_insert(entry);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileMode;

    fn manifest(files: &[(&str, u64, &str)]) -> Manifest {
        let entry = |&(path, size, content): &(&str, u64, &str)| {
            let kind = Kind::File { mode: FileMode::Plain, size, sha256: Sha256::of(content.as_bytes()) };
            Entry { path: path.into(), mtime: 0, kind }
        };
        Manifest::new(files.iter().map(entry).collect()).unwrap()
    }

    /// Path and offset of each part.
    type Places<'a> = Vec<(&'a str, u64)>;

    fn shown<'a>(frames: &[Frame<'a>]) -> Vec<(Places<'a>, Places<'a>)> {
        let places = |parts: &[Part<'a>]| parts.iter().map(key).collect();
        frames.iter().map(|frame| (places(&frame.old), places(&frame.new))).collect()
    }

    #[test]
    fn only_what_the_other_does_not_have_is_in_it_and_once() {
        let base = manifest(&[("a", 1, "1"), ("b", 1, "2"), ("gone", 1, "3"), ("empty", 0, "")]);
        let target = manifest(&[
            ("a", 1, "1"),
            ("b", 1, "4"),
            ("moved", 1, "2"),
            ("new", 1, "5"),
            ("too", 1, "5"),
            ("none", 0, ""),
        ]);
        assert_eq!(shown(&frames(&base, &target, true)), [(vec![("gone", 0)], vec![("b", 0), ("new", 0)])]);
        assert_eq!(shown(&frames(&base, &target, false)), [(vec![], vec![("b", 0), ("new", 0)])]);
        assert_eq!(frames(&base, &base, true), []);
    }

    #[test]
    fn frames_are_bounded_and_a_long_file_meets_what_it_was() {
        const MIB: u64 = 1 << 20;
        let base = manifest(&[("a", 12 * MIB, "1"), ("b", 40 * MIB, "2")]);
        let target = manifest(&[("a", 12 * MIB, "3"), ("b", 41 * MIB, "4"), ("c", 1, "5")]);
        let frames = frames(&base, &target, true);
        assert_eq!(
            shown(&frames),
            [
                (vec![("a", 0)], vec![("a", 0)]),
                (vec![("b", 0)], vec![("b", 0)]),
                (vec![("b", 16 * MIB)], vec![("b", 16 * MIB)]),
                (vec![("b", 32 * MIB)], vec![("b", 32 * MIB), ("c", 0)]),
            ]
        );
        let bytes = |parts: &[Part<'_>]| parts.iter().map(|part| part.length).sum::<u64>();
        assert!(frames.iter().all(|frame| bytes(&frame.old) + bytes(&frame.new) <= FRAME));
        assert_eq!(frames.iter().map(|frame| bytes(&frame.new)).sum::<u64>(), 53 * MIB + 1);
    }
}
