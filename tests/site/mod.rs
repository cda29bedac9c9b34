//! A Drupal-like site out of nothing: the same bytes on every machine, in the size and shape of Drupal 10's core.
//!
//! No Drupal is shipped with this repository. What matters to packing and pushing is the number of files, their sizes,
//! depth and names, and how well they compress; that is what is imitated, and the served pages are real PHP.

mod changes;
mod pages;
mod plan;
mod rng;
mod text;
mod words;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use changes::Versioned;
use plan::Planned;
pub use rng::Rng;

/// How large a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// About 300 files and 1 MB, with every kind of entry.
    Small,
    /// About 18,000 files and 76 MB, as Drupal 10.3's core.
    Drupal,
    /// About 45,000 files, as a core with many modules.
    Large,
}

impl Shape {
    /// A count of Drupal's, in this shape; what is there at all stays there.
    fn scale(self, count: usize) -> usize {
        match self {
            Self::Small => count.div_ceil(64),
            Self::Drupal => count,
            Self::Large => count * 5 / 2,
        }
    }

    /// The largest size class.
    fn largest(self) -> usize {
        match self {
            Self::Small => 70_000,
            Self::Drupal | Self::Large => usize::MAX,
        }
    }
}

/// Writes `release` (1, 2, 3, ...) of a site of this shape into `dir`, which is made and should be empty.
///
/// From release 3 on the front page answers 500 where `settings.php` lacks `payment_endpoint`.
///
/// # Panics
/// When something cannot be written.
pub fn write(dir: &Path, shape: Shape, release: u32) {
    let mut files = plan::core(shape);
    files.extend(pages::SCRIPTS.map(|path| Planned { path: path.to_owned(), size: 9_000, executable: true }));
    let files = changes::apply(shape, files, release);
    let pages = pages::all(release);

    let folders: BTreeSet<&str> = files
        .iter()
        .map(|file| file.file.path.as_str())
        .chain(pages.iter().map(|(path, _)| *path))
        .chain(pages::LINKS.iter().map(|(path, _)| *path))
        .filter_map(|path| path.rsplit_once('/').map(|(folder, _)| folder))
        .chain([pages::EMPTY])
        .collect();
    make(dir, dir);
    for folder in folders {
        make(dir, &dir.join(folder));
    }

    let writer = text::Writer::new();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for part in files.chunks(files.len().div_ceil(threads)) {
            let writer = &writer;
            scope.spawn(move || part.iter().for_each(|file| put(dir, writer, file)));
        }
    });
    for (path, content) in pages {
        put_bytes(&dir.join(path), content.as_bytes(), false, release);
    }
    for (path, target) in pages::LINKS {
        symlink(target, dir.join(path)).unwrap_or_else(|e| panic!("link `{path}`: {e}"));
    }
}

fn put(dir: &Path, writer: &text::Writer, file: &Versioned) {
    let mut content = writer.content(&file.file.path, file.file.size, file.stream);
    for number in &file.edits {
        content = changes::edit(writer, &content, file.stream, *number);
    }
    let release = file.edits.last().copied().unwrap_or(file.since);
    put_bytes(&dir.join(&file.file.path), &content, file.file.executable, release);
}

/// Day on which release 0 would have been made, in seconds since the epoch.
const FIRST_DAY: u64 = 1_700_000_000;

/// Writes one file, as old as the release that changed it last: what a workspace that is updated in place looks like.
fn put_bytes(path: &Path, content: &[u8], executable: bool, release: u32) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_DAY + u64::from(release) * 86_400);
    File::create(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.set_modified(time)))
        .unwrap_or_else(|e| panic!("write `{}`: {e}", path.display()));
    // Whatever the umask of the one who writes it.
    mode(path, if executable { 0o755 } else { 0o644 });
}

fn make(root: &Path, folder: &Path) {
    if folder.is_dir() {
        return;
    }
    if folder != root {
        folder.parent().into_iter().for_each(|parent| make(root, parent));
        fs::create_dir(folder).unwrap_or_else(|e| panic!("mkdir `{}`: {e}", folder.display()));
    } else {
        fs::create_dir_all(folder).unwrap_or_else(|e| panic!("mkdir `{}`: {e}", folder.display()));
    }
    mode(folder, 0o755);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("chmod `{}`: {e}", path.display()));
}
