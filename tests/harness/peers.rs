//! Which of the real programs are there, and what it means when one is not.

use std::path::PathBuf;

/// The programs that a fleet consists of, with the Debian package of each.
const PROGRAMS: [(&str, &str); 7] = [
    ("sshd", "openssh-server"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("rtorrent", "rtorrent"),
    ("nginx", "nginx-light"),
    ("php-fpm", "php-fpm"),
    ("setpriv", "util-linux"),
];

/// Full path of `name` in PATH or the system's own directories (Debian keeps servers in sbin, which users lack).
/// `php-fpm` finds the newest `php-fpm8.2`-like name, since Debian carries the version in it.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
    if name == "php-fpm" {
        return dirs
            .iter()
            .filter_map(|dir| std::fs::read_dir(dir).ok())
            .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
            .filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with("php-fpm")))
            .max_by_key(|path| path.file_name().map(ToOwned::to_owned));
    }
    dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// Full path of a program that [`ready`] has found.
///
/// # Panics
/// When it is missing.
#[must_use]
pub fn need(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("`{name}` is not installed"))
}

/// Whether every program is there. A missing one fails the test when `E2E_PEERS=required`, as in CI; on a laptop the
/// test is skipped, and says so.
///
/// # Panics
/// When one is missing and required.
#[must_use]
pub fn ready(test: &str) -> bool {
    let missing: Vec<String> = PROGRAMS
        .iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(program, package)| format!("{program} (Debian package {package})"))
        .collect();
    skip_unless(test, missing.is_empty(), &format!("not installed: {}", missing.join(", ")))
}

/// Says why `test` is skipped when `can` does not hold; gives `can` back.
///
/// # Panics
/// When it does not hold and `E2E_PEERS=required`.
#[must_use]
pub fn skip_unless(test: &str, can: bool, why: &str) -> bool {
    if !can {
        assert!(std::env::var_os("E2E_PEERS").is_none_or(|value| value != "required"), "{test}: {why}");
        eprintln!("SKIPPED {test}: {why}");
    }
    can
}

/// Whether we run as root: some servers need to be told, and only root can mount a small file system.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
