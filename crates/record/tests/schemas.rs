//! The committed JSON Schemas are those that the types give. `MKT_UPDATE=1 cargo test -p record` writes them anew.

use std::fs;
use std::path::Path;

#[test]
fn committed_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut known: Vec<String> = Vec::new();
    for (name, text) in record::schema::all() {
        let path = folder.join(&name);
        if std::env::var_os("MKT_UPDATE").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            text,
            "{name} drifted: MKT_UPDATE=1 cargo test -p record"
        );
        known.push(name);
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is no schema of ours");
    }
}
