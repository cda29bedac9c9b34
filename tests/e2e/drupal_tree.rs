//! The trees of releases: of the stand-in, or of a real Drupal with a module of ours.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::template::workspace;

/// What is deployed.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    StandIn,
    Real { tree: PathBuf, drush: Option<PathBuf> },
}

/// The real one, if it is given and of this core.
pub(crate) fn kind(core: u8) -> Kind {
    let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(tree) = path("MKT_TEST_DRUPAL") else { return Kind::StandIn };
    let has = |file: &str| ["", "web", "docroot"].iter().any(|root| tree.join(root).join(file).is_file());
    let found = match (has("includes/bootstrap.inc"), has("core/lib/Drupal.php")) {
        (true, false) => 7,
        (false, true) => 10,
        _ => panic!("MKT_TEST_DRUPAL: `{}` is no Drupal tree", tree.display()),
    };
    if found == core { Kind::Real { tree, drush: path("MKT_TEST_DRUSH") } } else { Kind::StandIn }
}

/// A real tree without what belongs to a server.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let copied = Command::new("rsync")
        .args([
            "-a",
            "--exclude=.git",
            "--exclude=/sites/default/files",
            "--exclude=/sites/default/settings.php",
        ])
        .args(["--exclude=/*/sites/default/files", "--exclude=/*/sites/default/settings.php"])
        .arg(format!("{}/", from.display()))
        .arg(to)
        .status()
        .expect("rsync");
    assert!(copied.success());
}

/// A release of the stand-in that works.
pub(crate) fn write_plain_stand_in(tree: &Path, docroot: &str, core: u8, number: u32) {
    let layout = if number % 2 == 1 { "alpha" } else { "beta" };
    let values = BTreeMap::from([
        ("LAYOUT", layout.to_owned()),
        ("layout", layout.to_owned()),
        ("RELEASE", format!("r{number}")),
        ("SCHEMA", number.to_string()),
        ("CORE", core.to_string()),
        ("THROW", String::new()),
        ("FRONT", String::new()),
    ]);
    write_stand_in(tree, docroot, core, true, &values);
}

pub(crate) fn write_stand_in(
    tree: &Path,
    docroot: &str,
    core: u8,
    exported: bool,
    values: &BTreeMap<&'static str, String>,
) {
    let root = tree.join(docroot);
    fs::create_dir_all(&root).unwrap();
    fill(&workspace().join("tests/drupal/standin"), &root, values);
    let drush = root.join("drush.php");
    if core == 7 {
        fs::remove_file(drush).unwrap();
        return;
    }
    fs::create_dir_all(tree.join("vendor/bin")).unwrap();
    fs::rename(drush, tree.join("vendor/bin/drush")).unwrap();
    fs::set_permissions(tree.join("vendor/bin/drush"), fs::Permissions::from_mode(0o755)).unwrap();
    if exported {
        fs::create_dir_all(tree.join("config/sync")).unwrap();
        fs::write(tree.join("config/sync/core.extension.yml"), "module: {}\n").unwrap();
    }
}

/// Copies templates, names and contents filled in.
pub(crate) fn fill(from: &Path, to: &Path, values: &BTreeMap<&'static str, String>) {
    let replace = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("@{key}@"), value))
    };
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(replace(&entry.file_name().to_string_lossy()));
        if entry.file_type().unwrap().is_dir() {
            fill(&entry.path(), &target, values);
        } else {
            fs::create_dir_all(to).unwrap();
            fs::write(target, replace(&fs::read_to_string(entry.path()).unwrap())).unwrap();
        }
    }
}
