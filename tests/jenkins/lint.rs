//! The lint on the syntax tree: nothing to say of what we ship, and the right thing of every known-bad file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::template::workspace;
use e2e::{Scratch, bin, eventually};
use serde_json::json;

use crate::needs_groovy;
use crate::runner::ask;
use crate::world::files;

const PROGRAMS: [&str; 4] = ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"];

/// Flags of every program by verb, as `--help` says.
fn flags() -> BTreeMap<&'static str, BTreeMap<String, Vec<String>>> {
    PROGRAMS.into_iter().map(|program| (program, flags_of(program))).collect()
}

fn flags_of(program: &str) -> BTreeMap<String, Vec<String>> {
    let top = help(program, &[]);
    let verbs =
        top.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|verb| !verb.is_empty())
        .collect();
    let mut all: BTreeMap<String, Vec<String>> =
        verbs.iter().map(|verb| ((*verb).to_owned(), words(&help(program, &[verb])))).collect();
    all.insert(String::new(), words(&top));
    all
}

fn help(program: &str, verb: &[&str]) -> String {
    let output = Command::new(bin(program)).args(verb).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that looks like a flag at the beginning of a line of `--help`.
fn words(help: &str) -> Vec<String> {
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-'));
    lines
        .flat_map(|line| line.split([' ', ',', '=']))
        .filter(|word| word.starts_with('-') && word.len() > 1)
        .map(ToOwned::to_owned)
        .collect()
}

/// What the lint says of these files.
fn lint(paths: &[PathBuf]) -> BTreeMap<String, Vec<String>> {
    let plugins = fs::read_to_string(workspace().join("jenkins/plugins.txt")).unwrap();
    let plugins: Vec<&str> = plugins
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    let scratch = Scratch::new();
    let answer = scratch.path().join("lint.json");
    ask(
        &json!({ "lint": paths, "flags": flags(), "plugins": plugins, "library": workspace().join("jenkins"), "answer": answer }),
    );
    eventually("the lint to answer", Duration::from_secs(60), || answer.exists().then_some(()));
    serde_json::from_str(&fs::read_to_string(answer).unwrap()).unwrap()
}

/// Every file that a Jenkins or a shell of ours would run.
fn shipped() -> Vec<PathBuf> {
    let root = workspace();
    let jenkins = files(&root.join("jenkins")).into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name == "Jenkinsfile" || (name.ends_with(".groovy") && path.parent().unwrap().ends_with("vars"))
    });
    let mut all: Vec<PathBuf> = jenkins.collect();
    all.push(root.join("Jenkinsfile.example"));
    all.push(root.join("scripts/deploy"));
    all
}

#[test]
fn what_we_ship_is_clean() {
    needs_groovy!();
    let all = shipped();
    assert!(all.len() >= 10, "{all:?}");
    for (file, findings) in lint(&all) {
        assert!(findings.is_empty(), "{file}: {findings:#?}");
    }
}

#[test]
fn every_known_bad_file_is_found_out() {
    needs_groovy!();
    let bad: Vec<PathBuf> = files(&workspace().join("tests/jenkins/known-bad"))
        .into_iter()
        .filter(|path| expected(path).is_some())
        .collect();
    assert!(bad.len() > 25, "{bad:?}");
    let said = lint(&bad);
    for path in bad {
        let expected = expected(&path).unwrap();
        let findings = &said[path.to_str().unwrap()];
        assert!(
            findings.iter().any(|finding| finding.contains(&expected)),
            "{}: `{expected}` is missing in {findings:#?}",
            path.display()
        );
        // What follows from one mistake may be said, too; a heap of findings would hide it.
        assert!(findings.len() <= 4, "{}: {findings:#?}", path.display());
    }
}

/// `// lint: TEXT` in the first line.
fn expected(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().next()?.strip_prefix("// lint: ").map(ToOwned::to_owned)
}

#[test]
fn every_step_of_the_library_has_its_help() {
    let vars = files(&workspace().join("jenkins/vars"));
    let names = |extension: &str| -> Vec<String> {
        let of = vars.iter().filter(|path| path.extension().is_some_and(|e| e == extension));
        of.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names("groovy"), names("txt"));
    assert!(names("groovy").len() >= 5);
}
