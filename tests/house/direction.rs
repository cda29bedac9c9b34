//! Who may depend on whom: stages on libraries, never on each other; libraries on none of ours unless listed.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};
use e2e::template::workspace;

const ALLOWED: &[(&str, &[&str])] = &[
    ("metainfo", &[]),
    ("payload", &[]),
    ("inventory", &[]),
    ("remote", &["inventory"]),
    ("agent", &["inventory", "record", "remote"]),
    ("rtorrent-rpc", &[]),
    ("record", &["metainfo"]),
    ("cli", &["record"]),
    ("swarm-peer", &["metainfo"]),
    ("tracker-client", &["metainfo"]),
    ("mkt-pack", &["cli", "metainfo", "payload", "record"]),
    ("tracker-publish", &["cli", "inventory", "metainfo", "record", "rtorrent-rpc", "tracker-client"]),
    (
        "fleet-push",
        &["agent", "cli", "inventory", "metainfo", "record", "remote", "rtorrent-rpc", "swarm-peer"],
    ),
    ("swap-release", &["agent", "cli", "inventory", "metainfo", "payload", "record", "remote", "swarm-peer"]),
    // Runs the binaries; it knows only what a reader of the documentation knows, and the list of exit codes.
    ("e2e", &["record"]),
    // Compiled with the rest; run by cargo-fuzz.
    ("fuzz", &["payload", "swap-release", "swarm-peer", "tracker-client"]),
];

#[test]
fn a_stage_depends_on_libraries_and_a_library_on_nothing_of_ours() {
    let metadata = MetadataCommand::new().current_dir(workspace()).no_deps().exec().unwrap();
    let packages = metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in &packages {
        let rule = allowed.get(package.name.as_str());
        let rule =
            rule.unwrap_or_else(|| panic!("`{}` is new: say here what it may depend on", package.name));
        for dependency in &package.dependencies {
            let ours = ours.contains(dependency.name.as_str());
            assert!(
                !ours
                    || dependency.kind == DependencyKind::Development
                    || rule.contains(&dependency.name.as_str()),
                "`{}` must not depend on `{}`",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn versions_are_said_once_and_lints_are_everyones() {
    let metadata = MetadataCommand::new().current_dir(workspace()).no_deps().exec().unwrap();
    for package in metadata.workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let version = manifest.lines().find(|line| line.contains("version ="));
        assert!(version.is_none(), "`{}`: {version:?} belongs into the workspace", package.manifest_path);
        if package.name.as_str() != "e2e" {
            let lints = manifest.split_once("[lints]").map_or("", |(_, rest)| rest);
            assert!(
                lints.trim_start().starts_with("workspace = true"),
                "`{}` has lints of its own",
                package.name
            );
        }
    }
}

#[test]
fn every_crate_that_logs_is_heard() {
    let cli = std::fs::read_to_string(workspace().join("crates/cli/src/start/entry.rs")).unwrap();
    let metadata = MetadataCommand::new().current_dir(workspace()).no_deps().exec().unwrap();
    for package in metadata.workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let name = package.name.replace('-', "_");
        let logs = manifest.lines().any(|line| line.starts_with("log.workspace"));
        assert!(!logs || cli.contains(&format!("\"{name}\"")), "`cli` shows no log of `{name}`: see OURS");
    }
}
