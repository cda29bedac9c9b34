//! Bringing a site that is served already under management, without an outage. A real directory `current` becomes a release,
//! and what outlives releases moves to `shared/`; another tool's release and a docroot elsewhere stay where they are.
//!
//! It looks first (`preflight`), and only if nothing is in the way it acts, as a whole: what is under way is in the journal, a
//! step that fails takes back those before it, and a killed run is finished by the next, or undone.

mod moves;
mod obstacles;
mod preflight;
mod rename;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use inventory::SharedPaths;
use record::ReleaseId;
use record::host::{AdoptReply, ReleaseState, Served};

pub(crate) use self::obstacles::{lines, tell_obstacles};
use self::preflight::{Plan, preflight};
use crate::Error;
use crate::host::disk::mounts::Inode;
use crate::host::site::{Current, Foreign, LockedSite, Move, Pending, ReleaseFile, Site};

/// What became of what was served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It was a release already, or nothing was there.
    Nothing,
    /// It is the release of this name now.
    Release(ReleaseId),
    /// `current` led nowhere: the link is kept at `kept`.
    SetAside {
        /// Where it pointed.
        target: PathBuf,
        /// Where it is.
        kept: PathBuf,
    },
}

/// An adoption as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adoption {
    /// Its name as a release.
    pub(crate) release: ReleaseId,
    /// What outlives releases.
    pub(crate) shared: Vec<String>,
    /// What of that moves to `shared/`; none where version 0.1 did not say.
    pub(crate) moves: Option<Vec<Move>>,
    /// Directories, below deploy_to, that are made writable meanwhile, and their modes.
    pub(crate) protected: Vec<(String, u32)>,
    /// `current` is a directory, and becomes a link to it.
    pub(crate) directory: bool,
    /// It is known as a release already, and stays that however this ends.
    pub(crate) known: bool,
}

/// What `current` is, as far as it can be taken in.
enum Live {
    Nothing,
    Release(ReleaseId),
    Dangling(PathBuf),
    /// With the release that it is known as, and whether `current` has to be made.
    Foreign {
        foreign: Foreign,
        known: Option<ReleaseId>,
        make: bool,
    },
}

/// What an adoption would do and what is in its way; changes nothing.
pub(crate) fn preview(
    site: &Site<'_>,
    shared: &SharedPaths,
    id: Option<&ReleaseId>,
    from: Option<&Path>,
) -> Result<AdoptReply, Error> {
    let reply = |serves, release, plan: Plan| AdoptReply {
        schema: AdoptReply::SCHEMA.to_owned(),
        serves,
        release,
        moves: plan.moves.into_iter().map(|one| one.path).collect(),
        obstacles: plan.obstacles,
    };
    Ok(match live(site, from)? {
        Live::Nothing => reply(Served::Nothing, None, Plan::default()),
        Live::Release(id) => reply(Served::Release, Some(id), Plan::default()),
        Live::Dangling(_) => reply(Served::Dangling, None, Plan::default()),
        Live::Foreign { foreign, known, .. } => {
            let name =
                known.as_ref().or(id).cloned().map_or_else(|| name_now().parse().map_err(usage), Ok)?;
            let plan = preflight(site, &foreign, &name, shared)?;
            let serves = match (&known, &foreign.link) {
                (Some(_), _) => Served::Release,
                (None, None) => Served::Directory,
                (None, Some(_)) => Served::Link,
            };
            reply(serves, known, plan)
        }
    })
}

/// Makes what `current` is a release named `id`; where there is no `current`, the directory `from`.
pub(crate) fn adopt(
    locked: &LockedSite<'_>,
    id: &ReleaseId,
    shared: &SharedPaths,
    from: Option<&Path>,
) -> Result<Adopted, Error> {
    let (site, paths) = (&locked.site, &locked.site.paths);
    let (foreign, known, make) = match live(site, from)? {
        Live::Nothing | Live::Release(_) => return Ok(Adopted::Nothing),
        Live::Dangling(target) => {
            let (current, kept) = (paths.current(), paths.set_aside(id));
            site.disk.rename(&current, &kept).map_err(|source| Error::write(&current, source))?;
            return Ok(Adopted::SetAside { target, kept });
        }
        Live::Foreign { foreign, known, make } => (foreign, known, make),
    };
    // A directory of another tool keeps its name, if that is asked for.
    let keeps_its_name = foreign.name.as_ref() == Some(id) && foreign.link.is_some();
    let taken = || Ok::<_, Error>(site.known(id)?.is_some() || paths.release(id).symlink_metadata().is_ok());
    if known.is_none() && !keeps_its_name && taken()? {
        return Err(cannot(&paths.release(id), "there is a release of this name already"));
    }
    let id = known.as_ref().unwrap_or(id);
    let plan = preflight(site, &foreign, id, shared)?;
    if !plan.obstacles.is_empty() {
        return Err(Error::InTheWay { path: paths.current(), obstacles: plan.obstacles });
    }
    let names: Vec<String> = shared.iter().map(|path| path.path().to_owned()).collect();
    if let (true, Some(link)) = (make, &foreign.link) {
        site.link_current(link)?;
    }
    let adopted = act(locked, (id, known.is_some()), &foreign, plan, names);
    if make
        && adopted.is_err()
        && let Err(left) = site.disk.remove(&paths.current())
    {
        log::warn!("`{}` was made for this, and stays: {left}", paths.current().display());
    }
    adopted
}

/// Does what was looked at, as a whole; `is_known` says whether it is that release already.
fn act(
    locked: &LockedSite<'_>,
    (id, is_known): (&ReleaseId, bool),
    foreign: &Foreign,
    plan: Plan,
    names: Vec<String>,
) -> Result<Adopted, Error> {
    if foreign.link.is_some() && plan.moves.is_empty() {
        if is_known {
            return Ok(Adopted::Nothing);
        }
        // It stays where it is, and so does `current`: nothing but our knowledge of it is new.
        locked.take_over(id, foreign, &names, ReleaseState::Active)?;
        locked.log("adopted", id, None);
        return Ok(Adopted::Release(id.clone()));
    }
    let adoption = Adoption {
        release: id.clone(),
        shared: names,
        moves: Some(plan.moves),
        protected: plan.protected,
        directory: foreign.link.is_none(),
        known: is_known,
    };
    locked.begin(&adoption.clone().into())?;
    let taken_over = match adoption.known {
        true => Ok(()),
        false => locked.take_over(id, foreign, &adoption.shared, ReleaseState::Staging).map(drop),
    };
    if let Err(error) = taken_over.and_then(|()| adoption.carry_out(locked)) {
        if let Err(left) = adoption.undo(locked) {
            log::warn!("after `{error}`: {left}; the next run goes on");
        }
        return Err(error);
    }
    Ok(Adopted::Release(id.clone()))
}

/// The name of what is taken in when nobody names it.
pub(crate) fn name_now() -> String {
    format!("adopted-{}", record::now().strftime("%Y%m%d-%H%M%S"))
}

fn usage(error: impl std::fmt::Display) -> Error {
    Error::Usage(error.to_string())
}

fn cannot(path: &Path, why: &str) -> Error {
    Error::CannotAdopt { path: path.to_owned(), why: why.to_owned() }
}

fn live(site: &Site<'_>, from: Option<&Path>) -> Result<Live, Error> {
    let current = match site.current() {
        Err(Error::CurrentNotALink { path }) => {
            return Err(cannot(&path, "it is neither a directory nor a link to one"));
        }
        Err(Error::ForeignCurrent { path, target }) => {
            return Err(cannot(
                &path,
                &format!("it points to `{}`, which is no directory", target.display()),
            ));
        }
        current => current?,
    };
    if let Some(from) = from {
        let real = from.canonicalize().ok().filter(|real| real.is_dir());
        let at = real.ok_or_else(|| cannot(from, "it is no directory"))?;
        if current == Current::None {
            let foreign = Foreign { link: Some(at.clone()), at, name: None };
            return Ok(Live::Foreign { foreign, known: None, make: true });
        }
        let path = site.paths.current();
        if Inode::of(&path) != Inode::of(&at) {
            return Err(cannot(&path, &format!("it is there already, and is not `{}`", at.display())));
        }
    }
    Ok(match current {
        Current::None => Live::Nothing,
        Current::Dangling { target } => Live::Dangling(target),
        Current::Foreign(foreign) => Live::Foreign { foreign, known: None, make: false },
        Current::Release { id, link, .. } => match site.known(&id)? {
            // What was taken over before may have got a shared path since.
            Some(file) if file.adopted.is_some() => {
                let tree = site.tree(&id);
                let at = tree.canonicalize().map_err(|source| Error::Read { path: tree, source })?;
                let link = link.or(Some(site.link_to(&id)));
                Live::Foreign { foreign: Foreign { link, at, name: None }, known: Some(id), make: false }
            }
            _ => Live::Release(id),
        },
    })
}

impl Adoption {
    /// Of a release that is found half taken in, without its journal.
    pub(crate) fn of(file: &ReleaseFile) -> Self {
        Self {
            release: file.id().clone(),
            shared: file.shared.clone(),
            moves: None,
            protected: Vec::new(),
            directory: file.adopted.as_ref().is_some_and(|adopted| adopted.at.is_none()),
            known: false,
        }
    }

    /// Every step; those that are done already are passed over.
    fn carry_out(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        self.unprotect(locked)?;
        if self.directory {
            self.take_in(locked)?;
        }
        let moves = self.moves(locked);
        for one in &moves {
            one.share(locked)?;
        }
        self.protect(locked)?;
        locked.set_state(&self.release, ReleaseState::Active)?;
        locked.log("adopted", &self.release, None);
        locked.end()?;
        // Not before: until now it might have to come back.
        for one in &moves {
            one.tidy(locked);
        }
        Ok(())
    }

    /// Everything as it was before.
    fn undo(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        self.unprotect(locked)?;
        for one in self.moves(locked).iter().rev() {
            one.unshare(locked)?;
        }
        let (paths, disk) = (&locked.site.paths, locked.site.disk);
        if self.directory {
            let (current, release) = (paths.current(), paths.release(&self.release));
            if current.is_symlink() && release.is_dir() && !release.is_symlink() {
                disk.exchange(&release, &current).map_err(|source| Error::write(&current, source))?;
            }
            if release.is_symlink() {
                disk.remove(&release).map_err(|source| Error::write(&release, source))?;
            }
        }
        self.protect(locked)?;
        if !self.known {
            locked.forget(&self.release)?;
        }
        locked.end()
    }

    /// Finishes what a killed process left, if it got as far as being live under its new name; if that cannot be, or it did not,
    /// undoes it.
    pub(crate) fn recover(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        let is_live = || {
            let live = locked.site.current().ok().and_then(Current::into_id);
            live.as_ref() == Some(&self.release) && locked.site.tree(&self.release).is_dir()
        };
        if !is_live() {
            return self.undo(locked);
        }
        self.carry_out(locked).or_else(|error| {
            log::warn!("{error}; the adoption of `{}` is taken back", self.release);
            self.undo(locked)
        })
    }

    /// The directory `current` and a link to its future place change places.
    fn take_in(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        let (paths, disk) = (&locked.site.paths, locked.site.disk);
        let (current, release) = (paths.current(), paths.release(&self.release));
        if current.is_symlink() {
            return Ok(());
        }
        // From `current` this leads to the release; where it is made it leads nowhere, and nobody looks there.
        let text = Path::new("releases").join(self.release.as_str());
        disk.link(&text, &release).map_err(|source| Error::write(&release, source))?;
        disk.exchange(&release, &current).map_err(|source| Error::write(&current, source))
    }

    /// What moves. Version 0.1 moved what was no link and had nothing in its way.
    fn moves(&self, locked: &LockedSite<'_>) -> Vec<Move> {
        let paths = &locked.site.paths;
        let of_old = |path: &String| {
            let inside = format!("releases/{}/{path}", self.release);
            let (full, outside) = (paths.deploy_to().join(&inside), paths.shared().join(path));
            let moves = !full.is_symlink() && full.exists() && !outside.exists();
            moves.then(|| Move { path: path.clone(), inside })
        };
        match &self.moves {
            Some(moves) => moves.clone(),
            None if paths.release(&self.release).is_symlink() => Vec::new(),
            None => self.shared.iter().filter_map(of_old).collect(),
        }
    }

    fn unprotect(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        self.set_modes(locked, |mode| mode | 0o700)
    }

    fn protect(&self, locked: &LockedSite<'_>) -> Result<(), Error> {
        self.set_modes(locked, |mode| mode)
    }

    fn set_modes(&self, locked: &LockedSite<'_>, mode: impl Fn(u32) -> u32) -> Result<(), Error> {
        for (path, was) in &self.protected {
            let path = locked.site.paths.deploy_to().join(path);
            let set = locked.site.disk.set_mode(&path, mode(*was));
            set.map_err(|source| Error::write(&path, source))?;
        }
        Ok(())
    }
}

impl From<Adoption> for Pending {
    fn from(adoption: Adoption) -> Self {
        let Adoption { release, shared, moves, protected, directory, known } = adoption;
        Self::Adopt { release, shared, moves, protected, directory, known }
    }
}
