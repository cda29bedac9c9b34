//! Comparing the tree of a release with its manifest, and mending it.

use std::path::PathBuf;

use cli::{Abort, Console};
use record::host::VerifyReply;
use record::{ExitCode, ReleaseId};

use super::answer::{answer, print};
use crate::Error;
use crate::host::recovery;
use crate::host::site::Site;
use crate::host::verbs::{repair, verify};

pub(super) fn verify_release(
    site: &Site<'_>,
    release: Option<ReleaseId>,
    json: bool,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let file = site.expect_here(release.as_ref())?;
    let release = file.id();
    let reply = verify::verify(site, &file, &|_| !abort.is_set())?;
    if json {
        print(console, &reply)?;
    } else {
        for (what, paths) in
            [("missing", &reply.missing), ("extra", &reply.extra), ("changed", &reply.changed)]
        {
            // Line by line: a path may hold a line end.
            for path in paths {
                answer(console, &format!("{what} {}", cli::sanitize(path)))?;
            }
        }
    }
    if reply.adopted {
        console.say(format!("`{release}` was taken over: it is there, and nothing says what it has to be"));
        Ok(ExitCode::Ok)
    } else if reply.ok {
        console.say(format!("`{release}` is exactly what was built: tree {}", reply.tree_digest));
        Ok(ExitCode::Ok)
    } else {
        Err(verify::drift(&reply))
    }
}

pub(super) fn repair_release(
    site: Site<'_>,
    owner: String,
    release: Option<ReleaseId>,
    payload: Option<PathBuf>,
    abort: &Abort,
) -> Result<(ReleaseId, VerifyReply), Error> {
    let locked = recovery::lock(site, owner)?;
    let file = locked.site.expect_here(release.as_ref())?;
    let release = file.id().clone();
    let found = repair::repair(&locked, &file, payload.as_deref(), &|_| !abort.is_set())?;
    Ok((release, found))
}
