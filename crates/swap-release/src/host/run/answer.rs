//! What was asked for, on standard output.

use std::path::Path;

use cli::Console;
use record::ExitCode;
use serde::Serialize;

use crate::Error;

/// Says what was asked for.
pub(super) fn answer(console: &Console, text: &str) -> Result<ExitCode, Error> {
    console.answer(text).map_err(|source| Error::write(Path::new("standard output"), source))?;
    Ok(ExitCode::Ok)
}

pub(super) fn print<T: Serialize>(console: &Console, reply: &T) -> Result<ExitCode, Error> {
    let out = Path::new("standard output");
    let mut line =
        serde_json::to_vec(reply).map_err(|source| Error::State { path: out.to_owned(), source })?;
    line.push(b'\n');
    console.data(&line).map_err(|source| Error::write(out, source))?;
    Ok(ExitCode::Ok)
}
