//! Putting a release right that somebody changed, from its payload: every file that differs is replaced by one rename,
//! so that whoever reads meanwhile gets the wrong file or the right one, and never half of it.

use std::path::Path;

use inventory::SharedPaths;
use payload::{Kind, Manifest};
use record::ReleaseId;
use record::host::VerifyReply;

use super::stage::Request;
use super::{stage, verify};
use crate::Error;
use crate::host::shared::{relink, restore_folders};
use crate::host::site::{LockedSite, Pending, ReleaseFile};

/// Repairs the tree of a release and gives what was found before. A tree that is whole is left as it is.
pub(crate) fn repair(
    locked: &LockedSite<'_>,
    file: &ReleaseFile,
    payload: Option<&Path>,
    progress: &payload::Progress<'_>,
) -> Result<VerifyReply, Error> {
    let (found, report) = verify::examine(&locked.site, file, progress)?;
    if found.ok {
        return Ok(found);
    }
    let paths = &locked.site.paths;
    let id = file.id();
    let usual = paths.incoming().join(file.release.payload.file.to_string());
    let pushed = paths.pushed_manifest(&file.release.tree_digest);
    let request = Request {
        release: &file.release,
        build: file.build.as_ref(),
        payload: payload.unwrap_or(&usual),
        manifest: pushed.is_file().then_some(pushed.as_path()),
        shared: &SharedPaths::default(),
    };
    locked.begin(&Pending::Repair { release: id.clone() })?;
    let staging = paths.staging(id);
    let result = stage::fill(&staging, &request, progress)
        .and_then(|manifest| put_right(locked, id, &manifest, &report, &file.shared));
    recover(locked, id)?;
    result?;
    verify::expect_clean(&locked.site, file, progress)?;
    locked.log("repaired", id, None);
    Ok(found)
}

/// Replaces what differs by what is in the staging directory, parents first.
fn put_right(
    locked: &LockedSite<'_>,
    id: &ReleaseId,
    manifest: &Manifest,
    report: &payload::Report,
    shared: &[String],
) -> Result<(), Error> {
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let (tree, staging) = (paths.release(id), paths.staging(id));
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    let needed = locked.site.needed()?;
    for path in &report.extra {
        let path = tree.join(path);
        // What is below an extra directory went with it.
        if path.symlink_metadata().is_ok() {
            locked.discard(&needed, &path, &format!("{id}.extra"))?;
        }
    }
    let mut wrong: Vec<&String> =
        [&report.missing, &report.changed, &report.mode, &report.link, &report.owner]
            .into_iter()
            .flatten()
            .collect();
    wrong.sort_unstable();
    wrong.dedup();
    for path in wrong {
        let Some(entry) = manifest.get(path) else { continue };
        let (bad, good) = (tree.join(path), staging.join(path));
        let is_folder = bad.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        match entry.kind {
            // Its content is looked at by itself.
            Kind::Dir if is_folder => restore_folders(&bad)?,
            _ => {
                if is_folder || (entry.kind == Kind::Dir && bad.symlink_metadata().is_ok()) {
                    locked.discard(&needed, &bad, &format!("{id}.changed"))?;
                }
                // A whole directory that was missing came with its first missing parent.
                if good.symlink_metadata().is_ok() {
                    disk.rename(&good, &bad).map_err(write(&bad))?;
                }
            }
        }
    }
    relink(paths, &tree, shared)
}

/// Away with what was unpacked for it: also after a kill. What is not repaired yet, verify still tells.
pub(crate) fn recover(locked: &LockedSite<'_>, id: &ReleaseId) -> Result<(), Error> {
    locked.clear_or_tell(&locked.site.paths.staging(id));
    locked.end()
}
