//! Man pages, completions, the library's help and README's tables say what the binaries do.

use std::fs;
use std::path::Path;

use e2e::template::workspace;
use e2e::{Run, Scratch, bin, peers};

use crate::world::files;

/// Pages with generated tables.
const PAGES: [&str; 2] = ["README.md", "crates/cli/README.md"];

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, target).unwrap();
    }
}

#[test]
fn nothing_has_drifted_from_the_command_lines() {
    let (root, scratch) = (workspace(), Scratch::new());
    let copied = scratch.path().join("copy");
    copy(&root.join("jenkins/vars"), &copied.join("jenkins/vars"));
    fs::create_dir_all(copied.join("crates/cli")).unwrap();
    for page in PAGES {
        fs::copy(root.join(page), copied.join(page)).unwrap();
    }
    let run = Run::new(peers::need("bash"), scratch.path()).arg(root.join("scripts/docs")).arg(&copied);
    run.arg(bin("mkt-pack").parent().unwrap()).output().ok();
    let mut count = 0;
    for folder in ["jenkins/vars", "crates/cli/docs"] {
        let names = |base: &Path| -> Vec<_> {
            let all = files(&base.join(folder)).into_iter();
            all.map(|path| path.strip_prefix(base).unwrap().to_owned()).collect()
        };
        assert_eq!(names(&root), names(&copied), "{folder}: run scripts/docs");
        for name in names(&copied) {
            assert_same(&root.join(&name), &copied.join(&name));
            count += 1;
        }
    }
    for page in PAGES {
        assert_same(&root.join(page), &copied.join(page));
    }
    assert!(count > 20, "only {count} documents");
}

#[track_caller]
fn assert_same(committed: &Path, made: &Path) {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert!(read(committed) == read(made), "`{}` has drifted: run scripts/docs", committed.display());
}

#[test]
fn every_help_has_worked_examples_and_says_what_is_left_and_how_it_ends() {
    for program in ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"] {
        let scratch = Scratch::new();
        let help = Run::new(bin(program), scratch.path()).arg("--help").output().ok().stdout;
        let examples = help.split_once("Examples:").expect("examples").1;
        assert!(examples.matches(program).count() >= 2, "{program}: {help}");
        assert!(help.contains("Leaves:") && help.contains("Exit codes: 0 done"), "{program}: {help}");
    }
}
