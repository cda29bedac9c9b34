//! Reading a record that was named on the command line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use record::AnyRecord;

use crate::Error;

/// A record is a few kilobytes, a push record of 10,000 hosts some megabytes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// A record of any stage; `-` is standard input.
pub(crate) fn read_record(path: &Path) -> Result<AnyRecord, Error> {
    let mut bytes = Vec::new();
    let read = |source| Error::Record(record::Error::Read { path: path.to_owned(), source });
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(record::Error::Missing { path: path.to_owned() }.into());
            }
            Err(source) => return Err(read(source)),
        }
    };
    reader.take(LARGEST_RECORD).read_to_end(&mut bytes).map_err(read)?;
    Ok(record::any_record(&bytes, path)?)
}
