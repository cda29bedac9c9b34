//! `unpack`: a payload, or a patch and what it is for, becomes the tree that was packed, or nothing.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use cli::{Abort, Console, human};
use payload::{Manifest, TreeDigest, archive, patch, sync_tree, tree};

use crate::Error;
use crate::site::manifest_file::{digest, load};

#[derive(Debug, Args)]
pub(crate) struct UnpackArgs {
    /// The archive, in the tree layout the directory with the plain files, or with --base a patch
    pub(crate) payload: PathBuf,

    /// Where the tree goes: a directory that is not there yet, or is empty
    pub(crate) dir: PathBuf,

    /// Record of the release (pack.json or another stage's): what must come out
    #[arg(long, value_name = "FILE", required_unless_present = "manifest", conflicts_with = "manifest")]
    pub(crate) record: Option<PathBuf>,

    /// Manifest of the release: what must come out
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,

    /// Record or manifest of the release that a patch is for
    #[arg(long, value_name = "FILE", requires = "base_tree")]
    pub(crate) base: Option<PathBuf>,

    /// That release, unpacked; it is only read
    #[arg(long, value_name = "DIR", requires = "base")]
    pub(crate) base_tree: Option<PathBuf>,
}

/// Unpacks an archive, applies a patch, or copies the plain files of the tree layout, and proves every byte of it.
pub(crate) fn unpack(args: &UnpackArgs, console: &Console, abort: &Abort) -> Result<(), Error> {
    let started = Instant::now();
    let manifest = match (&args.base, &args.base_tree) {
        (Some(base), Some(tree)) => apply(args, base, tree, console, abort),
        _ if args.payload.is_dir() => copy(args, console, abort),
        _ => extract(args, console, abort),
    }?;
    sync_tree(&args.dir).map_err(|source| Error::Unpack { path: args.payload.clone(), source })?;
    console.say(format!(
        "{}: {}, {}, tree digest {}, in {}",
        args.dir.display(),
        human::count(manifest.files(), "file", "files"),
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
    let (expected, file) = expected(args)?;
    let progress = console.progress("unpacking", 0);
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    archive::unpack(BufReader::new(file), &args.dir, &expected, &on).map_err(|source| failed(args, source))
}

fn apply(
    args: &UnpackArgs,
    base: &Path,
    tree: &Path,
    console: &Console,
    abort: &Abort,
) -> Result<Manifest, Error> {
    let (expected, file) = expected(args)?;
    let base = load(base)?;
    let progress = console.progress("patching", 0);
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    patch::apply(file, &base, tree, &args.dir, &expected, &on).map_err(|source| failed(args, source))
}

/// The tree that must come out, and the file that it comes from.
fn expected(args: &UnpackArgs) -> Result<(TreeDigest, File), Error> {
    let expected = match (&args.manifest, &args.record) {
        (Some(manifest), _) => load(manifest)?.digest(),
        // Its digest is enough: the archive, or the patch, brings its manifest.
        (None, record) => digest(record.as_ref().unwrap_or(&args.payload))?,
    };
    let opened = File::open(&args.payload);
    let file = opened.map_err(|source| Error::PayloadRead { path: args.payload.clone(), source })?;
    Ok((expected, file))
}

fn failed(args: &UnpackArgs, source: payload::Error) -> Error {
    let path = args.payload.clone();
    if source.is_aborted() { Error::Stopped { path } } else { Error::Unpack { path, source } }
}
