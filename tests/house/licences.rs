//! What we depend on comes from the registry, under a licence that `deny.toml` allows. cargo-deny says it better where it is
//! installed; this holds everywhere, in a second.

use std::collections::BTreeSet;
use std::fs;

use cargo_metadata::{MetadataCommand, Package};
use e2e::template::workspace;
use spdx::{Expression, ParseMode};

/// The list `licenses.allow` of deny.toml.
fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string(workspace().join("deny.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let list = table["licenses"]["allow"].as_array().unwrap();
    list.iter().map(|licence| licence.as_str().unwrap().to_owned()).collect()
}

/// What is wrong with the licence of a package.
fn fault(package: &Package, allowed: &BTreeSet<String>) -> Option<String> {
    let Some(text) = &package.license else { return Some("names no licence".to_owned()) };
    // `MIT/Apache-2.0` is the old way to write OR.
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("`{text}`: {error}")),
    };
    let holds = expression.evaluate(|requirement| allowed.contains(&requirement.to_string()));
    (!holds).then(|| format!("`{text}`"))
}

#[test]
fn every_licence_and_source_is_an_allowed_one() {
    let metadata = MetadataCommand::new()
        .manifest_path(workspace().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap();
    let allowed = allowed();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for package in &metadata.packages {
        wrong.extend(fault(package, &allowed).map(|what| format!("{}: {what}", package.name)));
        used.extend(package.license.as_deref().unwrap_or("").split([' ', '/', '(', ')']).map(str::to_owned));
        if package.source.as_ref().is_some_and(|source| !source.is_crates_io()) {
            wrong.push(format!("{} comes from {}", package.name, package.source.as_ref().unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(metadata.packages.len() > 100, "the dependencies are looked at, too");
    let idle: Vec<&String> =
        allowed.iter().filter(|licence| !used.contains(licence.split(' ').next().unwrap())).collect();
    assert!(idle.is_empty(), "deny.toml allows what nothing has: {idle:?}");
}

#[test]
fn a_licence_that_is_not_allowed_is_refused() {
    let metadata = MetadataCommand::new().current_dir(workspace()).no_deps().exec().unwrap();
    let mut package = metadata.workspace_packages()[0].clone();
    let allowed = allowed();
    for (licence, holds) in [
        (Some("MIT OR GPL-3.0-only"), true),
        (Some("MIT/Apache-2.0"), true),
        (Some("Apache-2.0 WITH LLVM-exception"), true),
        (Some("MIT AND GPL-3.0-only"), false),
        (Some("AGPL-3.0-or-later"), false),
        (Some("of my own"), false),
        (None, false),
    ] {
        package.license = licence.map(str::to_owned);
        assert_eq!(fault(&package, &allowed).is_none(), holds, "{licence:?}");
    }
}
