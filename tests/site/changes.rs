//! What a release changes: as much as Drupal 10.3.5 -> 10.3.6 did, 74 files edited in a few lines, 6 new, 1 gone.

use super::Shape;
use super::plan::Planned;
use super::rng::Rng;
use super::text::Writer;

/// A file as a release has it: its plan and how often it was edited.
#[derive(Debug, Clone)]
pub struct Versioned {
    /// The plan.
    pub file: Planned,
    /// The releases that edited it.
    pub edits: Vec<u32>,
    /// The release that brought it.
    pub since: u32,
    /// Stream of its content.
    pub stream: u64,
}

/// The files of `release`, from those of release 1.
#[must_use]
pub fn apply(shape: Shape, files: Vec<Planned>, release: u32) -> Vec<Versioned> {
    let mut all: Vec<Versioned> = files
        .into_iter()
        .enumerate()
        .map(|(index, file)| Versioned {
            file,
            edits: Vec::new(),
            since: 1,
            stream: 1_000_000 + index as u64,
        })
        .collect();
    for number in 2..=release {
        let mut rng = Rng::new(u64::from(number) << 32);
        // Drupal's own change was mostly style sheets and PHP of 13 KB on average.
        let candidates: Vec<usize> = (0..all.len())
            .filter(|at| {
                let file = &all[*at].file;
                (1_024..262_144).contains(&file.size)
                    && (file.path.ends_with(".php") || file.path.ends_with(".css"))
            })
            .collect();
        let mut left = candidates;
        for _ in 0..shape.scale(74) {
            let at = left.swap_remove(rng.below(left.len()));
            all[at].edits.push(number);
        }
        let gone = left.swap_remove(rng.below(left.len()));
        let beside = all[gone].file.path.clone();
        let folder = beside.rsplit_once('/').map_or("core", |(folder, _)| folder);
        for index in 0..shape.scale(6) {
            let path = format!("{folder}/AddedInRelease{number}Part{index}.php");
            let file = Planned { path, size: 2_000 + rng.below(4_000), executable: false };
            let stream = (u64::from(number) << 40) + index as u64;
            all.push(Versioned { file, edits: Vec::new(), since: number, stream });
        }
        all.remove(gone);
    }
    all
}

/// Edits `content` as release `number` does: a few lines replaced, one added, sometimes some removed.
#[must_use]
pub fn edit(writer: &Writer, content: &[u8], stream: u64, number: u32) -> Vec<u8> {
    let mut rng = Rng::new(stream ^ (u64::from(number) << 48));
    let text = String::from_utf8_lossy(content);
    let mut lines: Vec<String> = text.split_inclusive('\n').map(ToOwned::to_owned).collect();
    for _ in 0..2 + rng.below(4) {
        let at = rng.below(lines.len());
        lines[at].clear();
        writer.line(&mut lines[at], &mut rng);
    }
    let at = rng.below(lines.len());
    let mut line = format!("  // Changed in release {number}.\n");
    writer.line(&mut line, &mut rng);
    lines.insert(at, line);
    if rng.once_in(3) && lines.len() > 20 {
        let at = rng.below(lines.len() - 10);
        lines.drain(at..at + 1 + at % 9);
    }
    lines.concat().into_bytes()
}
