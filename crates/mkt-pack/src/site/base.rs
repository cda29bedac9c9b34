//! The release before: from it what did not change inherits its modification time.

use std::path::Path;

use cli::Console;
use payload::Manifest;
use record::{Pack, Records};

use crate::Error;
use crate::settings::Base;
use crate::site::manifest_file;

/// Reads it; several where a fleet serves several. One that was named must be good; the last one is used if it is.
pub(crate) fn find(base: &Base, records: &Path, console: &Console) -> Result<Vec<Manifest>, Error> {
    let path = match base {
        Base::None => return Ok(Vec::new()),
        Base::Named(path) => return manifest_file::load_all(path),
        Base::Last => Records::new(records).path::<Pack>(),
    };
    if path.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    match manifest_file::load(&path) {
        Ok(manifest) => {
            console.say(format!("what did not change since {} keeps its time", path.display()));
            Ok(vec![manifest])
        }
        Err(error) => {
            console.warn(format!("the last release is no base, so every file gets a new time: {error}"));
            console.hint("name another base with --base, or none with --no-base");
            Ok(Vec::new())
        }
    }
}
