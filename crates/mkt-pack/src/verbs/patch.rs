//! `patch`: what turns one release into another, for an ordinary update some kilobytes.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use cli::{Abort, Console, human};
use payload::patch;

use crate::Error;
use crate::settings::NewFile;
use crate::site::kept::Kept;

#[derive(Debug, Args)]
pub(crate) struct PatchArgs {
    /// A record (pack.json or another stage's) or a manifest of the release that is there
    pub(crate) base: PathBuf,

    /// A record of the new release, beside its payload
    pub(crate) new: PathBuf,

    /// The patch
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Overwrite it
    #[arg(long)]
    pub(crate) force: bool,

    /// The release that is there, unpacked, where its payload is not beside its record
    #[arg(long, value_name = "DIR")]
    pub(crate) base_tree: Option<PathBuf>,

    /// The new release, unpacked, where its payload is not beside its record
    #[arg(long, value_name = "DIR")]
    pub(crate) new_tree: Option<PathBuf>,
}

/// Makes the patch and writes it.
pub(crate) fn make(args: &PatchArgs, console: &Console, abort: &Abort) -> Result<(), Error> {
    let started = Instant::now();
    let out = NewFile { path: args.output.clone(), force: args.force };
    out.check()?;
    let base = Kept::find(&args.base, args.base_tree.as_deref())?;
    let target = Kept::find(&args.new, args.new_tree.as_deref())?;
    let new = target.open()?.ok_or_else(|| Error::NoContent { path: args.new.clone() })?;
    let old = base.open()?;
    if old.is_none() {
        console.warn(format!(
            "the payload of {} is not beside it: files that changed go whole, which takes some ten times as much",
            args.base.display()
        ));
        console.hint("name the unpacked release with --base-tree");
    }
    let progress = console.progress("reading", target.manifest.bytes());
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    let mut file = out.begin()?;
    let made = patch::make(&base.manifest, old, &target.manifest, new, BufWriter::new(&mut file), &on);
    let made = made.and_then(|(header, mut out)| {
        let flushed = out.flush().map_err(|source| payload::Error::Pack { path: "the patch".into(), source });
        drop(out);
        flushed.map(|()| header)
    });
    let header = made.map_err(|error| {
        if error.is_aborted() { Error::Stopped { path: args.output.clone() } } else { Error::Tree(error) }
    })?;
    let bytes = file.as_file().metadata().map_or(0, |metadata| metadata.len());
    out.finish(file)?;
    let share = target
        .archive_bytes()
        .filter(|whole| *whole > 0)
        .map(|whole| format!(" instead of {}", human::bytes(whole)));
    console.say(format!(
        "{}: {}{}, from tree {} to {}, in {}",
        args.output.display(),
        human::bytes(bytes),
        share.unwrap_or_default(),
        header.base,
        header.target,
        human::seconds(started.elapsed())
    ));
    Ok(())
}
