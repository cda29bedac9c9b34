//! The manifest as JSON lines: a head, then one entry a line.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::content::entry::{Entry, FileMode, Kind};
use crate::content::manifest::{MAX_ENTRIES, MAX_MANIFEST_BYTES, Manifest};
use crate::digest::Sha256;

/// Version of the format, raised when a reader of today could not read it.
const VERSION: u32 = 1;
/// Longest line in bytes: path and target of 4095 bytes, every byte escaped as `\u0000`, and the rest.
const MAX_LINE: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    manifest: u32,
    entries: u64,
}

/// The fields in the order in which they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    path: Cow<'a, str>,
    r#type: Type,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    mode: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    target: Option<Cow<'a, str>>,
    mtime: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Dir,
    File,
    Link,
}

impl Manifest {
    /// Reads the JSON lines that [`Self::write`] makes, within bounds, to the end of the input.
    ///
    /// # Errors
    /// [`Error::Manifest`] with the line; [`Error::ManifestIo`]; and those of [`Self::new`].
    pub fn parse(input: impl Read) -> Result<Self, Error> {
        let mut input = BufReader::new(input.take(MAX_MANIFEST_BYTES + 1));
        let mut line = Vec::new();
        let mut total = next_line(&mut input, &mut line, 1)?;
        let head: Head = from_line(&line, 1)?;
        if head.manifest != VERSION {
            let reason = format!("version {} is not supported, only {VERSION} is", head.manifest);
            return Err(Error::Manifest { line: 1, reason });
        }
        if head.entries > MAX_ENTRIES {
            return Err(Error::Manifest { line: 1, reason: format!("more than {MAX_ENTRIES} entries") });
        }
        // Not allocated by what the head claims: memory follows what is really there.
        let mut entries = Vec::new();
        for number in 2..head.entries + 2 {
            total += next_line(&mut input, &mut line, number)?;
            if total > MAX_MANIFEST_BYTES {
                let reason = format!("more than {MAX_MANIFEST_BYTES} bytes");
                return Err(Error::Manifest { line: number, reason });
            }
            entries.push(entry(from_line(&line, number)?, number)?);
        }
        let mut rest = [0];
        let end = input.read(&mut rest).map_err(|source| Error::ManifestIo { action: "read", source })?;
        if end != 0 {
            let reason = format!("more lines than the {} entries of the head", head.entries);
            return Err(Error::Manifest { line: head.entries + 2, reason });
        }
        Self::from_sorted(entries)
    }

    /// Writes JSON lines: equal manifests give equal bytes.
    ///
    /// # Errors
    /// [`Error::ManifestIo`].
    pub fn write(&self, mut out: impl Write) -> Result<(), Error> {
        let mut buffer = Vec::with_capacity(64 * 1024);
        let failed = |source| Error::ManifestIo { action: "write", source };
        let json = |error: serde_json::Error| failed(error.into());
        let head = Head { manifest: VERSION, entries: self.entries().len() as u64 };
        serde_json::to_writer(&mut buffer, &head).map_err(json)?;
        buffer.push(b'\n');
        for entry in self.entries() {
            serde_json::to_writer(&mut buffer, &line(entry)).map_err(json)?;
            buffer.push(b'\n');
            if buffer.len() >= 48 * 1024 {
                out.write_all(&buffer).map_err(failed)?;
                buffer.clear();
            }
        }
        out.write_all(&buffer).and_then(|()| out.flush()).map_err(failed)
    }

    /// The bytes that [`Self::write`] writes.
    ///
    /// # Errors
    /// None in practice; the encoder's refusal is passed on.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.write(&mut bytes)?;
        Ok(bytes)
    }
}

/// Reads one line without its newline, which must be there; gives the bytes consumed.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>, number: u64) -> Result<u64, Error> {
    line.clear();
    let read = input.take(MAX_LINE).read_until(b'\n', line);
    let read = read.map_err(|source| Error::ManifestIo { action: "read", source })?;
    if line.pop() != Some(b'\n') {
        let reason = if read as u64 == MAX_LINE { "too long" } else { "the manifest ends too early" };
        return Err(Error::Manifest { line: number, reason: reason.into() });
    }
    Ok(read as u64)
}

fn from_line<'a, T: Deserialize<'a>>(line: &'a [u8], number: u64) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|error| Error::Manifest { line: number, reason: error.to_string() })
}

fn entry(line: Line<'_>, number: u64) -> Result<Entry, Error> {
    let fault = |reason: &str| Error::Manifest { line: number, reason: reason.into() };
    let Line { path, r#type, mode, size, sha256, target, mtime } = line;
    let kind = match (r#type, mode.as_deref(), size, sha256, target) {
        (Type::Dir, Some("0755"), None, None, None) => Kind::Dir,
        (Type::File, Some(mode), Some(size), Some(sha256), None) => {
            let mode = match mode {
                "0644" => FileMode::Plain,
                "0755" => FileMode::Executable,
                _ => return Err(fault("the mode of a file is 0644 or 0755")),
            };
            let sha256: Sha256 =
                sha256.parse().map_err(|error: crate::ParseDigestError| fault(&error.to_string()))?;
            Kind::File { mode, size, sha256 }
        }
        (Type::Link, None, None, None, Some(target)) => Kind::Link { target: target.into_owned() },
        (Type::Dir, ..) => return Err(fault("a dir has path, type, mode 0755 and mtime")),
        (Type::File, ..) => return Err(fault("a file has path, type, mode, size, sha256 and mtime")),
        (Type::Link, ..) => return Err(fault("a link has path, type, target and mtime")),
    };
    Ok(Entry { path: path.into_owned(), mtime, kind })
}

fn line(entry: &Entry) -> Line<'_> {
    let bare = |r#type| Line {
        path: Cow::Borrowed(&entry.path),
        r#type,
        mode: None,
        size: None,
        sha256: None,
        target: None,
        mtime: entry.mtime,
    };
    match &entry.kind {
        Kind::Dir => Line { mode: Some(Cow::Borrowed("0755")), ..bare(Type::Dir) },
        Kind::Link { target } => Line { target: Some(Cow::Borrowed(target)), ..bare(Type::Link) },
        Kind::File { mode, size, sha256 } => Line {
            mode: Some(Cow::Borrowed(mode.as_str())),
            size: Some(*size),
            sha256: Some(Cow::Owned(sha256.to_string())),
            ..bare(Type::File)
        },
    }
}
