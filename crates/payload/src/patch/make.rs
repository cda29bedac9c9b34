//! Making a patch.

use std::io::{self, Write};

use super::contents::Contents;
use super::frame::compress;
use super::header::Header;
use super::plan::{Part, frames};
use crate::{Error, Manifest, Progress};

/// Writes the patch from one tree to another, with the contents of the base if they are at hand. Gives back what it says of
/// itself, and `out`, flushed by nobody.
///
/// Takes as much memory as a frame has old and new content, 32 MiB, and the compressor for that.
///
/// # Errors
/// [`Error::Content`], [`Error::Read`] or those of an archive for contents that are not what their manifest says;
/// [`Error::Pack`] when `out` fails; [`Error::Aborted`], which comes late while a frame is compressed.
pub fn make<W: Write>(
    base: &Manifest,
    mut old: Option<Contents<'_>>,
    target: &Manifest,
    mut new: Contents<'_>,
    mut out: W,
    progress: &Progress<'_>,
) -> Result<(Header, W), Error> {
    let (header, texts) = Header::new(base, target, old.is_some())?;
    let failed = |source: io::Error| Error::Pack { path: "the patch".into(), source };
    header.write(&mut out).map_err(failed)?;
    let frame = compress(&texts.target, &texts.base).map_err(failed)?;
    drop(texts);
    out.write_all(&frame).map_err(failed)?;
    let (mut prefix, mut content) = (Vec::new(), Vec::new());
    for frame in frames(base, target, old.is_some()) {
        if let Some(old) = &mut old {
            collect(old, &frame.old, &mut prefix, progress)?;
        }
        collect(&mut new, &frame.new, &mut content, progress)?;
        out.write_all(&compress(&content, &prefix).map_err(failed)?).map_err(failed)?;
    }
    Ok((header, out))
}

/// Reads all the parts into one buffer.
pub(super) fn collect(
    contents: &mut Contents<'_>,
    parts: &[Part<'_>],
    to: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    to.clear();
    parts.iter().try_for_each(|part| contents.read(part, to, progress))
}
