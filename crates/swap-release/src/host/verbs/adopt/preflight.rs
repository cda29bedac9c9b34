//! What stands in the way of taking in what is served, found out before anything is changed.

use std::fs;
use std::path::{Path, PathBuf};

use inventory::SharedPaths;
use record::ReleaseId;
use record::host::Obstacle;

use super::rename::{Findings, here, text};
use crate::Error;
use crate::host::disk::mounts::{Inode, Mounts};
use crate::host::shared::data_loss::{is_empty_folder, place, through_link};
use crate::host::site::{Foreign, Move, Site};

/// Room for what is written down: states, a journal, some links.
const BYTES: u64 = 1 << 20;
const NAMES: u64 = 100;

/// What an adoption will do, and what keeps it from that.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What moves to `shared/`.
    pub(super) moves: Vec<Move>,
    /// Directories that are made writable meanwhile: below deploy_to, and their modes.
    pub(super) protected: Vec<(String, u32)>,
    /// In the way.
    pub(super) obstacles: Vec<Obstacle>,
}

/// Looks at everything that will be renamed. `id` is the name that the release will have.
pub(super) fn preflight(
    site: &Site<'_>,
    foreign: &Foreign,
    id: &ReleaseId,
    shared: &SharedPaths,
) -> Result<Plan, Error> {
    let paths = &site.paths;
    let read = |source| Error::Read { path: paths.deploy_to().to_owned(), source };
    let base = paths.deploy_to().canonicalize().map_err(read)?;
    let mounts = Mounts::read();
    let mut findings = Findings::default();
    room(&base, &mut findings);
    if foreign.link.is_none() {
        findings.root(&paths.current(), &paths.releases(), &mounts);
    }
    let mut moves = Vec::new();
    let mut stays = Vec::new();
    for path in shared.iter().map(inventory::SharedPath::path) {
        let outside = paths.shared().join(path);
        let Some(inside) = place(&foreign.at, path) else { continue };
        if Inode::of(&inside).is_none_or(|inode| Inode::of(&outside) == Some(inode)) {
            continue;
        }
        // Where a link is on the way it is somebody else's tree.
        let own = inside.strip_prefix(&base).ok().filter(|_| !through_link(&foreign.at, &inside));
        let Some(own) = own.and_then(Path::to_str) else {
            stays.push(path);
            continue;
        };
        if outside.symlink_metadata().is_ok() && !(inside.is_dir() && is_empty_folder(&outside)) {
            if inside.is_dir() || outside.is_dir() {
                collides(&inside, &outside, &mut findings);
            } else {
                log::warn!("`{}` stays as it is: `{}` is there already", inside.display(), outside.display());
            }
            continue;
        }
        if let Some(link) = link_above(&paths.shared(), path) {
            findings.add(
                format!("`{}` is a link, and what is live would be moved through it", link.display()),
                "let only the last part of a shared path be a link",
                vec![here(&["mv", "--", &text(&link), &format!("{}.link", text(&link))])],
            );
            continue;
        }
        findings.look(&inside, &outside, &mounts);
        let inside = match &foreign.link {
            // It is moved there first.
            None => format!("releases/{id}/{}", own.strip_prefix("current/").unwrap_or(own)),
            Some(_) => own.to_owned(),
        };
        moves.push(Move { path: path.to_owned(), inside });
    }
    for loss in site.data_loss_in(&foreign.at, stays.into_iter())? {
        findings.add(
            loss.to_string(),
            "let both be one, or copy",
            vec![here_line(loss.remedy.clone().to_owned())],
        );
    }
    let below = |path: &Path| Some(path.canonicalize().ok()?.strip_prefix(&base).ok()?.to_str()?.to_owned());
    let protected =
        findings.protected.iter().filter_map(|(path, mode)| Some((below(path)?, *mode))).collect();
    Ok(Plan { moves, protected, obstacles: findings.obstacles })
}

fn here_line(command: String) -> record::RemedyCommand {
    record::RemedyCommand { place: record::RemedyPlace::Host, command }
}

/// Data on both sides: nobody but a person knows which is right. The live one is, unless they say otherwise.
fn collides(inside: &Path, outside: &Path, findings: &mut Findings) {
    let away = format!("{}.before", text(outside));
    findings.add(
        format!(
            "`{}` is there already, and `{}` is live and would be moved there",
            outside.display(),
            inside.display()
        ),
        "what is live is moved in its place once it is out of the way",
        vec![here(&["mv", "-T", "--", &text(outside), &away])],
    );
}

fn link_above(shared: &Path, path: &str) -> Option<PathBuf> {
    let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    above.map(|parent| shared.join(parent)).find(|parent| parent.is_symlink())
}

fn room(base: &Path, findings: &mut Findings) {
    let Ok(stat) = rustix::fs::statvfs(base) else { return };
    let few_names = stat.f_files > 0 && stat.f_favail < NAMES;
    if few_names || stat.f_bavail.saturating_mul(stat.f_frsize) < BYTES {
        // There may be no release of ours yet, so a prune would find nothing.
        let (what, show, largest) = match few_names {
            true => ("inodes", "-i", ["--inodes", "-x", "-d", "2"]),
            false => ("bytes", "-h", ["--block-size=1M", "-x", "-d", "2"]),
        };
        findings.add(
            format!("`{}` is on a file system that has hardly any {what} left", base.display()),
            "make room on that file system; the second command shows what takes most, such as releases and caches that nobody needs",
            vec![
                here(&["df", show, "--", &text(base)]),
                here(&[&["du"], &largest[..], &["--", &text(base)]].concat()),
            ],
        );
    }
    if let Err(error) = fs::read_dir(base) {
        findings.add(
            format!("`{}` cannot be read: {error}", base.display()),
            "let the account that deploys read it",
            vec![],
        );
    }
}
