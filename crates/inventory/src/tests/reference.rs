//! The guide's tables of keys and fleet.toml(5) are made of the schema. `MKT_UPDATE=1 cargo test -p inventory` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use roff::{Roff, bold, italic, roman};
use serde_json::Value;

use crate::file;

const BEGIN: &str = "<!-- generated: keys -->\n";
const END: &str = "<!-- end -->\n";

/// One table of the file.
struct Table {
    /// As it is written in the file.
    head: String,
    about: String,
    keys: Vec<Key>,
}

/// One key of it.
struct Key {
    name: String,
    form: String,
    default: String,
    about: String,
}

/// The tables, in the order in which one writes them.
fn tables() -> Vec<Table> {
    let order = [
        ("site", "[site]"),
        ("hosts", "[hosts.NAME]"),
        ("defaults", "[defaults]"),
        ("groups", "[groups.NAME]"),
        ("seeder", "[seeder]"),
        ("health", "[health]"),
        ("rollout", "[rollout]"),
        ("hooks", "[[hooks]]"),
        ("drupal", "[drupal]"),
        ("tracker", "[tracker]"),
        ("ansible", "[ansible]"),
    ];
    let schema = file::schema_value();
    let tables = schema["properties"].as_object().unwrap();
    assert_eq!(tables.len(), order.len(), "a table of fleet.toml is missing here");
    let read = |(key, head): (&str, &str)| {
        let place = &tables[key];
        let inner = ["items", "additionalProperties"].iter().find_map(|below| place.get(below));
        let shape = resolved(&schema, inner.unwrap_or(place));
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let read = |(name, value): (&String, &Value)| {
            let text = about(value).replace('\n', " ");
            let (about, default) = match text.rsplit_once(" [default: ") {
                Some((about, default)) => (about.to_owned(), default.trim_end_matches(']').to_owned()),
                None if required.contains(&name.as_str()) => (text, "required".to_owned()),
                None => (text, String::new()),
            };
            assert!(!about.is_empty(), "`{key}.{name}` says nothing of itself");
            Key { name: name.clone(), form: form(&schema, value), default, about }
        };
        let keys = shape["properties"].as_object().unwrap().iter().map(read).collect();
        Table { head: head.to_owned(), about: about(place).to_owned(), keys }
    };
    order.into_iter().map(read).collect()
}

fn about(shape: &Value) -> &str {
    shape["description"].as_str().unwrap_or_default()
}

/// What `$ref` leads to, also as the one alternative to `null`.
fn resolved<'a>(schema: &'a Value, shape: &'a Value) -> &'a Value {
    let some = shape.get("anyOf").filter(|any| any[1]["type"] == "null").map_or(shape, |any| &any[0]);
    match some["$ref"].as_str() {
        Some(name) => schema.pointer(name.trim_start_matches('#')).unwrap(),
        None => some,
    }
}

/// How a value is written.
fn form(schema: &Value, shape: &Value) -> String {
    let all =
        |shapes: &[Value]| shapes.iter().map(|shape| form(schema, shape)).collect::<Vec<_>>().join(" or ");
    // Types of ours whose form their schema does not tell.
    let name = shape["$ref"].as_str().or_else(|| shape["anyOf"][0]["$ref"].as_str()).unwrap_or_default();
    let known = match name.rsplit('/').next().unwrap_or_default() {
        "Span" => "duration, `\"5s\"`",
        "Quota" => "number, `\"25%\"` or `\"all\"`",
        "Rate" => "rate, `\"200 Mbit/s\"`",
        "PortRange" => "ports, `\"6900-6999\"`",
        "RemotePath" => "absolute path",
        "SharedPath" => "path below `shared/`",
        "Template" => "text with `{address}`, `{name}`, `{release}`",
        "HostName" => "name",
        "Dump" => "`\"never\"`, `\"pending\"`, `\"always\"`, `true` or `false`",
        "Announce" => "URL",
        "CanaryValue" => "number, `\"10%\"` or list of host names",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let shape = resolved(schema, shape);
    if let Some(any) = shape["anyOf"].as_array() {
        return all(any);
    }
    if let Some(words) = shape["oneOf"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("`{}`", word["const"])).collect();
        return words.join(", ");
    }
    let kind = match &shape["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind.unwrap() {
        "string" if shape["format"] == "ip" => "IP address".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => format!("list of {}", form(schema, &shape["items"])),
        "object" => format!("table of {}", form(schema, &shape["additionalProperties"])),
        other => panic!("no form for {other}"),
    }
}

fn markdown() -> String {
    let mut text = String::new();
    for table in tables() {
        _ = write!(text, "\n### `{}`\n\n{}\n\n", table.head, table.about);
        text.push_str("| key | form | default | meaning |\n|---|---|---|---|\n");
        for Key { name, form, default, about } in table.keys {
            _ = writeln!(text, "| `{name}` | {form} | {default} | {about} |");
        }
    }
    text.push('\n');
    text
}

fn man() -> String {
    let mut page = Roff::new();
    page.control("TH", ["fleet.toml", "5", "", "mkt"]);
    page.control("SH", ["NAME"]);
    page.text([roman("fleet.toml - the servers of a site, and what is wanted of them")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "fleet.toml is read by fleet-push, tracker-publish and swap-release --fleet. It is TOML. A key that is not listed \
         here is an error. Relative paths of files on this machine start at the directory of fleet.toml; ~/ is the home directory. \
         A secret is never written into it: the key ending in _file names a file with it, the one ending in _env an environment \
         variable.",
    )]);
    for table in tables() {
        page.control("SH", [table.head.as_str()]);
        page.text([roman(plain(&table.about))]);
        for Key { name, form, default, about } in table.keys {
            page.control("TP", []);
            page.text([bold(name), roman(" = "), italic(plain(&form))]);
            let default = match default.as_str() {
                "" => String::new(),
                "required" => " Required.".to_owned(),
                default => format!(" [default: {default}]"),
            };
            page.text([roman(plain(&format!("{about}{default}")))]);
        }
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([roman("fleet-push(1), fleet-push-hosts(1), swap-release(1), tracker-publish(1)")]);
    page.to_roff()
}

fn plain(text: &str) -> String {
    text.replace('`', "")
}

#[track_caller]
fn is_committed(path: &Path, made: &str) {
    if std::env::var_os("MKT_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, made).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == made, "`{}` has drifted: MKT_UPDATE=1 cargo test -p inventory", path.display());
}

#[test]
fn the_guide_lists_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let guide = fs::read_to_string(&path).unwrap();
    let (before, rest) = guide.split_once(BEGIN).expect("the place of the keys");
    let (_, after) = rest.split_once(END).expect("their end");
    is_committed(&path, &format!("{before}{BEGIN}{}{END}{after}", markdown()));
}

#[test]
fn the_man_page_lists_every_key() {
    is_committed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man/fleet.toml.5"), &man());
}
