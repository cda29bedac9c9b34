//! Which files there are, how deep they lie and how large they are: the distributions of Drupal 10.3.5's `core`.
//!
//! The tables were counted from the project's published tree: 17,928 files, 76.1 MB, 5,383 directories.

use std::collections::{BTreeMap, BTreeSet};

use super::Shape;
use super::rng::Rng;
use super::words;

/// Directories by depth below `core`.
const DIRECTORIES: [usize; 14] = [11, 149, 518, 1085, 1423, 1142, 666, 236, 133, 13, 4, 1, 1, 1];

/// Files by depth below `core`.
const FILES: [usize; 15] = [40, 80, 826, 1716, 4306, 5984, 2879, 1419, 333, 322, 14, 8, 0, 0, 1];

/// Size classes: smallest and largest size, files, bytes of all of them. The rare ones first: rounding up may cost a few
/// of the last.
const SIZES: [(usize, usize, usize, usize); 9] = [
    (1_048_576, 4_194_304, 2, 3_354_481),
    (262_144, 1_048_575, 16, 9_490_236),
    (65_536, 262_143, 49, 5_279_294),
    (16_384, 65_535, 605, 16_004_987),
    (0, 0, 37, 0),
    (4_096, 16_383, 3_185, 24_166_461),
    (1, 255, 2_517, 401_773),
    (256, 1_023, 4_909, 2_905_142),
    (1_024, 4_095, 6_608, 14_510_945),
];

/// The longest path of the tree.
pub const LONGEST: usize = 167;

/// A file to be written.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Relative path.
    pub path: String,
    /// Size in bytes.
    pub size: usize,
    /// Whether it is executable.
    pub executable: bool,
}

/// Plans `core` of a site of this shape.
#[must_use]
pub fn core(shape: Shape) -> Vec<Planned> {
    let mut rng = Rng::new(2);
    let levels = directories(shape, &mut rng);
    let mut paths = files(shape, &levels, &mut rng);
    let mut sizes = sizes(shape, paths.len(), &mut rng);
    for at in (1..sizes.len()).rev() {
        sizes.swap(at, rng.below(at + 1));
    }
    // Sorted, so that neighbours in the archive are neighbours in the tree whatever order they were drawn in.
    paths.sort();
    paths
        .into_iter()
        .zip(sizes)
        .map(|(path, size)| {
            let extension = extension(&path, size, &mut rng);
            Planned { path: format!("{path}{extension}"), size, executable: false }
        })
        .collect()
}

/// Directories by depth; each has a parent one level up, a few parents having most of them.
fn directories(shape: Shape, rng: &mut Rng) -> Vec<Vec<String>> {
    let mut levels: Vec<Vec<String>> = Vec::new();
    let mut seen = BTreeSet::new();
    for (depth, count) in DIRECTORIES.iter().enumerate() {
        let mut level = Vec::new();
        for index in 0..shape.scale(*count) {
            let name = |rng: &mut Rng| match depth {
                0 => words::AREAS[index % words::AREAS.len()].0.to_owned(),
                1 => words::snake(rng, 2),
                _ if rng.once_in(3) => words::snake(rng, 1 + depth % 2),
                _ => (*rng.skewed(words::DIRECTORIES, 1.6)).to_owned(),
            };
            for _ in 0..50 {
                let parent = match depth {
                    0 => "core".to_owned(),
                    1 => format!("core/{}", area(rng)),
                    _ => rng.skewed(&levels[depth - 1], 1.35).clone(),
                };
                let path = format!("{parent}/{}", name(rng));
                if path.len() < LONGEST - 60 && seen.insert(path.to_lowercase()) {
                    level.push(path);
                    break;
                }
            }
        }
        if level.is_empty() {
            break;
        }
        levels.push(level);
    }
    levels
}

/// A top directory, as often as Drupal has files in it.
fn area(rng: &mut Rng) -> &'static str {
    let mut at = rng.below(words::AREAS.iter().map(|(_, share)| share).sum());
    for (name, share) in words::AREAS {
        if at < *share {
            return name;
        }
        at -= share;
    }
    words::AREAS[0].0
}

/// File names without extension: first one for each directory that would stay empty, then the rest, unevenly.
fn files(shape: Shape, levels: &[Vec<String>], rng: &mut Rng) -> Vec<String> {
    let parents: BTreeSet<&str> =
        levels.iter().flatten().filter_map(|path| path.rsplit_once('/').map(|(parent, _)| parent)).collect();
    // By what no two may have in common: a release has no names that differ in case only, and Drupal none.
    let mut paths = BTreeMap::new();
    for (depth, count) in FILES.iter().enumerate() {
        let top = [String::from("core")];
        let Some(level) =
            (if depth == 0 { Some(&top[..]) } else { levels.get(depth - 1).map(Vec::as_slice) })
        else {
            continue;
        };
        let leaves: Vec<&String> = level.iter().filter(|path| !parents.contains(path.as_str())).collect();
        let wanted = shape.scale(*count).max(leaves.len());
        let before = paths.len();
        for leaf in leaves {
            let path = format!("{leaf}/{}", words::camel(rng, 2));
            paths.insert(path.to_lowercase(), path);
        }
        while paths.len() < before + wanted {
            let parent = rng.skewed(level, 2.2);
            let long = 1 + rng.below(4);
            let name = if rng.once_in(3) { words::snake(rng, long) } else { words::camel(rng, long) };
            let path = format!("{parent}/{name}");
            if path.len() <= LONGEST - 20 {
                paths.entry(path.to_lowercase()).or_insert(path);
            }
        }
    }
    // The one path that is as long as Drupal's longest.
    let deepest = levels.last().and_then(|level| level.last()).cloned().unwrap_or_else(|| "core".into());
    let mut longest = format!("{deepest}/views.view.");
    while longest.len() < LONGEST - ".yml".len() {
        longest.push_str("test_revision_filter_");
    }
    longest.truncate(LONGEST - ".yml".len());
    paths.insert(longest.to_lowercase(), longest);
    paths.into_values().collect()
}

/// As many sizes as there are files, each class with its mean.
fn sizes(shape: Shape, count: usize, rng: &mut Rng) -> Vec<usize> {
    let total: usize = SIZES.iter().map(|class| class.2).sum();
    let mut sizes = Vec::with_capacity(count + SIZES.len());
    for (low, high, files, bytes) in SIZES.into_iter().filter(|class| class.1 <= shape.largest()) {
        // low + (high - low) * u^k has its mean at low + (high - low) / (k + 1).
        let mean = bytes as f64 / files as f64;
        let span = (high - low) as f64;
        let k = if span > 0.0 { span / (mean - low as f64) - 1.0 } else { 0.0 };
        for _ in 0..(files * count).div_ceil(total).max(1) {
            sizes.push(low + (span * rng.unit().powf(k)) as usize);
        }
    }
    sizes.truncate(count);
    sizes.resize_with(count, || 1_500);
    sizes
}

/// Extensions for a file below 1 KiB, with their shares.
const SMALL: &[(&str, usize)] = &[
    (".php", 36),
    (".yml", 30),
    (".html.twig", 12),
    (".css", 7),
    (".js", 8),
    (".svg", 4),
    (".txt", 1),
    (".module", 2),
];
/// For the others.
const LARGE: &[(&str, usize)] = &[
    (".php", 1440),
    (".js", 170),
    (".yml", 150),
    (".css", 90),
    (".html.twig", 70),
    (".module", 38),
    (".inc", 18),
    (".install", 14),
    (".xml", 18),
    (".json", 12),
    (".txt", 18),
    (".png", 20),
    (".map", 8),
    (".jpg", 6),
    (".svg", 24),
];

fn extension(path: &str, size: usize, rng: &mut Rng) -> &'static str {
    if path.len() > LONGEST - 20 {
        return ".yml";
    }
    let table = if size < 1_024 { SMALL } else { LARGE };
    let mut at = rng.below(table.iter().map(|(_, share)| share).sum());
    for (extension, share) in table {
        if at < *share {
            return extension;
        }
        at -= share;
    }
    ".php"
}
