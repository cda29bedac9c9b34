//! Taking in what is served.

use std::path::Path;

use cli::Console;
use inventory::SharedPaths;
use record::ReleaseId;

use crate::Error;
use crate::host::site::{Current, Foreign, LockedSite};
use crate::host::verbs::adopt::{self, Adopted, tell_obstacles};

/// Takes in what is served, if it is no release yet; named after the time when nobody names it.
pub(super) fn adopt_current(
    locked: &LockedSite<'_>,
    release: Option<ReleaseId>,
    shared: &SharedPaths,
    from: Option<&Path>,
    console: &Console,
) -> Result<(), Error> {
    let id = match release {
        Some(id) => id,
        // Another tool's release keeps its name.
        None => match locked.site.current() {
            Ok(Current::Foreign(Foreign { link: Some(_), name: Some(name), .. })) => name,
            _ => adopt::name_now().parse().map_err(|error| Error::Usage(format!("{error}")))?,
        },
    };
    match adopt::adopt(locked, &id, shared, from).map_err(|error| tell_obstacles(error, console))? {
        Adopted::Release(id) => {
            console.say(format!("what was served is release `{id}` now, and live as before"));
        }
        Adopted::Nothing => console.say("there is nothing to take in"),
        Adopted::SetAside { target, kept } => console.warn(format!(
            "`current` pointed to `{}`, where nothing is; the link is kept as `{}`",
            target.display(),
            kept.display()
        )),
    }
    Ok(())
}
