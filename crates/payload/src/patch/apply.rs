//! Making the new tree of the old one and a patch.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use sha2::Digest;

use super::contents::Contents;
use super::frame::Frame;
use super::header::Header;
use super::make::collect;
use super::plan::{Part, content, frames, places};
use crate::content::entry::{Entry, Kind};
use crate::digest::{Sha256, TreeDigest};
use crate::disk::beneath::{Beneath, finish_file};
use crate::disk::fresh::Fresh;
use crate::disk::pool::{in_parts, readers};
use crate::disk::read::read_some;
use crate::error::shown;
use crate::listing::scan::TOGETHER;
use crate::{Error, Manifest, Progress, tree};

/// Makes the tree that a patch leads to in a directory that is not there yet, or is empty, and gives its manifest. What did
/// not change is copied from the tree of the base, as [`tree::copy`] does.
///
/// The same promises as [`crate::archive::unpack`]: the digest first, every byte hashed, nothing beyond the manifest, nothing
/// left after an error, no sync. The base must be the one that the patch is for, text of the manifest and all; what is read of
/// it is hashed before anything made of it is kept. Every size is bounded by the two manifests.
///
/// # Errors
/// [`Error::OtherBase`]; [`Error::Patch`], [`Error::Unpack`], [`Error::Digest`], [`Error::Content`] or a fault of the manifest
/// for a patch that is damaged or leads elsewhere; [`Error::Content`] or [`Error::Read`] for a file of the base that is not what
/// it was; [`Error::Occupied`]; [`Error::Write`]; [`Error::Aborted`].
pub fn apply(
    input: impl Read,
    base: &Manifest,
    base_tree: &Path,
    dest: &Path,
    expected: &TreeDigest,
    progress: &Progress<'_>,
) -> Result<Manifest, Error> {
    let mut input = BufReader::new(input);
    let header = Header::read(&mut input)?;
    let text = base.to_bytes()?;
    if (header.base, header.base_manifest) != (base.digest(), Sha256::of(&text)) {
        return Err(Error::OtherBase { expected: header.base, found: base.digest() });
    }
    if header.target != *expected {
        return Err(Error::Digest { expected: *expected, found: header.target });
    }
    let (target, mut input) = manifest(input, &header, &text)?;
    drop(text);
    target.expect(expected)?;
    target.check_twins()?;
    let source = Beneath::open(base_tree)?;
    let mut old = Contents::tree(base_tree)?;
    let fresh = Fresh::create(dest)?;
    for entry in target.entries().iter().filter(|entry| entry.kind == Kind::Dir) {
        if !progress(0) {
            return Err(Error::aborted(&entry.path));
        }
        fresh.dir().create_dir(&entry.path).map_err(|error| Error::write(&entry.path, error))?;
    }
    let mut written = HashMap::new();
    let mut writer = Writer { dir: fresh.dir(), begun: None, buffer: Vec::new() };
    let mut prefix = Vec::new();
    for frame in frames(base, &target, header.prefix) {
        collect(&mut old, &frame.old, &mut prefix, progress)?;
        let failed = |source| Error::unpack("the patch", source);
        let mut reading = Frame::open(input, &prefix).map_err(failed)?;
        for part in &frame.new {
            writer.write(part, &mut reading, progress)?;
            if let (true, Some(sha256)) = (part.is_last(), content(part.entry)) {
                written.insert(sha256, part.entry);
            }
        }
        input = reading.end().map_err(failed)?;
    }
    if !input.fill_buf().map_err(|error| Error::unpack("the end of the patch", error))?.is_empty() {
        return Err(Error::Patch { reason: "there is more behind its end".into() });
    }
    rest(&source, fresh.dir(), base, &target, &written, progress)?;
    tree::finish(fresh.dir(), &target, progress)?;
    fresh.keep();
    Ok(target)
}

/// Reads the new manifest, which must be the one that the head names.
fn manifest<R: BufRead>(input: R, header: &Header, base: &[u8]) -> Result<(Manifest, R), Error> {
    let failed = |source| Error::unpack("the manifest of the patch", source);
    let mut reading = Frame::open(input, base).map_err(failed)?;
    let mut text = Vec::new();
    (&mut reading).take(header.manifest_bytes).read_to_end(&mut text).map_err(failed)?;
    let input = reading.end().map_err(failed)?;
    if Sha256::of(&text) != header.target_manifest {
        return Err(Error::Patch { reason: "its manifest is not the one that its head names".into() });
    }
    Ok((Manifest::parse(&text[..])?, input))
}

/// Writes new content as it is decompressed. Wrong content is found at its end, and the whole directory goes.
struct Writer<'a> {
    dir: &'a Beneath,
    begun: Option<(File, sha2::Sha256)>,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn write(
        &mut self,
        part: &Part<'_>,
        reading: &mut impl Read,
        progress: &Progress<'_>,
    ) -> Result<(), Error> {
        let path = &part.entry.path;
        let failed = |error: std::io::Error| Error::write(path, error);
        if part.offset == 0 {
            let file = self.dir.create_file(path).map_err(|error| failed(error.into()))?;
            self.begun = Some((file, sha2::Sha256::new()));
        }
        let wrong = || Error::Content { path: shown(path) };
        let (file, hasher) = self.begun.as_mut().ok_or_else(wrong)?;
        let mut left = part.length;
        while left > 0 {
            let got =
                read_some(reading, &mut self.buffer, left).map_err(|error| Error::unpack(path, error))?;
            if got.is_empty() {
                return Err(wrong());
            }
            hasher.update(got);
            file.write_all(got).map_err(failed)?;
            left -= got.len() as u64;
            if !progress(got.len() as u64) {
                return Err(Error::aborted(path));
            }
        }
        if !part.is_last() {
            return Ok(());
        }
        let (file, hasher) = self.begun.take().ok_or_else(wrong)?;
        let Kind::File { mode, sha256, .. } = &part.entry.kind else { return Err(wrong()) };
        if Sha256::finish(hasher) != *sha256 {
            return Err(wrong());
        }
        finish_file(&file, mode.bits(), part.entry.mtime).map_err(|error| failed(error.into()))
    }
}

/// Copies what the patch does not bring: from the base, or from another file that it brought.
fn rest(
    base_tree: &Beneath,
    dest: &Beneath,
    base: &Manifest,
    target: &Manifest,
    written: &HashMap<Sha256, &Entry>,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let places = places(base);
    let entries = target.entries();
    in_parts(readers(), entries.len(), TOGETHER, |buffer, part| {
        entries.get(part).unwrap_or_default().iter().try_for_each(|entry| {
            if !matches!(entry.kind, Kind::File { .. }) {
                return Ok(());
            }
            let Some(sha256) = content(entry) else { return empty(dest, entry) };
            match (written.get(&sha256), places.get(&sha256)) {
                (Some(brought), _) if brought.path == entry.path => Ok(()),
                (Some(brought), _) => tree::copy_file(dest, &brought.path, dest, entry, buffer, progress),
                (None, Some(before)) => {
                    tree::copy_file(base_tree, &before.path, dest, entry, buffer, progress)
                }
                (None, None) => Err(Error::Content { path: shown(&entry.path) }),
            }
        })
    })?;
    Ok(())
}

/// Creates a file without content, if it is that by its hash, too.
fn empty(dest: &Beneath, entry: &Entry) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::write(&entry.path, error);
    match &entry.kind {
        Kind::File { mode, sha256, .. } if *sha256 == Sha256::of(b"") => {
            let file = dest.create_file(&entry.path).map_err(|error| failed(error.into()))?;
            finish_file(&file, mode.bits(), entry.mtime).map_err(|error| failed(error.into()))
        }
        _ => Err(Error::Content { path: shown(&entry.path) }),
    }
}
