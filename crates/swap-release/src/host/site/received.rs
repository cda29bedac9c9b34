//! Which payloads in `incoming/` are ours to remove: those that an embedded peer brought. What a standing BitTorrent client
//! downloaded is its own, it gives that away.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use record::{Release, ReleaseId};
use serde::{Deserialize, Serialize};

use super::{Lock, LockedSite, Needed, Site};
use crate::Error;

/// The content of `.swap/received/<name of the payload>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Received {
    /// The release that it was received for.
    release: ReleaseId,
    /// When that last began, RFC 3339.
    at: String,
}

impl Site<'_> {
    /// Notes that an embedded peer is about to bring the payload of `release`, unless somebody else did.
    pub(crate) fn note_receiving(&self, release: &Release) -> Result<(), Error> {
        let name = release.payload.file.as_str();
        let note = self.paths.received(name);
        if self.paths.incoming().join(name).symlink_metadata().is_ok() && !note.is_file() {
            return Ok(());
        }
        let folder = self.paths.received_folder();
        self.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
        let received = Received { release: release.id.clone(), at: record::now().to_string() };
        let bytes =
            serde_json::to_vec(&received).map_err(|source| Error::State { path: note.clone(), source })?;
        self.disk.write(&note, &bytes).map_err(|source| Error::write(&note, source))
    }
}

impl Site<'_> {
    /// Names of payloads that embedded peers brought for releases that are not known, or are among `gone`. What came last stays:
    /// if it was cut off, the next push goes on with it.
    pub(crate) fn unneeded_payloads(&self, gone: &[ReleaseId]) -> Result<Vec<String>, Error> {
        let received = all_received(&self.paths.received_folder())?;
        let mut known = self.all_known()?;
        known.retain(|file| !gone.contains(file.id()));
        let needed = known.iter().map(|file| file.release.payload.file.as_str()).collect();
        Ok(unneeded(&received, &needed).into_iter().map(str::to_owned).collect())
    }
}

impl LockedSite<'_> {
    /// Another client has the payload of `release`, too: it stays.
    pub(crate) fn leave_to_its_client(&self, release: &Release) -> Result<(), Error> {
        remove(self, &self.site.paths.received(release.payload.file.as_str()))
    }

    /// Removes what embedded peers brought for releases that are not known any more, and gives their names. While a peer is at
    /// work nothing is removed. What could not be removed is reported to `left`.
    pub(crate) fn remove_received(
        &self,
        needed: &Needed,
        left: &mut Vec<(PathBuf, String)>,
    ) -> Result<Vec<String>, Error> {
        let paths = &self.site.paths;
        let names = self.site.unneeded_payloads(&[])?;
        if names.is_empty() {
            return Ok(names);
        }
        let _turn = match Lock::take(&paths.receiving(), &self.owner) {
            Ok(turn) => turn,
            Err(Error::Busy { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut gone = Vec::new();
        for name in names {
            let payload = paths.incoming().join(&name);
            if let Some(why) = needed.objection(&payload) {
                left.push((payload, why));
                continue;
            }
            // The note goes last, so that a removal that is cut off is finished by the next.
            match remove(self, &payload).and_then(|()| remove(self, &paths.received(&name))) {
                Ok(()) => gone.push(name),
                Err(error) => left.push((payload, error.to_string())),
            }
        }
        Ok(gone)
    }
}

/// Every note with the name of its payload. One that cannot be read says what any says: an embedded peer brought it.
fn all_received(folder: &Path) -> Result<Vec<(String, Option<Received>)>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::Read { path: folder.to_owned(), source }),
    };
    let note = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let received = fs::read(entry.path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Some((name, received))
    };
    Ok(entries.flatten().filter_map(note).collect())
}

/// Which payloads go: all but those of known releases and the one that came last. Pure.
fn unneeded<'a>(received: &'a [(String, Option<Received>)], needed: &HashSet<&str>) -> Vec<&'a str> {
    let at = |received: &Received| received.at.parse::<jiff::Timestamp>().ok();
    let last = received.iter().max_by_key(|(name, received)| (received.as_ref().and_then(at), name));
    let stays = |name: &str| needed.contains(name) || last.is_some_and(|(last, _)| last == name);
    received.iter().map(|(name, _)| name.as_str()).filter(|name| !stays(name)).collect()
}

fn remove(locked: &LockedSite<'_>, path: &Path) -> Result<(), Error> {
    let disk = locked.site.disk;
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => disk.remove_tree(path),
        Ok(_) => disk.remove(path),
        Err(_) => return Ok(()),
    };
    removed.map_err(|source| Error::write(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::disk::RealDisk;
    use crate::host::site::testing::{id, payload, release, site_with};

    fn received(name: &str, at: &str) -> (String, Option<Received>) {
        (name.to_owned(), Some(Received { release: id("r1"), at: at.to_owned() }))
    }

    #[test]
    fn what_is_known_and_what_came_last_stays() {
        let all = [
            received("b", "2026-11-23T10:00:00Z"),
            received("a", "2026-11-23T12:00:00Z"),
            received("c", "2026-11-23T11:00:00Z"),
            ("d".to_owned(), None),
        ];
        assert_eq!(unneeded(&all, &HashSet::from(["b"])), ["c", "d"]);
        assert_eq!(unneeded(&all, &HashSet::new()), ["b", "c", "d"]);
        assert_eq!(unneeded(&[], &HashSet::new()), [""; 0]);
    }

    #[test]
    fn what_somebody_else_brought_or_has_too_is_left_to_him_and_nothing_goes_while_a_peer_is_at_work() {
        let root = site_with(&[]);
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        fs::write(payload(root.path(), "theirs"), "").unwrap();
        for name in ["theirs", "shared", "ours", "unfinished"] {
            locked.site.note_receiving(&release(name)).unwrap();
            fs::write(payload(root.path(), name), "").unwrap();
            // Again, as after a break.
            locked.site.note_receiving(&release(name)).unwrap();
        }
        locked.leave_to_its_client(&release("shared")).unwrap();
        let turn = Lock::take(&locked.site.paths.receiving(), "a push").unwrap();
        let needed = locked.site.needed().unwrap();
        let mut left = Vec::new();
        let mut remove = || locked.remove_received(&needed, &mut left).unwrap();
        assert_eq!(remove(), [""; 0]);
        assert!(payload(root.path(), "ours").exists());
        drop(turn);
        assert_eq!(remove(), ["ours.tar.zst"]);
        let there =
            ["theirs", "shared", "ours", "unfinished"].map(|name| payload(root.path(), name).exists());
        assert_eq!(there, [true, true, false, true]);
        assert!(!locked.site.paths.received("ours.tar.zst").exists());
    }
}
