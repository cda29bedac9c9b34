//! What the sources look like: short files, thin mains, nobody talks but `cli`, nothing is left over.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::template::workspace;

/// More than this is a file with two responsibilities.
const LONGEST_FILE: usize = 500;

/// Name the stage, hand over, return the exit code.
const LONGEST_MAIN: usize = 15;

/// Every file below `dir` with one of these extensions, build output apart.
fn files(dir: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if name != "target" && name != ".git" {
                found.extend(files(&path, extensions));
            }
        } else if extensions.is_empty()
            || path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<PathBuf> {
    let found =
        [files(&workspace().join("crates"), &["rs"]), files(&workspace().join("tests"), &["rs"])].concat();
    assert!(found.len() > 50, "only {} sources found", found.len());
    found
}

/// The part of a source that is not its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn no_file_is_longer_than_one_responsibility() {
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "`{}` has {lines} lines", path.display());
    }
}

#[test]
fn mains_are_thin() {
    let mains: Vec<PathBuf> = sources().into_iter().filter(|path| path.ends_with("src/main.rs")).collect();
    for path in &mains {
        let lines = fs::read_to_string(path).unwrap().lines().count();
        assert!(lines <= LONGEST_MAIN, "`{}` has {lines} lines: the library is the place", path.display());
    }
    assert!(mains.len() >= 4, "the four binaries have a main each: {mains:?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        // A thin main may open with its one attribute.
        assert!(
            text.starts_with("//!") || path.ends_with("src/main.rs"),
            "`{}` has no `//!`",
            path.display()
        );
    }
}

#[test]
fn nobody_talks_ends_the_process_or_panics_but_cli() {
    // Clippy denies these; here it is seen to that nobody talks clippy out of it.
    let lints = ["unwrap_used", "expect_used", "panic", "exit", "print_stdout", "print_stderr", "todo"];
    for path in files(&workspace().join("crates"), &["rs"]) {
        let inside = path.strip_prefix(workspace().join("crates")).unwrap();
        if inside.starts_with("cli") || inside.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in without_tests(&text).lines().enumerate() {
            let line = line.trim_start();
            let silenced =
                (line.starts_with("#[allow(") || line.starts_with("#[expect(") || line.starts_with("#!["))
                    && lints.iter().any(|lint| line.contains(&format!("clippy::{lint}")));
            let talks = ["println!(", "print!(", "process::exit("].iter().any(|call| line.contains(call))
                && !line.starts_with("//");
            assert!(!silenced && !talks, "`{}`:{}: {line}", path.display(), number + 1);
        }
    }
}

#[test]
fn nothing_is_left_over_or_skipped() {
    // Put together, so that this file does not find itself.
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["todo", "!("],
        ["unimplemented", "!("],
        ["#[ig", "nore"],
    ];
    for path in
        [sources(), files(&workspace().join("scripts"), &[]), files(&workspace().join("jenkins"), &[])]
            .concat()
    {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for mark in marks.map(|parts| parts.concat()) {
            assert!(!text.contains(&mark), "`{}` has a left-over `{mark}`", path.display());
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let root = workspace();
    let mut needles = vec![root.to_string_lossy().into_owned()];
    if let Some(home) = std::env::var("HOME").ok().filter(|home| home.len() > "/home/".len()) {
        needles.push(format!("{home}/"));
    }
    for name in
        ["crates", "tests", "scripts", "jenkins", "README.md", "Cargo.toml", "Jenkinsfile.example", ".ci"]
    {
        let path = root.join(name);
        let paths = if path.is_dir() { files(&path, &[]) } else { vec![path] };
        for path in paths {
            let text =
                fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            let found = needles.iter().find(|needle| text.contains(needle.as_str()));
            assert!(found.is_none(), "`{}` names `{}`", path.display(), found.unwrap());
        }
    }
}

#[test]
fn no_story_is_forgotten() {
    for folder in ["e2e", "house", "jenkins"] {
        let dir = workspace().join("tests").join(folder);
        let main = fs::read_to_string(dir.join("main.rs")).unwrap();
        for path in files(&dir, &["rs"]) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                name == "main" || main.contains(&format!("mod {name};")),
                "tests/{folder}/{name}.rs is not run"
            );
        }
    }
}
