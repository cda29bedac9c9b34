//! What is served and is no release of ours: a directory, another tool's release, a docroot elsewhere. Written down as it
//! is, it is a release that one can go back to, under rules of its own: it has no manifest, so nothing in it is "changed";
//! it stays where it is; and no prune removes it unless it was unpinned.

use std::path::{Path, PathBuf};

use record::host::ReleaseState;
use record::{Layout, NamedFile, PayloadFile, Release, ReleaseId, Sha256};

use super::{Adopted, Foreign, LockedSite, ReleaseFile, Site};
use crate::Error;

impl ReleaseFile {
    /// What is known of another tool's release in `releases/` that is live and was not written down yet.
    pub(crate) fn not_yet_taken_over(id: &ReleaseId) -> Result<Self, Error> {
        Ok(Self {
            release: description(id)?,
            build: None,
            state: ReleaseState::Active,
            pinned: true,
            shared: Vec::new(),
            sequence: 0,
            follows: None,
            since: String::new(),
            database: None,
            adopted: Some(Adopted { link: format!("releases/{id}"), at: None }),
        })
    }
}

impl Site<'_> {
    /// The named release, else the live one; also one that is live and was not written down yet.
    pub(crate) fn expect_here(&self, release: Option<&ReleaseId>) -> Result<ReleaseFile, Error> {
        let nothing = |why: &str| Error::nothing_live(why);
        match (self.current()?, release) {
            (super::Current::Foreign(Foreign { link: Some(_), name: Some(name), .. }), release)
                if release.is_none_or(|release| *release == name) =>
            {
                ReleaseFile::not_yet_taken_over(&name)
            }
            (_, Some(release)) => self.expect_known(release),
            (super::Current::Release { id, .. }, None) => self.expect_known(&id),
            (super::Current::Foreign(Foreign { at, .. }), None) => {
                Err(nothing(&format!("`{}`, which is served, was never taken over", at.display())))
            }
            (super::Current::Dangling { target }, None) => {
                Err(nothing(&format!("`current` leads to `{}`, where nothing is", target.display())))
            }
            (super::Current::None, None) => Err(nothing("there is no `current`")),
        }
    }
}

impl LockedSite<'_> {
    /// Writes down what is served as a release, live or retired. Nothing else is changed. `shared` are paths in it that outlive
    /// releases.
    pub(crate) fn take_over(
        &self,
        id: &ReleaseId,
        foreign: &Foreign,
        shared: &[String],
        state: ReleaseState,
    ) -> Result<ReleaseFile, Error> {
        let paths = &self.site.paths;
        let text = |path: &Path| {
            let why = "its name is not UTF-8, and could not be written down";
            path.to_str()
                .map(str::to_owned)
                .ok_or_else(|| Error::CannotAdopt { path: path.to_owned(), why: why.into() })
        };
        let ours = paths.release(id);
        let adopted = match &foreign.link {
            // It is about to be moved there.
            None => Adopted { link: format!("releases/{id}"), at: None },
            Some(link) => {
                let base = paths.deploy_to().canonicalize();
                let base =
                    base.map_err(|source| Error::Read { path: paths.deploy_to().to_owned(), source })?;
                let at = foreign.at.strip_prefix(base).unwrap_or(&foreign.at);
                let is_ours = ours.canonicalize().is_ok_and(|ours| ours == foreign.at);
                Adopted { link: text(link)?, at: if is_ours { None } else { Some(text(at)?) } }
            }
        };
        // Pinned until somebody who knows says otherwise.
        let file = ReleaseFile {
            state,
            shared: shared.to_vec(),
            sequence: self.last_live()?,
            adopted: Some(adopted),
            ..ReleaseFile::not_yet_taken_over(id)?
        };
        let folder = paths.known_release(id);
        self.site.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
        self.remember(&file)?;
        Ok(file)
    }

    /// What is served counts as older than all that was staged and never live.
    fn last_live(&self) -> Result<u64, Error> {
        let was_live = |file: &ReleaseFile| match file.state {
            ReleaseState::Active
            | ReleaseState::Unconfirmed
            | ReleaseState::Retired
            | ReleaseState::Failed => true,
            ReleaseState::Staging | ReleaseState::Staged => false,
        };
        let known = self.site.all_known()?;
        Ok(known.iter().filter(|file| was_live(file)).map(|file| file.sequence).max().unwrap_or_default())
    }

    /// `current` as it is before a switch: what leads into `releases/` and is another tool's is taken over as it is, so that
    /// there is a way back. What is elsewhere is refused: its shared paths have to be looked at first, which `adopt` does.
    pub(crate) fn expect_way_back(&self) -> Result<(), Error> {
        let path = self.site.paths.current();
        match self.site.current()? {
            super::Current::None => Ok(()),
            super::Current::Release { link: Some(_), .. } => Ok(()),
            super::Current::Release { link: None, id, .. } => Err(Error::current_mounted(&path, &id)),
            // Nobody knows why it is so, and the way back would lead there: not silently replaced.
            super::Current::Dangling { target } => Err(Error::dangling_current(&path, &target)),
            super::Current::Foreign(foreign) => match (&foreign.link, &foreign.name) {
                (None, _) => Err(Error::CurrentNotALink { path }),
                (Some(target), None) => Err(Error::ForeignCurrent { path, target: target.clone() }),
                (Some(_), Some(id)) => {
                    self.take_over(id, &foreign, &[], ReleaseState::Active)?;
                    log::info!("`{}`, which is live, is taken over as release `{id}`", foreign.at.display());
                    self.log("taken over", id, None);
                    Ok(())
                }
            },
        }
    }

    /// Releases of another tool that version 0.1 switched away from without writing them down: `rollback` leads there.
    pub(crate) fn take_over_former(&self) -> Result<(), Error> {
        let Some(live) = self.site.current()?.into_id() else { return Ok(()) };
        let Ok(Some(live)) = self.site.known(&live) else { return Ok(()) };
        let Some(former) = live.follows else { return Ok(()) };
        let tree = self.site.paths.release(&former);
        if self.site.known(&former)?.is_some() || !tree.is_dir() {
            return Ok(());
        }
        let at = tree.canonicalize().map_err(|source| Error::Read { path: tree, source })?;
        let link = Some(Path::new("releases").join(former.as_str()));
        let foreign = Foreign { link, at, name: Some(former.clone()) };
        self.take_over(&former, &foreign, &[], ReleaseState::Retired).map(drop)
    }
}

/// A release that no torrent carries and no digest proves.
fn description(id: &ReleaseId) -> Result<Release, Error> {
    let cannot = |why: &str| Error::CannotAdopt { path: PathBuf::from(id.as_str()), why: why.to_owned() };
    let named = |end: &str| format!("{id}{end}").parse().map_err(|_| cannot("its name is no file name"));
    let infohash = "0".repeat(40).parse().map_err(|_| cannot("no infohash"))?;
    let digest = Sha256::from_bytes([0; 32]);
    Ok(Release {
        id: id.clone(),
        infohash,
        tree_digest: digest,
        layout: Layout::Tree,
        payload: PayloadFile { file: named("")?, bytes: 0, sha256: None },
        torrent: NamedFile { file: named(".torrent")?, sha256: digest },
        manifest: NamedFile { file: named(".manifest.jsonl")?, sha256: digest },
        piece_length: 65536,
        files: 0,
        bytes: 0,
        private: false,
        source: None,
    })
}
