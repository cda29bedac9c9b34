//! `unpack`: a payload becomes the tree that was packed, or nothing.

use crate::Error;
use crate::manifest_file::{digest, load};
use crate::verb_args::UnpackArgs;
use cli::{Abort, Console, human};
use payload::{Manifest, archive, sync_tree, tree};
use std::fs::File;
use std::io::BufReader;
use std::time::Instant;

/// Unpacks an archive, or copies the plain files of the tree layout, and proves every byte of it.
pub(crate) fn unpack(args: &UnpackArgs, console: &Console, abort: &Abort) -> Result<(), Error> {
    let started = Instant::now();
    let manifest =
        if args.payload.is_dir() { copy(args, console, abort) } else { extract(args, console, abort) }?;
    sync_tree(&args.dir).map_err(|source| Error::Unpack { path: args.payload.clone(), source })?;
    console.say(format!(
        "{}: {} files, {}, tree digest {}, in {}",
        args.dir.display(),
        manifest.files(),
        human::bytes(manifest.bytes()),
        manifest.digest(),
        human::seconds(started.elapsed())
    ));
    Ok(())
}

fn copy(args: &UnpackArgs, console: &Console, abort: &Abort) -> Result<Manifest, Error> {
    // The command line has one of the two.
    let named = args.manifest.as_ref().or(args.record.as_ref()).unwrap_or(&args.payload);
    let manifest = load(named)?;
    let progress = console.progress("copying", manifest.bytes());
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    let copied = tree::copy(&args.payload, &args.dir, &manifest, &manifest.digest(), &on);
    copied.map_err(|source| failed(args, source))?;
    Ok(manifest)
}

fn extract(args: &UnpackArgs, console: &Console, abort: &Abort) -> Result<Manifest, Error> {
    let expected = match (&args.manifest, &args.record) {
        (Some(manifest), _) => load(manifest)?.digest(),
        // Its digest is enough: the archive brings its manifest.
        (None, record) => digest(record.as_ref().unwrap_or(&args.payload))?,
    };
    let opened = File::open(&args.payload);
    let file = opened.map_err(|source| Error::PayloadRead { path: args.payload.clone(), source })?;
    let progress = console.progress("unpacking", 0);
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    archive::unpack(BufReader::new(file), &args.dir, &expected, &on).map_err(|source| failed(args, source))
}

fn failed(args: &UnpackArgs, source: payload::Error) -> Error {
    let path = args.payload.clone();
    if source.is_aborted() { Error::Stopped { path } } else { Error::Unpack { path, source } }
}
