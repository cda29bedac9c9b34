//! `free-space`: there is room for one more release as large as the largest that is there, in bytes and in inodes.

use cli::human;
use record::Check;
use record::host::HostStatus;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::remedy::{fault, here, ok, on_host, unknown};
use crate::doctor::seen::Seen;

const NAME: &str = "free-space";
/// What is needed as long as there is no release to go by, in bytes and in files: a small Drupal site.
const SMALL: (u64, u64) = (200_000_000, 20_000);
/// A file takes a block of the disk at least.
const BLOCK: u64 = 4096;

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let place = &seen.probe.place;
    let known = seen.status.as_ref().and_then(|status| status.as_ref().ok()).and_then(largest);
    let (bytes, files) = known.unwrap_or(SMALL);
    let as_large = if known.is_some() { "as large as the largest there" } else { "of a small site" };
    let Some(free) = seen.probe.free_bytes else {
        return Some(unknown(NAME, format!("it did not say what is free below `{place}`")));
    };
    let prune = here(&subject.ours("swap-release", "prune").args(["--keep", "2"]));
    let largest = on_host(&Argv::new("du").args(["-xh", "--max-depth=2", "--", place]));
    if free < bytes {
        return Some(fault(
            NAME,
            format!(
                "{} free below `{place}`, a release {as_large} needs {}",
                human::bytes(free),
                human::bytes(bytes)
            ),
            "remove old releases, or what else lies there",
            [prune, largest],
        ));
    }
    if let Some(inodes) = seen.probe.free_inodes.filter(|inodes| *inodes < files) {
        return Some(fault(
            NAME,
            format!(
                "{} free below `{place}`, a release {as_large} has {}; bytes are not the matter",
                human::count(inodes, "inode", "inodes"),
                human::count(files, "file", "files")
            ),
            "remove old releases, or directories of many small files: caches, sessions, mail",
            [prune, on_host(&Argv::new("du").args(["-x", "--inodes", "--max-depth=2", "--", place]))],
        ));
    }
    Some(ok(NAME, format!("{} free below `{place}`", human::bytes(free))))
}

/// Bytes and files for another one of the largest: its payload, its tree, and a block for each file.
fn largest(status: &HostStatus) -> Option<(u64, u64)> {
    let needs = status.releases.iter().map(|known| {
        let release = &known.release;
        let blocks = release.files.saturating_mul(BLOCK);
        (release.payload.bytes.saturating_add(release.bytes).saturating_add(blocks), release.files)
    });
    needs.max()
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn room_for_one_more_release() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        seen.probe.free_inodes = Some(5);
        let remedy = "swap-release prune --fleet fleet.toml --only web1 --keep 2";
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "5 inodes free", remedy);
        let inodes = check(&world.subject(), &seen).unwrap();
        assert_says(&inodes, Verdict::Fault, "5 inodes", "du -x --inodes");
        seen.probe.free_bytes = Some(1_000_000);
        assert_says(&check(&world.subject(), &seen).unwrap(), Verdict::Fault, "1.0 MB free", remedy);
        // btrfs has no count of inodes.
        (seen.probe.free_bytes, seen.probe.free_inodes) = (Some(SMALL.0), None);
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        seen.probe.free_bytes = None;
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Unknown);
    }
}
