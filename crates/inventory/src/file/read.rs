//! From the text of a `fleet.toml` to its tables.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::tables::{HostTables, InventoryFile};
use super::{ansible, keys};
use crate::Error;

/// A thousand hosts with every key overridden are below 1 MB; more is not an inventory.
const LIMIT: u64 = 4 << 20;

/// Reads `path`; keys nobody knows are refused before anything else.
pub(crate) fn read(path: &Path) -> Result<InventoryFile, Error> {
    let refuse = |source| Error::ReadInventory { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text)).map_err(refuse)?;
    let invalid = |error: toml::de::Error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        Error::ParseInventory {
            path: path.to_owned(),
            line,
            column,
            reason: error.message().trim_end().replace('\n', ", "),
        }
    };
    let table: toml::Table = text.parse().map_err(invalid)?;
    keys::check(path, &table)?;
    // From the text once more, not from the table: only so do errors have a line and a column.
    let mut file: InventoryFile = toml::from_str(&text).map_err(invalid)?;
    file.site.shared_at = file.site.shared.iter().map(|path| position(&text, path.span().start)).collect();
    if let Some(ansible) = &file.ansible {
        let own = table.get("hosts").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        file.hosts = HostTables(ansible::hosts(path, ansible, &own)?);
    }
    Ok(file)
}

/// Line and column of a byte of a text, both counted from 1, columns in bytes.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    (1 + lines, 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count())
}
