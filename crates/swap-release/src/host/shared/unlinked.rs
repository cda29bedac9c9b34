//! What lies in `shared/` and no shared path names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// More are not listed.
const MOST: usize = 50;
/// What we keep there ourselves: compiled PHP of each release, and the settings of the Drupal preset.
const OURS: [&str; 2] = ["php", crate::host::drupal::SETTINGS];

/// Paths below `shared` that are neither in `linked` nor below or above one of them; a directory with a `/`, an empty one not
/// at all.
pub(crate) fn unlinked(shared: &Path, linked: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    look(shared, "", linked, &mut found);
    found
}

fn look(shared: &Path, folder: &str, linked: &BTreeSet<&str>, found: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(shared.join(folder)).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
        if found.len() == MOST || linked.contains(path.as_str()) || OURS.contains(&path.as_str()) {
            continue;
        }
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let below = format!("{path}/");
        if is_dir && linked.iter().any(|linked| linked.starts_with(&below)) {
            look(shared, &path, linked, found);
        } else if !is_dir {
            found.push(path);
        } else if holds_something(&entry.path()) {
            found.push(below);
        }
    }
}

fn holds_something(folder: &Path) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds_something(&entry.path()),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beside_the_links_is_told_and_what_is_behind_them_is_not_looked_at() {
        let root = tempfile::tempdir().unwrap();
        for path in ["web/sites/default/files/css", "web/empty/deep", "php/r1", "old/deep"] {
            fs::create_dir_all(root.path().join(path)).unwrap();
        }
        for path in [
            "web/sites/default/files/a.png",
            "web/sites/default/settings.php",
            "web/sites/default/settings.local.php",
            "web/robots.txt",
            "old/deep/backup.sql",
            crate::host::drupal::SETTINGS,
        ] {
            fs::write(root.path().join(path), "").unwrap();
        }
        let linked = BTreeSet::from(["web/sites/default/files", "web/sites/default/settings.php"]);
        let found = unlinked(root.path(), &linked);
        assert_eq!(found, ["old/", "web/robots.txt", "web/sites/default/settings.local.php"]);
        assert_eq!(unlinked(&root.path().join("nowhere"), &linked), [""; 0]);
    }
}
