//! The folder of records: what a stage reads from the stage before it, and what it leaves for the next.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::files::durable;
use crate::{Build, Details, Error, FileName, Input, Loaded, Record, Release, Sha256};

/// The folder when `--records` does not name one.
pub const DEFAULT_FOLDER: &str = "records";

/// How the last stage ended, as one line for the description of a build.
pub const SUMMARY: &str = "summary.txt";

/// Characters of it: Jenkins shows it in the narrow list of builds.
const LONGEST_SUMMARY: usize = 120;

/// More than a record of 10,000 hosts takes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// A folder of records.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    /// The records in this folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of a stage's record.
    #[must_use]
    pub fn path<D: Details>(&self) -> PathBuf {
        self.folder.join(D::FILE)
    }

    /// Reads and checks a stage's record.
    ///
    /// # Errors
    /// If it is missing, unreadable, too large, malformed, or of another schema.
    pub fn load<D: Details>(&self) -> Result<Loaded<D>, Error> {
        load_file(&self.path::<D>())
    }

    /// Whether a stage's record can be written, making the folder if need be: for a stage that decides something which it
    /// cannot take back.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub fn expect_writable<D: Details>(&self) -> Result<(), Error> {
        let path = self.path::<D>();
        fs::create_dir_all(&self.folder)
            .map_err(|source| Error::Write { path: self.folder.clone(), source })?;
        durable::expect_writable(&path).map_err(|source| Error::Write { path, source })
    }

    /// Takes away a stage's record that is not true any more, and the summary; nothing else can be done about it where
    /// that fails, too.
    pub fn discard<D: Details>(&self) {
        for path in [self.path::<D>(), self.folder.join(SUMMARY)] {
            let _not_there = fs::remove_file(path);
        }
    }

    /// Writes a stage's record durably, making the folder if need be; returns its path. A summary that cannot be written is
    /// a warning: nothing reads it but people.
    ///
    /// # Errors
    /// If the folder or the record cannot be written.
    pub fn write<D: Details>(&self, record: &Record<D>) -> Result<PathBuf, Error> {
        let path = self.path::<D>();
        let bytes = record_bytes(record, &path)?;
        fs::create_dir_all(&self.folder)
            .map_err(|source| Error::Write { path: self.folder.clone(), source })?;
        durable::write(&path, &bytes).map_err(|source| Error::Write { path: path.clone(), source })?;
        let summary = self.folder.join(SUMMARY);
        if let Err(error) = durable::write(&summary, one_line(record).as_bytes()) {
            log::warn!("cannot write `{}`: {error}", summary.display());
            // The one of another stage would be taken for this one's.
            let _not_there = fs::remove_file(&summary);
        }
        Ok(path)
    }

    /// Checks that a file of this folder is the one a record names; returns its path.
    ///
    /// # Errors
    /// If it is missing, unreadable, or has another digest.
    pub fn check_file(&self, file: &FileName, sha256: &Sha256, named_by: &Path) -> Result<PathBuf, Error> {
        let path = file.in_folder(&self.folder);
        let found = Sha256::of_file(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        if found == *sha256 {
            Ok(path)
        } else {
            Err(Error::Mixed {
                path,
                found: found.to_string(),
                expected: sha256.to_string(),
                named_by: format!("record `{}`", named_by.display()),
            })
        }
    }

    /// Checks that a loaded record really follows from the record of the stage before it, if that one is in the
    /// folder: same bytes as when it was written, same release.
    ///
    /// # Errors
    /// If the record before was changed or replaced since, or is about another release.
    pub fn check_chain<Before: Details, D>(&self, loaded: &Loaded<D>) -> Result<(), Error> {
        let path = self.path::<Before>();
        if !path.exists() {
            return Ok(());
        }
        let before = load_file::<Before>(&path)?;
        same_release(&loaded.path, &loaded.record.release, &path, &before.record.release)?;
        match &loaded.record.input {
            Some(input) if input.sha256 != before.input.sha256 => Err(Error::Mixed {
                path,
                found: before.input.sha256.to_string(),
                expected: input.sha256.to_string(),
                named_by: format!("record `{}`", loaded.path.display()),
            }),
            _ => Ok(()),
        }
    }
}

/// Two records of one chain must be about one release, in every field.
fn same_release(path: &Path, found: &Release, other: &Path, expected: &Release) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let name = |release: &Release| format!("{} ({})", release.id, release.infohash);
    Err(Error::OtherRelease {
        path: path.to_owned(),
        found: name(found),
        other: other.display().to_string(),
        expected: name(expected),
    })
}

/// Release and outcome. Both are made of plain words, so whatever formats Jenkins' descriptions finds no markup.
fn one_line<D: Details>(record: &Record<D>) -> String {
    let aborted = if record.aborted { " (aborted)" } else { "" };
    let line = format!("{} {}{aborted}", record.release.id, record.details.summary(&record.release));
    line.chars().take(LONGEST_SUMMARY).chain(['\n']).collect()
}

/// A record as the bytes of its file: pretty JSON and a newline. `path` is for the error only.
///
/// # Errors
/// If a value cannot be JSON (a number that is not finite).
pub fn record_bytes<D: Details>(record: &Record<D>, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(record).map_err(|source| Error::Malformed {
        path: path.to_owned(),
        schema: D::SCHEMA,
        source,
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn load_file<D: Details>(path: &Path) -> Result<Loaded<D>, Error> {
    let read_error = |source| Error::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(read_error(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST_RECORD + 1).read_to_end(&mut bytes).map_err(read_error)?;
    Loaded::parse(bytes, path)
}

impl<D: Details> Loaded<D> {
    /// Reads a record from bytes; `path` names it in errors and as the next stage's input.
    ///
    /// # Errors
    /// If it is too large, malformed, or of another schema.
    pub fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, Error> {
        if bytes.len() as u64 > LARGEST_RECORD {
            let path = path.to_owned();
            return Err(Error::TooLarge { path, bytes: bytes.len() as u64, limit: LARGEST_RECORD });
        }
        let malformed = |source| Error::Malformed { path: path.to_owned(), schema: D::SCHEMA, source };
        // The schema is looked at first, so that a record of another stage is called that and not malformed.
        let Schema { schema } = serde_json::from_slice(&bytes).map_err(malformed)?;
        if schema != D::SCHEMA {
            let found = schema.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(Error::Foreign { path: path.to_owned(), found, expected: D::SCHEMA });
        }
        let record = serde_json::from_slice(&bytes).map_err(malformed)?;
        let file = D::FILE.parse().map_err(serde::de::Error::custom).map_err(malformed)?;
        let input = Input { file, sha256: Sha256::of(&bytes) };
        Ok(Self { record, path: path.to_owned(), bytes, input })
    }
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// What every record has, whichever stage wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AnyRecord {
    /// The release that it is about.
    pub release: Release,
    /// The build that wrote it.
    pub build: Option<Build>,
}

/// Reads a record of any stage; for a host, which is sent whichever record there is.
///
/// # Errors
/// If the bytes are not a record of this suite.
pub fn any_record(bytes: &[u8], path: &Path) -> Result<AnyRecord, Error> {
    let malformed = |source| Error::Malformed { path: path.to_owned(), schema: "pack/1", source };
    let Schema { schema } = serde_json::from_slice(bytes).map_err(malformed)?;
    if !["pack/1", "publish/1", "push/1", "swap/1"].contains(&schema.as_str()) {
        let found = schema.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(Error::Foreign { path: path.to_owned(), found, expected: "pack/1" });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}
