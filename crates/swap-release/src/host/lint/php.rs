//! What configures PHP: php.ini of a kind of PHP, pools of php-fpm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::Files;

/// Settings by name, the last one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings(pub(super) BTreeMap<String, String>);

impl Settings {
    /// php.ini and all of `conf.d` in the directory of one kind of PHP, such as `/etc/php/8.2/apache2`.
    pub(super) fn of(dir: &Path, files: &mut Files) -> (Self, Option<Preload>) {
        let (mut settings, mut preload) = (Self::default(), None);
        let mut paths = vec![dir.join("php.ini")];
        // Debian's, and RHEL's.
        paths.extend(
            ["conf.d/*.ini", "php.d/*.ini"].iter().flat_map(|pattern| files.matching(&dir.join(pattern))),
        );
        for path in paths {
            // What is said for one host or directory is not said for all.
            let mut for_all = true;
            for (line, key, value) in files.text(&path).map(|text| assignments(&text)).unwrap_or_default() {
                if key == "[" {
                    for_all =
                        !["HOST=", "PATH="].iter().any(|kind| value.to_ascii_uppercase().starts_with(kind));
                } else if for_all {
                    settings.set(&key, &value);
                    if key.eq_ignore_ascii_case("opcache.preload") {
                        preload = Some(Preload { file: path.clone(), line, script: value });
                    }
                }
            }
        }
        (settings, preload.filter(|preload| !preload.script.is_empty()))
    }

    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.0.insert(key.to_ascii_lowercase(), value.trim().trim_matches(['"', '\'']).to_owned());
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn is_on(&self, key: &str, otherwise: bool) -> bool {
        self.get(key).map_or(otherwise, |value| {
            matches!(value.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true")
        })
    }

    /// opcache looks behind the link each time, or is not there.
    pub(super) fn looks_behind_the_link(&self) -> bool {
        self.is_on("opcache.revalidate_path", false) || !self.is_on("opcache.enable", true)
    }

    /// PHP keeps no real paths. (With `realpath_cache_ttl = 0` it keeps them for ever; with open_basedir it has no such cache.)
    pub(super) fn keeps_no_paths(&self) -> bool {
        let nothing = |value: &str| value.trim_end_matches(['K', 'k', 'M', 'm']).trim() == "0";
        self.get("realpath_cache_size").is_some_and(nothing)
            || self.get("open_basedir").is_some_and(|dirs| !dirs.is_empty())
    }

    /// Whether a setting counts only where the system's administrator says it (PHP_INI_SYSTEM), which `php_value` does not.
    pub(super) fn is_of_the_system(key: &str) -> bool {
        matches!(key.to_ascii_lowercase().as_str(), "realpath_cache_size" | "realpath_cache_ttl")
    }

    /// Compiled files are never looked at again.
    pub(super) fn keeps_for_ever(&self) -> bool {
        !self.is_on("opcache.validate_timestamps", true)
    }

    /// A file is run before every page.
    pub(super) fn prepends(&self) -> bool {
        self.get("auto_prepend_file").is_some_and(|file| !file.is_empty())
    }
}

/// What PHP loads when it starts, and never anew: `opcache.preload`, which counts in a php.ini only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preload {
    pub(super) file: PathBuf,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) script: String,
}

/// A pool of php-fpm.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    /// The socket's path, or `host:port`.
    pub(super) listen: String,
    /// The directory that it sees as `/`.
    pub(super) chroot: Option<String>,
    pub(super) settings: Settings,
}

impl Pool {
    /// Whether it listens where a web server hands pages to, `host:port` or a socket's path.
    pub(super) fn listens_at(&self, to: &str) -> bool {
        is_same(&self.listen, to)
    }
}

/// Whether a php-fpm that listens at `listen`, as its configuration or a web server's says it, is the one that `to` leads to: a
/// socket also through links, as `/run/php/php-fpm.sock` of Debian; a port by each name of this machine itself.
pub(super) fn is_same(listen: &str, to: &str) -> bool {
    if listen == to {
        return true;
    }
    if to.starts_with('/') || listen.starts_with('/') {
        let real = |path: &str| Path::new(path).canonicalize().ok();
        return real(to).is_some_and(|path| Some(path) == real(listen));
    }
    let port = |text: &str| text.rsplit(':').next().unwrap_or_default().to_owned();
    let begins = |text: &str, with: &[&str]| with.iter().any(|host| text.starts_with(host));
    let here = ["127.0.0.1:", "localhost:", "[::1]:"];
    let any = ["0.0.0.0:", "[::]:", "*:"];
    let answers = !listen.contains(':') || begins(listen, &here) || begins(listen, &any);
    port(listen) == port(to) && begins(to, &here) && answers
}

/// A php-fpm: what its configuration says.
#[derive(Debug, Default)]
pub(crate) struct Fpm {
    pub(crate) main: PathBuf,
    /// Where `process_control_timeout` is set, or `[global]` begins, and to how many seconds.
    pub(crate) control_timeout: (usize, u64),
    pub(super) pools: Vec<Pool>,
    pub(super) preload: Option<Preload>,
}

impl Fpm {
    pub(crate) fn read(main: &Path) -> Option<Self> {
        Self::of(main, &mut Files::default())
    }

    pub(super) fn of(main: &Path, files: &mut Files) -> Option<Self> {
        let text = files.text(main)?;
        let (base, preload) = Settings::of(main.parent()?, files);
        let mut fpm = Self { main: main.to_owned(), control_timeout: (1, 0), pools: Vec::new(), preload };
        fpm.take(&text, &mut "global".to_owned(), &base, files, 0);
        Some(fpm)
    }

    /// What is wrong with a php-fpm that is reloaded without `process_control_timeout`.
    pub(crate) fn cuts_off(&self) -> Option<String> {
        (self.control_timeout.1 == 0).then(|| {
            "without process_control_timeout php-fpm cuts off the requests that are under way when it reloads, and visitors see \
             503; set `process_control_timeout = 10s` in [global], and restart php-fpm once"
                .to_owned()
        })
    }

    fn take(&mut self, text: &str, section: &mut String, base: &Settings, files: &mut Files, depth: usize) {
        for (line, key, value) in assignments(text) {
            match key.as_str() {
                "[" if value == "global" => {
                    *section = value;
                    if self.control_timeout.1 == 0 && depth == 0 {
                        self.control_timeout.0 = line;
                    }
                }
                "[" => {
                    self.pools.push(Pool { listen: String::new(), chroot: None, settings: base.clone() });
                    *section = value;
                }
                "include" if depth < 4 => {
                    let pattern = self.main.parent().unwrap_or(Path::new("/")).join(&value);
                    for path in files.matching(&pattern) {
                        let text = files.text(&path).unwrap_or_default();
                        self.take(&text, section, base, files, depth + 1);
                    }
                }
                "process_control_timeout" if section == "global" => {
                    self.control_timeout = (line, seconds(&value));
                }
                "listen" if section != "global" => {
                    if let Some(pool) = self.pools.last_mut() {
                        pool.listen = value.replace("$pool", section);
                    }
                }
                "chroot" if section != "global" => {
                    if let Some(pool) = self.pools.last_mut() {
                        pool.chroot = Some(value.replace("$pool", section)).filter(|dir| !dir.is_empty());
                    }
                }
                key => {
                    let name = key.strip_prefix("php_admin_").or_else(|| key.strip_prefix("php_"));
                    let name =
                        name.and_then(|rest| Some(rest.split_once('[')?.1.strip_suffix(']')?.to_owned()));
                    if let (Some(name), Some(pool)) = (name, self.pools.last_mut()) {
                        pool.settings.set(&name, &value);
                    }
                }
            }
        }
    }
}

/// `10`, `10s`, `1m`, `1h`, `1d`.
fn seconds(value: &str) -> u64 {
    let value = value.trim();
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match value.strip_prefix(number) {
        Some("m") => 60,
        Some("h") => 3600,
        Some("d") => 86400,
        _ => 1,
    };
    number.trim().parse::<u64>().unwrap_or(0).saturating_mul(unit)
}

/// Lines of `key = value`, with their number, counted from 1; a section is the key `[`.
fn assignments(text: &str) -> Vec<(usize, String, String)> {
    let line = |(number, line): (usize, &str)| {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            return Some((number + 1, "[".to_owned(), section.split(']').next()?.to_owned()));
        }
        if line.starts_with([';', '#']) {
            return None;
        }
        let (key, value) = line.split_once('=')?;
        // A comment may follow; inside quotes it does not, but no value that counts here has one.
        let value = value.split(';').next()?.trim().trim_matches(['"', '\'']);
        Some((number + 1, key.trim().to_owned(), value.to_owned()))
    };
    text.lines().enumerate().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_found_where_it_listens() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, link) = (folder.path().join("php8.2-fpm.sock"), folder.path().join("php-fpm.sock"));
        std::fs::write(&socket, "").unwrap();
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        let pool = |listen: &str| Pool { listen: listen.into(), chroot: None, settings: Settings::default() };
        assert!(pool(&socket.display().to_string()).listens_at(&link.display().to_string()));
        for (listen, to, same) in [
            ("9000", "127.0.0.1:9000", true),
            ("0.0.0.0:9000", "localhost:9000", true),
            ("[::]:9000", "[::1]:9000", true),
            ("127.0.0.1:9000", "127.0.0.1:9001", false),
            ("127.0.0.1:9000", "10.0.0.9:9000", false),
            ("10.0.0.9:9000", "127.0.0.1:9000", false),
            ("/run/a.sock", "/run/b.sock", false),
        ] {
            assert_eq!(pool(listen).listens_at(to), same, "{listen} {to}");
        }
        // What is said for one directory only, and a time of 0, which is for ever.
        let ini = "realpath_cache_ttl = 0\nopcache.preload = /srv/site/current/p.php\n[PATH=/srv/x]\nrealpath_cache_size = 0\n";
        std::fs::write(folder.path().join("php.ini"), ini).unwrap();
        let (settings, preload) = Settings::of(folder.path(), &mut Files::default());
        assert!(!settings.keeps_no_paths());
        assert_eq!(
            preload.map(|preload| (preload.line, preload.script)),
            Some((2, "/srv/site/current/p.php".into()))
        );
    }

    #[test]
    fn a_pool_has_its_own_settings_on_top_of_php_ini() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        std::fs::create_dir_all(dir.join("pool.d")).unwrap();
        std::fs::write(
            dir.join("php.ini"),
            "; x\n[PHP]\nrealpath_cache_size = 0\nopcache.validate_timestamps=Off ; never\n",
        )
        .unwrap();
        std::fs::write(dir.join("php-fpm.conf"), "[global]\npid = x\ninclude=pool.d/*.conf\n").unwrap();
        let pool = "[a]\nlisten = /run/a.sock\nphp_admin_value[opcache.revalidate_path] = 1\n[b]\nlisten = 127.0.0.1:9000\n";
        std::fs::write(dir.join("pool.d/x.conf"), pool).unwrap();
        let fpm = Fpm::read(&dir.join("php-fpm.conf")).unwrap();
        assert_eq!(fpm.control_timeout, (1, 0));
        let told: Vec<_> = fpm
            .pools
            .iter()
            .map(|pool| {
                let settings = &pool.settings;
                (
                    pool.listen.as_str(),
                    settings.looks_behind_the_link(),
                    settings.keeps_no_paths(),
                    settings.keeps_for_ever(),
                )
            })
            .collect();
        assert_eq!(told, [("/run/a.sock", true, true, true), ("127.0.0.1:9000", false, true, true)]);
        std::fs::write(dir.join("php-fpm.conf"), "[global]\n\nprocess_control_timeout = 2m\n").unwrap();
        assert_eq!(Fpm::read(&dir.join("php-fpm.conf")).unwrap().control_timeout, (3, 120));
        assert!(Fpm::read(&dir.join("none")).is_none());
    }
}
