//! The web servers that run on this machine, as the system tells of them: proc(5). Whoever may not look sees less, and is
//! told less.

use std::fs;
use std::path::{Path, PathBuf};

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Apache,
    Caddy,
    Fpm,
}

/// The process of a server that has the others, and how it was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Master {
    pub(crate) kind: Kind,
    pub(crate) argv: Vec<String>,
}

/// All of them, each once.
pub(crate) fn masters() -> Vec<Master> {
    let mut found: Vec<Master> = Vec::new();
    for pid in processes() {
        let Some(name) = name(pid) else { continue };
        let Some(kind) = kind(&name) else { continue };
        // Workers have the name of their master.
        if parent(pid).and_then(self::name).as_ref() == Some(&name) {
            continue;
        }
        let Some(master) = master(kind, &fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()) else {
            continue;
        };
        if !found.contains(&master) {
            found.push(master);
        }
    }
    found
}

fn kind(name: &str) -> Option<Kind> {
    match name {
        "nginx" => Some(Kind::Nginx),
        "apache2" | "httpd" => Some(Kind::Apache),
        "caddy" => Some(Kind::Caddy),
        name if name.starts_with("php-fpm") => Some(Kind::Fpm),
        _ => None,
    }
}

/// What a command line says. nginx and php-fpm write over theirs: `nginx: master process nginx -c FILE`, `php-fpm: master
/// process (FILE)`.
fn master(kind: Kind, cmdline: &[u8]) -> Option<Master> {
    let text = String::from_utf8_lossy(cmdline);
    let argv: Vec<String> = match kind {
        Kind::Nginx => text
            .trim_matches('\0')
            .strip_prefix("nginx: master process ")?
            .split(' ')
            .map(str::to_owned)
            .collect(),
        Kind::Fpm => {
            let said = text.trim_matches(['\0', ' ']).strip_prefix("php-fpm: master process (")?;
            vec!["php-fpm".to_owned(), said.strip_suffix(')')?.to_owned()]
        }
        Kind::Apache | Kind::Caddy => {
            text.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
    };
    (!argv.is_empty()).then_some(Master { kind, argv })
}

impl Master {
    /// What follows one of these options.
    pub(crate) fn option(&self, names: &[&str]) -> Option<&str> {
        let mut parts = self.argv.iter().map(String::as_str);
        while let Some(part) = parts.next() {
            for name in names {
                if part == *name {
                    return parts.next();
                }
                // `-fFILE`, `--config=FILE`.
                let joined = part.strip_prefix(name).map(|rest| rest.strip_prefix('=').unwrap_or(rest));
                if let Some(value) = joined.filter(|value| !value.is_empty()) {
                    return Some(value);
                }
            }
        }
        None
    }
}

fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The name of a process.
pub(crate) fn name(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// The process whose number is in this file.
pub(crate) fn process_of(pid_file: &Path) -> Option<u32> {
    fs::read_to_string(pid_file).ok()?.trim().parse().ok()
}

/// The command line of php-fpm's master says where its configuration is.
pub(crate) fn fpm_configuration(pid: u32) -> Option<PathBuf> {
    let master = master(Kind::Fpm, &fs::read(format!("/proc/{pid}/cmdline")).ok()?)?;
    master.argv.get(1).map(PathBuf::from)
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid, 1)?.parse().ok()
}

/// A field of stat, counted after the name, which may hold anything.
fn stat(pid: u32, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(field).map(str::to_owned)
}

/// The children of a process that have this name, each with the time of its start, which tells it from a later one.
pub(crate) fn children(pid: u32, name: &str) -> Vec<(u32, u64)> {
    let ours = |child: &u32| parent(*child) == Some(pid) && self::name(*child).as_deref() == Some(name);
    let children = processes().into_iter().filter(ours);
    children.filter_map(|child| Some((child, stat(child, 19)?.parse().ok()?))).collect()
}

/// A program of the PATH, or of the directories of servers, which an account's PATH often lacks.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    let dirs = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).chain(usual);
    dirs.map(|dir| dir.join(name)).find(|path| Path::is_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_says_where_the_configuration_is() {
        let nginx =
            master(Kind::Nginx, b"nginx: master process /usr/sbin/nginx -p /x -c /x/nginx.conf\0").unwrap();
        assert_eq!((nginx.option(&["-c"]), nginx.option(&["-e"])), (Some("/x/nginx.conf"), None));
        assert_eq!(master(Kind::Nginx, b"nginx: worker process\0"), None);
        let fpm = master(Kind::Fpm, b"php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)\0\0").unwrap();
        assert_eq!(fpm.argv[1], "/etc/php/8.2/fpm/php-fpm.conf");
        assert_eq!(master(Kind::Fpm, b"php-fpm: pool www\0"), None);
        let caddy = master(Kind::Caddy, b"caddy\0run\0--config=/etc/caddy/Caddyfile\0").unwrap();
        assert_eq!(caddy.option(&["--config", "-c"]), Some("/etc/caddy/Caddyfile"));
        assert_eq!(master(Kind::Apache, b""), None);
    }
}
