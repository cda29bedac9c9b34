//! The JSON Schema of `fleet.toml`, for editors, and for whoever asks which keys there are.

use schemars::schema_for;
use serde_json::Value;

use super::tables::InventoryFile;

/// Keys of a host that make no sense for all hosts.
const HOST_ONLY: &[&str] =
    &["address", "peer_address", "peer_listen", "group", "local", "deploy_to", "passkey_file", "passkey_env"];
/// Keys of `[defaults]` that make no sense for one host.
const DEFAULTS_ONLY: &[&str] = &["ssh_config"];

/// The text of the schema; `crates/inventory/schemas` has it, and a test compares.
#[must_use]
pub fn schema() -> String {
    // Plain JSON without floats, so the alternate Display of Value cannot fail.
    format!("{:#}\n", value())
}

pub(crate) fn value() -> Value {
    let mut schema = schema_for!(InventoryFile).to_value();
    // One type stands for a host and for the defaults, but not every key is for both.
    let host = schema.pointer("/$defs/HostTable").cloned();
    for (name, other) in [("HostTable", DEFAULTS_ONLY), ("DefaultsTable", HOST_ONLY)] {
        let Some(mut table) = host.clone() else { continue };
        if let Some(properties) = table.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|key, _| !other.contains(&key.as_str()));
        }
        if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
            definitions.insert(name.to_owned(), table);
        }
    }
    if let Some(defaults) = schema.pointer_mut("/properties/defaults").and_then(Value::as_object_mut) {
        defaults.insert("$ref".to_owned(), "#/$defs/DefaultsTable".into());
        defaults.remove("default");
    }
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "fleet.toml".into());
    }
    schema
}
