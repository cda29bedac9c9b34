//! Events of a BitTorrent client that runs as another user than the deployment: it may drop a file in a directory, and
//! whoever may stage picks it up. The files say nothing that is believed.

use std::fs;
use std::path::{Path, PathBuf};

use cli::{Abort, Console};
use record::ExitCode;

use crate::Error;
use crate::host::disk::RealDisk;
use crate::host::events::finished::{Seen, finished};

/// The longest event, in bytes: a path.
const LONGEST: u64 = 8192;

/// Writes an event down: the infohash is its name, the place its content.
pub(crate) fn write(spool: &Path, infohash: &str, place: &Path) -> Result<ExitCode, Error> {
    if infohash.len() != 40 || !infohash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::Usage(format!("`{infohash}` is not an infohash: 40 hex digits")));
    }
    let path = spool.join(infohash.to_ascii_lowercase());
    record::durable::write(&path, place.to_string_lossy().as_bytes())
        .map_err(|source| Error::write(&path, source))?;
    Ok(ExitCode::Ok)
}

/// Does what the events ask for. One that cannot be done is reported, and gone: the next event, or fleet-push, comes anyway.
pub(crate) fn work(
    spool: &Path,
    deploy_to: &Path,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let read = |source| Error::Read { path: spool.to_owned(), source };
    for entry in fs::read_dir(spool).map_err(read)? {
        abort.check()?;
        let path = entry.map_err(read)?.path();
        let meta = fs::symlink_metadata(&path).map_err(read)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            // Being written.
            continue;
        }
        let place =
            if meta.is_file() && meta.len() <= LONGEST { fs::read_to_string(&path).ok() } else { None };
        fs::remove_file(&path).map_err(|source| Error::write(&path, source))?;
        let Some(place) = place.map(PathBuf::from) else {
            console.warn(format!("`{}` is no event", path.display()));
            continue;
        };
        match finished(deploy_to, &RealDisk, &name, &place, abort) {
            Ok(Seen::Staged(id)) => console.say(format!("`{id}` is staged")),
            Ok(Seen::NotWanted | Seen::Here(_)) => {}
            Err(error) => console.warn(error),
        }
    }
    Ok(ExitCode::Ok)
}
