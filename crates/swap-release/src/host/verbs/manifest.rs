//! The manifest of a release, for who packs the next one.

use std::io;
use std::path::Path;

use cli::Console;
use payload::Manifest;
use record::{ExitCode, ReleaseId};

use crate::Error;
use crate::host::site::{Current, Site, read_manifest};

const OUT: &str = "standard output";

/// Prints the manifest of the named release, else of the live one, after its digest has proved it. Where nothing is live, or
/// what was taken over and so has none, it is one without entries: a base of which nothing keeps its time.
pub(crate) fn manifest(
    site: &Site<'_>,
    release: Option<&ReleaseId>,
    console: &Console,
) -> Result<ExitCode, Error> {
    let file = match (release, site.current()?) {
        (Some(release), _) => Some(site.expect_known(release)?),
        (None, Current::Release { id, .. }) => Some(site.expect_known(&id)?),
        (None, _) => None,
    };
    match file.filter(|file| file.adopted.is_none()) {
        Some(file) => write(&bytes(&read_manifest(site, &file)?)?, console),
        None => {
            console.say("no release that was built is live: a manifest without entries");
            write(&nothing()?, console)
        }
    }
}

/// The manifest of nothing.
pub(crate) fn nothing() -> Result<Vec<u8>, Error> {
    Manifest::new(Vec::new()).map_err(cannot).and_then(|manifest| bytes(&manifest))
}

fn bytes(manifest: &Manifest) -> Result<Vec<u8>, Error> {
    manifest.to_bytes().map_err(cannot)
}

fn cannot(source: payload::Error) -> Error {
    Error::write(Path::new(OUT), io::Error::other(source))
}

/// To standard output.
pub(crate) fn write(bytes: &[u8], console: &Console) -> Result<ExitCode, Error> {
    console.data(bytes).map_err(|source| Error::write(Path::new(OUT), source))?;
    Ok(ExitCode::Ok)
}
