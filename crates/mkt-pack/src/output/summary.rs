//! What people are told.

use std::path::Path;
use std::time::Duration;

use cli::{Console, human};
use payload::Scan;
use record::{Layout, Pack, Record};

use crate::settings::{LayoutSettings, Settings};
use crate::site::awkward;
use crate::site::release_time::ReleaseTime;

/// Paths left out that are named; the rest is counted.
const NAMED: usize = 5;

/// What should be known before the work begins.
pub(crate) fn before(settings: &Settings, scan: &Scan, time: ReleaseTime, console: &Console) {
    console.say(format!(
        "{}: {} entries, {}",
        settings.site.display(),
        scan.entries(),
        human::bytes(scan.bytes())
    ));
    let excluded = scan.excluded();
    if let Some(named) = excluded.get(..excluded.len().min(NAMED)).filter(|named| !named.is_empty()) {
        let more = match excluded.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        console.say(format!("left out: {}{more}", named.join(", ")));
    }
    if time == ReleaseTime::Fixed {
        console.warn(
            "neither SOURCE_DATE_EPOCH nor a commit is known, so every file gets the same fixed date: a web server or \
             opcache may not notice that a file has changed",
        );
        console.hint(
            "set SOURCE_DATE_EPOCH, or keep the folder of records, or give what is live: swap-release manifest --fleet FILE | \
             mkt-pack --base - SITE",
        );
    }
    if settings.torrent.private && settings.torrent.announce.is_empty() {
        console.warn("a private torrent gets its peers from a tracker only, and --announce names none");
    }
    if settings.layout == LayoutSettings::Tree {
        console.say("links, empty directories and modes are in the manifest only; swap-release applies them");
        awkward::warn(scan.files().map(|(path, _)| path), console);
    }
}

/// What was made.
pub(crate) fn after(record: &Record<Pack>, path: &Path, took: Duration, console: &Console) {
    let (release, details) = (&record.release, &record.details);
    console.say(format!(
        "release {}: {}, {}, {}, {}, tree digest {}",
        release.id,
        human::count(release.files, "file", "files"),
        human::count(details.directories, "directory", "directories"),
        human::count(details.links, "link", "links"),
        human::bytes(release.bytes),
        release.tree_digest
    ));
    let what = match release.layout {
        Layout::Archive => "payload",
        Layout::Tree => "payload (the plain files)",
    };
    console.say(format!(
        "{what} {}: {}, {} of {} KiB, infohash {}",
        release.payload.file,
        human::bytes(release.payload.bytes),
        human::count(details.pieces, "piece", "pieces"),
        release.piece_length / 1024,
        release.infohash
    ));
    console.say(format!("wrote {} in {}", path.display(), human::seconds(took)));
}
