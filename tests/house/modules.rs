//! What a crate looks like inside: few rooms, no circle among them, one style of files and of `use` lines.
//!
//! Whoever opens a crate reads its rooms from the folder listing and needs to know only those below the one he changes.
//! A method call across modules needs no `use` line, so a circle that is made of those alone is not seen.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::template::workspace;

use crate::module_tree::ModuleTree;

/// Modules at the root of a crate.
const MOST_AT_ROOT: usize = 12;

/// What a crate does not hold, each as a sentence.
fn faults(root: &Path) -> Vec<String> {
    let tree = ModuleTree::read(root);
    let mut faults = Vec::new();
    let at_root = tree.at_root();
    if at_root.len() > MOST_AT_ROOT {
        faults.push(format!("{} modules at the root: {}", at_root.len(), at_root.join(", ")));
    }
    for circle in tree.circles() {
        let steps: Vec<String> = circle.iter().map(|(from, words)| format!("{from} ({words})")).collect();
        faults.push(format!("a circle: {}", steps.join(" -> ")));
    }
    for module in tree.modules() {
        // A module with a folder is `x/mod.rs`, so that the folder has all of it.
        let is_beside = !module.path.is_empty()
            && module.file.file_name().is_some_and(|name| name != "mod.rs")
            && module.file.with_extension("").is_dir();
        if is_beside {
            faults.push(format!("`{}` stands beside its folder", module.file.display()));
        }
        let text = fs::read_to_string(&module.file).unwrap();
        faults.extend(misplaced(&text).map(|line| format!("`{}`: `{line}`", module.file.display())));
    }
    faults
}

/// What `lib.rs` has beside one sentence that says what the crate is, `mod` and `pub use` lines and attributes.
fn beyond_reexports(text: &str) -> Option<String> {
    let docs: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let docs = docs.join(" ");
    if docs.is_empty() || docs.trim_end_matches('.').contains(". ") || docs.contains("  ") {
        return Some(format!("{docs:?} in place of one sentence"));
    }
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    // No brackets of an attribute's arguments and no list of names holds a semicolon.
    code.split(';').map(str::trim).filter(|item| !item.is_empty()).find_map(|item| {
        let mut item = item;
        while let Some((_, rest)) = item.strip_prefix('#').and_then(|rest| rest.split_once(']')) {
            item = rest.trim();
        }
        let words = item.strip_prefix("pub(crate) ").or(item.strip_prefix("pub ")).unwrap_or(item);
        let is_allowed = words.starts_with("mod ") || (words.starts_with("use ") && item != words);
        (!is_allowed).then(|| format!("`{item}`"))
    })
}

/// The first `use` line at the top of a file that is not in its place: after `mod` lines those of the standard library, of
/// other crates and of ours, with an empty line between.
fn misplaced(text: &str) -> Option<&str> {
    let (mut last, mut after_gap, mut within) = (None, true, false);
    for line in text.lines() {
        let words =
            line.strip_prefix("pub").map_or(line, |rest| rest.split_once(' ').map_or(rest, |(_, rest)| rest));
        if within {
            within = !line.ends_with(';');
        } else if let Some(path) = words.strip_prefix("use ") {
            let first = path.split([':', ';', ' ']).next().unwrap_or(path);
            let group = match first {
                "std" | "core" | "alloc" => 0,
                "crate" | "self" | "super" => 2,
                _ => 1,
            };
            if last.is_some_and(|last| group < last || (group == last) == after_gap) {
                return Some(line);
            }
            (last, after_gap, within) = (Some(group), false, !line.ends_with(';'));
        } else if words.starts_with("mod ") && line.ends_with(';') && last.is_some() {
            return Some(line);
        } else if line.is_empty() {
            after_gap = true;
        } else if !line.starts_with("//") && !line.starts_with("#") && !words.starts_with("mod ") {
            return None;
        }
    }
    None
}

/// The root of every crate's library, by the name of the crate.
fn crates() -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = fs::read_dir(workspace().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path.join("src/lib.rs")))
        .collect();
    found.sort();
    assert!(found.len() > 10, "only {found:?}");
    found
}

#[test]
fn a_crate_has_few_rooms_and_no_circle_among_its_modules() {
    let mut wrong = Vec::new();
    for (name, root) in crates() {
        let faults = faults(&root);
        if !faults.is_empty() {
            wrong.push(format!("`{name}` has {}", faults.join("\n  and ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lib_rs_says_what_the_crate_is_and_reexports_nothing_more() {
    let mut wrong = Vec::new();
    for (name, root) in crates() {
        if let Some(more) = beyond_reexports(&fs::read_to_string(&root).unwrap()) {
            wrong.push(format!("`lib.rs` of `{name}` has {more}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn more_than_reexports_is_seen() {
    let good = "//! One sentence, that may\n//! go on.\n\n#![deny(x)]\nmod a;\n#[cfg(b)]\npub mod c;\n\npub use self::a::{A, B};\n";
    assert_eq!(beyond_reexports(good), None);
    for more in [
        "mod a;\n",
        "//! One.\n//! Two.\nmod a;\n",
        "//! One.\n//!\n//! Two.\nmod a;\n",
        "//! One.\nmod a;\npub const B: u8 = 1;\n",
        "//! One.\nmod a;\nuse crate::a::A;\n",
        "//! One.\npub fn b() {}\n",
    ] {
        assert!(beyond_reexports(more).is_some(), "{more}");
    }
}

#[test]
fn a_use_line_out_of_its_place_is_seen() {
    let good = "//! X.\n\nmod a;\n\nuse std::a;\nuse std::{\n    b,\n};\n\nuse fleet::A;\n\npub(crate) use self::a::A;\nuse crate::b;\n\n\
                fn c() {\n    use std::d;\n}\n";
    assert_eq!(misplaced(good), None);
    for (text, line) in [
        ("use crate::a;\n\nuse std::b;\n", "use std::b;"),
        ("use std::a;\nuse fleet::B;\n", "use fleet::B;"),
        ("use std::a;\n\npub use std::b;\n", "pub use std::b;"),
        ("use std::a;\n\npub(crate) mod b;\n", "pub(crate) mod b;"),
    ] {
        assert_eq!(misplaced(text), Some(line));
    }
}

#[test]
fn the_reader_sees_a_circle_whatever_way_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    };
    let faults = |of_one: &str, of_two: &str| {
        write("lib.rs", "mod room;\npub use room::One;\n");
        write("room/mod.rs", "pub(crate) mod one;\nmod two;\npub(crate) use self::one::One;\n");
        write("room/one.rs", of_one);
        write("room/two.rs", of_two);
        faults(&dir.path().join("lib.rs"))
    };
    let uses = "use super::two::Two;\npub(crate) struct One(Two);\n";
    assert_eq!(faults(uses, "pub(crate) struct Two;\n"), [""; 0]);
    for back in [
        "use super::one::One;",
        "use crate::room::{one::{self as first}, nothing};",
        "use crate::One;",
        "fn back() { let _one = super::one::One; }",
        "fn back() { let _text = format!(\"{}\", crate::room::one::TEXT); }",
    ] {
        let found = faults(uses, &format!("{back}\npub(crate) struct Two;\n"));
        assert!(
            found.len() == 1 && found[0].contains("room::one") && found[0].contains("room::two"),
            "{found:?}"
        );
    }
    for none in [
        "#[cfg(test)]\nmod tests {\n    use crate::room::one::One;\n}",
        "pub(in crate::room) struct Open;",
        "/// See [`crate::room::one::One`].\nconst TEXT: &str = \"crate::room::one::One\";",
        "use std::one::One;",
    ] {
        assert_eq!(faults(uses, &format!("{none}\npub(crate) struct Two;\n")), [""; 0], "{none}");
    }
    // A child that needs its parent's own code, which needs the child.
    write("room/mod.rs", "mod one;\nmod two;\nuse self::one::One;\npub(crate) struct Base(One);\n");
    write("room/one.rs", "use super::Base;\npub(crate) struct One;\n");
    write("room/two.rs", "");
    assert_eq!(ModuleTree::read(&dir.path().join("lib.rs")).circles().len(), 1);
    write("room.rs", "");
    fs::remove_file(dir.path().join("room/mod.rs")).unwrap();
    let found = self::faults(&dir.path().join("lib.rs"));
    assert!(found.len() == 1 && found[0].contains("beside its folder"), "{found:?}");
}
