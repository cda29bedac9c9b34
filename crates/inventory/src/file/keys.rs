//! The keys of `fleet.toml`, so that a mistyped one is refused with the name that was meant.
//!
//! Which keys there are is what the types of [`super::tables`] say: their schema is asked.

use std::path::Path;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::schema;
use crate::Error;
use crate::value::nearest;

/// Refuses the first key that is not known in its table.
pub(super) fn check(path: &Path, file: &Table) -> Result<(), Error> {
    let schema = schema::value();
    Check { path, schema: &schema }.table("", file, &schema)
}

/// The same for the keys of one host, which did not come from a `fleet.toml`.
pub(super) fn check_host(path: &Path, name: &str, keys: &Table) -> Result<(), Error> {
    let schema = schema::value();
    let host = schema.pointer("/$defs/HostTable").unwrap_or(&Json::Null);
    Check { path, schema: &schema }.table(&format!("hosts.{name}."), keys, host)
}

struct Check<'a> {
    path: &'a Path,
    /// The whole of it, for its `$defs`.
    schema: &'a Json,
}

impl Check<'_> {
    /// `shape` is what the schema says of `table`; a value of another type is left to the parser, which knows its line.
    fn table(&self, prefix: &str, table: &Table, shape: &Json) -> Result<(), Error> {
        let keys = shape.get("properties").and_then(Json::as_object);
        let named = shape.get("additionalProperties").filter(|shape| shape.is_object());
        for (key, value) in table {
            let below = match (keys, named) {
                (Some(keys), _) => keys.get(key).ok_or_else(|| Error::UnknownKey {
                    path: self.path.to_owned(),
                    key: format!("{prefix}{key}").escape_debug().to_string(),
                    nearest: nearest(key, keys.keys().map(String::as_str)).map(str::to_owned),
                })?,
                (None, Some(shape)) => shape,
                (None, None) => return Ok(()),
            };
            let below = self.resolved(below);
            match value {
                Value::Table(inner) => self.table(&format!("{prefix}{key}."), inner, below)?,
                Value::Array(rows) => {
                    let shape = below.get("items").map_or(&Json::Null, |items| self.resolved(items));
                    for row in rows.iter().filter_map(Value::as_table) {
                        self.table(&format!("{prefix}{key}."), row, shape)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What `$ref` leads to, also as the one alternative to `null`.
    fn resolved<'b>(&'b self, shape: &'b Json) -> &'b Json {
        let some = shape.get("anyOf").and_then(Json::as_array).and_then(|any| any.first()).unwrap_or(shape);
        let named = some.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
        named.and_then(|pointer| self.schema.pointer(pointer)).unwrap_or(some)
    }
}
