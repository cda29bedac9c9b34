//! The pages: short where they must be, one for each crate, with links that lead somewhere and commands that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};
use e2e::template::workspace;

const LONGEST_README: usize = 200;

const PROGRAMS: [&str; 4] = ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"];

/// Every page of the repository.
fn pages() -> Vec<PathBuf> {
    let root = workspace();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 15, "only {} pages found", found.len());
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// How a heading is named in a link: lower case, spaces as hyphens, nothing but letters, digits, `-` and `_`.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(page: &Path) -> BTreeSet<String> {
    let headings = prose(&read(page));
    headings
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn the_first_page_is_short() {
    let lines = read(&workspace().join("README.md")).lines().count();
    assert!(lines <= LONGEST_README, "README.md has {lines} lines: a guide is the place");
}

#[test]
fn every_crate_has_a_page() {
    for entry in fs::read_dir(workspace().join("crates")).unwrap().flatten() {
        let page = entry.path().join("README.md");
        assert!(read(&page).lines().count() >= 8, "`{}` says too little", page.display());
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut seen = 0;
    for page in pages() {
        // A link may be broken over two lines.
        let text = prose(&read(&page)).replace('\n', " ");
        for (start, _) in text.match_indices("](") {
            let target = text[start + 2..].split(')').next().unwrap();
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, name) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(path.exists(), "`{}` links to `{target}`, which is not there", page.display());
            let leads = name.is_empty() || anchors(&path).contains(name);
            assert!(leads, "`{}` links to `{target}`: no such heading", page.display());
        }
    }
    assert!(seen > 60, "only {seen} links found");
}

/// The long and short flags of a program and verb, as its man page has them.
fn flags(page: &str) -> Option<BTreeSet<String>> {
    let path = workspace().join("crates/cli/docs/man").join(format!("{page}.1"));
    let text = fs::read_to_string(path).ok()?.replace("\\-", "-");
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let mut flags: BTreeSet<String> = words
        .filter_map(|word| word.find('-').map(|at| word[at..].to_owned()))
        .filter(|word| word.len() > 1)
        .collect();
    // roff sets a flag in bold: \fB-v\fR leaves `fB-v`, which the line above has cut already.
    flags.insert("--help".to_owned());
    Some(flags)
}

#[test]
fn every_command_in_the_pages_exists_and_has_these_flags() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let mut shell = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("```") {
                shell = line == "```sh";
                continue;
            }
            // A comment begins after a space; quotes hold none of our flags.
            let command = line.split(" #").next().unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            let Some(program) = words.first().filter(|word| shell && PROGRAMS.contains(word)) else {
                continue;
            };
            seen += 1;
            let mut name = (*program).to_owned();
            let mut known = flags(&name).unwrap();
            for word in words.iter().skip(1) {
                match flags(&format!("{name}-{word}")) {
                    Some(more) => {
                        name = format!("{name}-{word}");
                        known = more;
                    }
                    None => break,
                }
            }
            for word in words.iter().filter(|word| word.starts_with("--")) {
                let flag = word.split('=').next().unwrap();
                assert!(known.contains(flag), "`{}`: `{line}`: {name} has no {flag}", page.display());
            }
        }
        for script in text.match_indices("scripts/").map(|(at, _)| &text[at + 8..]) {
            let end = script.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c)));
            let script = script[..end.unwrap_or(script.len())].trim_end_matches(['.', '/']);
            // `bench-*`, `lib/`.
            let is_there = script.is_empty()
                || script.ends_with('-')
                || workspace().join("scripts").join(script).exists();
            assert!(is_there, "`{}` names `scripts/{script}`", page.display());
        }
    }
    assert!(seen > 40, "only {seen} commands found");
}

#[test]
fn every_exit_code_has_its_row_of_advice() {
    let text = read(&workspace().join("crates/cli/TROUBLESHOOTING.md"));
    for code in record::ExitCode::ALL.into_iter().filter(|code| code.number() != 0) {
        assert!(
            text.contains(&format!("\n| {} |", code.number())),
            "TROUBLESHOOTING.md lacks {}",
            code.number()
        );
    }
}

/// Every crate below those that it is built on, the programs first.
fn map() -> String {
    let metadata = MetadataCommand::new().current_dir(workspace()).no_deps().exec().unwrap();
    let packages = metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let below: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .map(|package| {
            let used = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
            let used = used.map(|used| used.name.as_str()).filter(|name| ours.contains(name)).collect();
            (package.name.as_str(), used)
        })
        .collect();
    fn height<'a>(name: &'a str, below: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> usize {
        below[name].iter().map(|used| 1 + height(used, below)).max().unwrap_or(0)
    }
    let mut rows: Vec<_> = packages.iter().filter(|package| package.name.as_str() != "e2e").collect();
    rows.sort_by_key(|package| {
        let name = package.name.as_str();
        (!PROGRAMS.contains(&name), std::cmp::Reverse(height(name, &below)), name.to_owned())
    });
    let mut text = String::from("```text\n");
    for package in rows {
        let name = package.name.as_str();
        let used: Vec<&str> = below[name].iter().copied().collect();
        let arrow = if used.is_empty() { String::new() } else { format!("-> {}", used.join(", ")) };
        _ = writeln!(text, "{}", format!("{name:<16} {arrow}").trim_end());
    }
    text + "```\n"
}

#[test]
fn the_map_shows_the_crates() {
    let path = workspace().join("CONTRIBUTING.md");
    let (begin, end) = ("<!-- generated: crates -->\n", "<!-- end -->\n");
    let page = read(&path);
    let (before, rest) = page.split_once(begin).expect("the place of the map");
    let (_, after) = rest.split_once(end).expect("its end");
    let made = format!("{before}{begin}{}{end}{after}", map());
    if std::env::var_os("MKT_UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert!(read(&path) == made, "the map has drifted: MKT_UPDATE=1 cargo test -p e2e --test house");
}
