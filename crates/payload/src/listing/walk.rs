//! Taking a tree as a release: nothing in it that a release must not hold.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::content::fold;
use crate::content::links;
use crate::content::path;
use crate::disk::beneath::Beneath;
use crate::disk::pool::on_cores;
use crate::error::shown;
use crate::listing::exclude::Rules;
use crate::listing::keys;
use crate::listing::list::{Found, FoundKind, Listing, list};
use crate::listing::scan::Scan;
use crate::{Error, Progress};

/// What to leave out of a tree and what to let in.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Patterns as in a `.gitignore` at the root, after the default `.git`.
    pub exclude: Vec<String>,
    /// Patterns of paths that look like the host's (`sites/*/settings.php`, `sites/*/files/**`, `.env`) or like a
    /// private key (`id_rsa`, a `.pem` with one in it) and are released all the same.
    pub allow: Vec<String>,
}

impl WalkOptions {
    /// Whether a path, or a directory above it, would be left out.
    ///
    /// # Errors
    /// [`Error::Pattern`].
    pub fn excludes(&self, path: &str, is_dir: bool) -> Result<bool, Error> {
        Ok(Rules::new(&self.exclude, &self.allow)?.excludes_at_or_above(path, is_dir))
    }
}

/// Lists a tree, in parallel and in an order that depends on nothing but the names.
///
/// # Errors
/// [`Error::Root`]; [`Error::Read`]; and for what a release must not hold [`Error::Special`], [`Error::NotUtf8`],
/// [`Error::Link`], [`Error::HostOwned`] and [`Error::Path`]. A bad pattern is [`Error::Pattern`]. More than
/// one are [`Error::Several`], in order of the path, so that a second run gives the same.
pub fn walk(root: &Path, options: &WalkOptions, progress: &Progress<'_>) -> Result<Scan, Error> {
    let (scan, faults) = look(root, options, progress)?;
    Error::of_all(faults)?;
    Ok(scan)
}

/// Lists a tree that becomes a release: [`walk`], and no two names that are one name on some file systems.
///
/// # Errors
/// Those of [`walk`], and [`Error::Twins`].
pub fn walk_release(root: &Path, options: &WalkOptions, progress: &Progress<'_>) -> Result<Scan, Error> {
    let (scan, mut faults) = look(root, options, progress)?;
    let names = scan.found().iter().filter(|found| !matches!(found.kind, FoundKind::NotUtf8));
    faults.extend(fold::faults(names.map(|found| found.path.as_str())));
    Error::of_all(faults)?;
    Ok(scan)
}

/// The tree, and all that a release must not hold.
fn look(root: &Path, options: &WalkOptions, progress: &Progress<'_>) -> Result<(Scan, Vec<Error>), Error> {
    let rules = Rules::new(&options.exclude, &options.allow)?;
    let dir = Beneath::open(root)?;
    let listing = list(&dir, |path, is_dir| rules.excludes(path, is_dir), progress)?;
    let faults = faults(&dir, &rules, &listing)?;
    Ok((Scan { root: root.into(), dir, rules, listing }, faults))
}

fn faults(dir: &Beneath, rules: &Rules, listing: &Listing) -> Result<Vec<Error>, Error> {
    let mut faults: Vec<Error> = on_cores(|| {
        let found = listing.found.par_iter().with_min_len(256);
        found.filter_map(|found| releasable(dir, rules, found).err()).collect()
    })?;
    let target = |found: &'_ Found| match &found.kind {
        FoundKind::Link { target } => std::str::from_utf8(target).ok().map(ToOwned::to_owned),
        _ => None,
    };
    let known: BTreeMap<&str, String> =
        listing.found.iter().filter_map(|found| Some((found.path.as_str(), target(found)?))).collect();
    // One with an absolute target was found already.
    let links = known.iter().filter(|(_, target)| !target.starts_with('/'));
    faults.extend(links::faults(&links.map(|(path, target)| (*path, target.as_str())).collect()));
    Ok(faults)
}

/// Whether a release may hold it, as far as can be said of one thing alone.
fn releasable(dir: &Beneath, rules: &Rules, Found { path, kind, .. }: &Found) -> Result<(), Error> {
    if !matches!(kind, FoundKind::NotUtf8) {
        path::check(path)?;
    }
    let size = match kind {
        FoundKind::NotUtf8 => return Err(Error::NotUtf8 { path: shown(path) }),
        FoundKind::Special(kind) => return Err(Error::Special { path: shown(path), kind }),
        FoundKind::Dir { .. } => return Ok(()),
        FoundKind::Link { target } => {
            let target = std::str::from_utf8(target)
                .map_err(|_| Error::NotUtf8 { path: format!("{} (link target)", shown(path)) })?;
            path::check_target(path, target)?;
            0
        }
        FoundKind::File { stamp, .. } => stamp.size,
    };
    if let Some(what) = rules.host_owned(path) {
        return Err(Error::HostOwned { path: shown(path), what });
    }
    if let Some(what) = keys::by_content(dir, path, size)?
        && !rules.allows(path)
    {
        return Err(Error::HostOwned { path: shown(path), what });
    }
    Ok(())
}
