//! The verb: list, hash, pack, hash the pieces, record.
//!
//! Nothing that is hashed depends on the clock, the locale, the user, the umask, the order of directories or the number
//! of cores: the same tree gives the same payload, torrent and infohash on every build machine.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cli::{Abort, Console};
use payload::{Scan, walk_release};
use record::{
    Build, FileName, Layout, NamedFile, Pack, PayloadFile, Record, Records, Release, Sha256, Tool, durable,
    record_bytes,
};
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::error::refusals;
use crate::output::outputs::Outputs;
use crate::output::payload_file::{self, Packed, Times};
use crate::output::summary;
use crate::settings::{LayoutSettings, RecordCopy, Settings};
use crate::site::base;
use crate::site::git::{self, Commit};
use crate::site::not_kept;
use crate::site::place;
use crate::site::release_id::release_id;
use crate::site::release_time::ReleaseTime;

/// Packs a site.
pub(crate) fn pack(settings: &Settings, console: &Console, abort: &Abort) -> Result<(), Error> {
    let started = Instant::now();
    place::check(settings)?;
    if let Some(out) = &settings.torrent_file {
        out.check()?;
        place::check_file(&settings.site, &settings.walk, &out.path)?;
    }
    let stop_or = |error: payload::Error| match error.is_aborted() {
        true => Error::Terminated { site: settings.site.clone() },
        false => Error::Tree(error),
    };
    let go_on = |_| !abort.is_set();
    let scan = walk_release(&settings.site, &settings.walk, &go_on)
        .inspect_err(|error| refusals::tell(error, console))
        .map_err(stop_or)?;
    let commit = git::commit(&settings.site);
    let time = ReleaseTime::find(std::env::var_os("SOURCE_DATE_EPOCH"), commit.as_ref())?;
    let bases = base::find(&settings.base, &settings.records, console)?;
    let time = time.after(&bases);
    summary::before(settings, &scan, time, console);
    not_kept::tell(&scan.not_kept().map_err(Error::Tree)?, console);
    // Of several the first, which most servers have.
    let base_digest = bases.first().map(|base| Sha256::from_bytes(*base.digest().as_bytes()));
    let scan = Arc::new(scan);
    let times = Times { release: time.seconds(), bases };
    let mut outputs = Outputs::open(&settings.records)?;
    let packed =
        payload_file::make(settings, &scan, times, &outputs, console, abort).map_err(
            |error| match error {
                Error::Tree(error) => stop_or(error),
                Error::Torrent(error) if error.is_aborted() => {
                    Error::Terminated { site: settings.site.clone() }
                }
                other => other,
            },
        )?;
    if abort.is_set() {
        return Err(Error::Terminated { site: settings.site.clone() });
    }

    let build = build(&settings.site, commit.as_ref());
    let id = release_id(settings.release_id.as_ref(), build.as_ref(), &packed.manifest.digest)?;
    let details = Pack { base: base_digest, ..details(settings, &scan, &packed, time) };
    let torrent = packed.torrent.clone();
    let release = store(settings, packed, id, &mut outputs)?;
    let tool = Tool { name: "mkt-pack".into(), version: env!("CARGO_PKG_VERSION").into() };
    let record = Record { build, ..Record::new(tool, None, release, details) };
    // Last: a folder with a pack.json has all that it names.
    let path = Records::new(&settings.records).write(&record).map_err(Error::Record)?;
    outputs.done();
    if let Some(out) = &settings.torrent_file {
        out.write(&torrent.to_bytes())?;
    }
    copy(settings, &record, console)?;
    summary::after(&record, &path, started.elapsed(), console);
    Ok(())
}

/// What Jenkins says; git adds what Jenkins tells only some kinds of jobs, and outside Jenkins all there is.
fn build(site: &Path, commit: Option<&Commit>) -> Option<Build> {
    match (Build::from_process(), commit) {
        (build, None) => build,
        (build, Some(commit)) => Some(build.unwrap_or_default().or_git(git::build(site, commit))),
    }
}

fn details(settings: &Settings, scan: &Scan, packed: &Packed, time: ReleaseTime) -> Pack {
    Pack {
        directories: packed.manifest.directories,
        links: packed.manifest.links,
        excluded: scan.excluded().len() as u64,
        // Bounded by the year 2242.
        base: None,
        release_time: i64::try_from(time.seconds()).unwrap_or(i64::MAX),
        level: match settings.layout {
            LayoutSettings::Archive { level } => Some(level),
            LayoutSettings::Tree => None,
        },
        pieces: packed.torrent.info().pieces().len() as u64,
    }
}

/// Gives every file its name; the payload first, since the others are about it.
fn store(
    settings: &Settings,
    packed: Packed,
    id: record::ReleaseId,
    outputs: &mut Outputs,
) -> Result<Release, Error> {
    let Packed { stem, manifest, torrent, archive } = packed;
    let info = torrent.info();
    let payload = PayloadFile {
        file: name(info.name())?,
        bytes: info.bytes(),
        sha256: archive.as_ref().map(|archive| archive.sha256),
    };
    if let Some(archive) = archive {
        outputs.persist(archive.file, &payload.file)?;
    }
    Ok(Release {
        id,
        infohash: torrent.infohash(),
        tree_digest: Sha256::from_bytes(*manifest.digest.as_bytes()),
        layout: match settings.layout {
            LayoutSettings::Archive { .. } => Layout::Archive,
            LayoutSettings::Tree => Layout::Tree,
        },
        manifest: store_file(outputs, &format!("{stem}.manifest.jsonl"), manifest.file, manifest.sha256)?,
        torrent: store_bytes(outputs, &format!("{stem}.torrent"), &torrent.to_bytes())?,
        piece_length: info.piece_length().bytes(),
        files: manifest.files,
        bytes: manifest.bytes,
        private: info.private(),
        source: info.source().map(Into::into),
        payload,
    })
}

fn store_bytes(outputs: &mut Outputs, text: &str, bytes: &[u8]) -> Result<NamedFile, Error> {
    let mut temporary = outputs.temporary()?;
    temporary.write_all(bytes).map_err(|source| outputs.write_error(source))?;
    store_file(outputs, text, temporary, Sha256::of(bytes))
}

fn store_file(
    outputs: &mut Outputs,
    text: &str,
    temporary: NamedTempFile,
    sha256: Sha256,
) -> Result<NamedFile, Error> {
    let file = name(text)?;
    outputs.persist(temporary, &file)?;
    Ok(NamedFile { file, sha256 })
}

fn name(text: &str) -> Result<FileName, Error> {
    text.parse().map_err(|_| Error::Name { name: text.into() })
}

/// The record once more, where `--record` wants it.
fn copy(settings: &Settings, record: &Record<Pack>, console: &Console) -> Result<(), Error> {
    let path = match &settings.copy {
        None => return Ok(()),
        Some(RecordCopy::Stdout) => Path::new("standard output"),
        Some(RecordCopy::File(path)) => path,
    };
    let bytes = record_bytes(record, path).map_err(Error::Record)?;
    let written = match &settings.copy {
        Some(RecordCopy::File(path)) => durable::write(path, &bytes),
        Some(RecordCopy::Stdout) | None => console.data(&bytes),
    };
    written.map_err(|source| Error::Write { path: path.into(), source })
}
