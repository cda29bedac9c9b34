//! What is looked at: the configurations of the servers that run here, or of those that would; and what the servers' own
//! programs say of them, which have a time for that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::apache::dump::Dump;
use super::files::Files;
use super::running;
use super::running::{Kind, Master};
use crate::Error;
use crate::host::process;
use crate::host::process::Stop;

/// For one program.
const BRIEF: Duration = Duration::from_secs(5);

/// What Debian's `caddy-api` service goes on with (Caddy keeps it in the configuration directory of its account).
const CADDY_RESUMES: &str = "/var/lib/caddy/.config/caddy/autosave.json";

/// A configuration.
#[derive(Debug)]
pub(super) enum Source {
    Nginx {
        main: PathBuf,
        /// What `nginx -T` printed.
        shown: Option<String>,
    },
    Apache {
        main: PathBuf,
        /// Where relative paths begin.
        root: PathBuf,
        dump: Option<Dump>,
    },
    Caddy {
        main: PathBuf,
        /// What `caddy adapt` printed.
        adapted: Option<String>,
    },
    Fpm(PathBuf),
}

/// What runs here; of a kind of which none runs, what would at the usual place.
pub(super) fn of_this_machine() -> Vec<Source> {
    let masters = running::masters();
    let mut sources: Vec<Source> = masters.iter().map(running_source).collect();
    let runs = |kind: Kind| masters.iter().any(|master| master.kind == kind);
    let usual = |path: &str| Some(PathBuf::from(path)).filter(|path| path.is_file());
    if !runs(Kind::Nginx)
        && let Some(main) = usual("/etc/nginx/nginx.conf")
    {
        sources.push(nginx(main, &[]));
    }
    if !runs(Kind::Apache)
        && let Some(main) = usual("/etc/apache2/apache2.conf").or_else(|| usual("/etc/httpd/conf/httpd.conf"))
    {
        sources.push(usual_apache(main));
    }
    if !runs(Kind::Caddy)
        && let Some(main) = usual("/etc/caddy/Caddyfile")
    {
        sources.push(caddy(main, None));
    }
    sources
}

/// The main files of every php-fpm.
pub(super) fn fpm_mains(sources: &[Source], of_this_machine: bool) -> Vec<PathBuf> {
    let mut mains: Vec<PathBuf> = sources
        .iter()
        .filter_map(|source| match source {
            Source::Fpm(main) => Some(main.clone()),
            Source::Nginx { .. } | Source::Apache { .. } | Source::Caddy { .. } => None,
        })
        .collect();
    if of_this_machine && mains.is_empty() {
        mains = Files::default().matching(Path::new("/etc/php/*/fpm/php-fpm.conf"));
    }
    mains
}

fn running_source(master: &Master) -> Source {
    match master.kind {
        Kind::Nginx => {
            let prefix = master.option(&["-p"]).map(PathBuf::from);
            let main = PathBuf::from(master.option(&["-c"]).unwrap_or("/etc/nginx/nginx.conf"));
            let main = prefix.as_ref().map_or_else(|| main.clone(), |prefix| prefix.join(&main));
            let options: Vec<String> =
                prefix.into_iter().flat_map(|prefix| ["-p".into(), prefix.display().to_string()]).collect();
            nginx(main, &options)
        }
        Kind::Apache => {
            let (root, main) = (master.option(&["-d"]), master.option(&["-f"]));
            if root.is_none() && main.is_none() {
                let debian = PathBuf::from("/etc/apache2/apache2.conf");
                return usual_apache(if debian.is_file() {
                    debian
                } else {
                    "/etc/httpd/conf/httpd.conf".into()
                });
            }
            let root = PathBuf::from(root.unwrap_or("/etc/apache2"));
            let main = root.join(main.unwrap_or("apache2.conf"));
            let program = master.argv.first().map(PathBuf::from).filter(|path| path.is_absolute());
            let program = program.or_else(|| running::program("apache2"));
            let argv = ["-d".into(), root.display().to_string(), "-f".into(), main.display().to_string()];
            let dump = program.and_then(|program| dump(&program, &argv));
            Source::Apache { main, root, dump }
        }
        // What its interface has changed since counts, not a file of ours.
        Kind::Caddy if master.argv.iter().any(|part| part == "--resume" || part == "-resume") => {
            caddy(PathBuf::from(CADDY_RESUMES), None)
        }
        Kind::Caddy => {
            let main = PathBuf::from(
                master.option(&["--config", "-config", "-c"]).unwrap_or("/etc/caddy/Caddyfile"),
            );
            caddy(main, master.option(&["--adapter", "-adapter", "-a"]))
        }
        Kind::Fpm => Source::Fpm(master.argv.get(1).map(PathBuf::from).unwrap_or_default()),
    }
}

fn nginx(main: PathBuf, options: &[String]) -> Source {
    let mut argv = vec!["-T".to_owned(), "-q".to_owned(), "-c".to_owned(), main.display().to_string()];
    argv.extend(options.iter().cloned());
    let shown = running::program("nginx").and_then(|program| said_by(&program, &argv));
    let shown = shown.filter(|text| is_all(text, &main));
    Source::Nginx { main, shown }
}

/// Of a long output only the end is kept (see `process::run`), and that would be a configuration of nothing.
fn is_all(shown: &str, main: &Path) -> bool {
    shown.starts_with(&format!("# configuration file {}:", main.display()))
}

/// Debian's program knows its directories, and so does everybody else's.
fn usual_apache(main: PathBuf) -> Source {
    let root = main.parent().unwrap_or(Path::new("/")).to_owned();
    // RHEL's main file is one directory further down.
    let root = if root.ends_with("conf") { root.parent().unwrap_or(&root).to_owned() } else { root };
    let program = ["apache2ctl", "apachectl", "httpd"].iter().find_map(|name| running::program(name));
    let dump = program.and_then(|program| dump(&program, &[]));
    Source::Apache { main, root, dump }
}

fn dump(program: &Path, options: &[String]) -> Option<Dump> {
    let mut argv = options.to_vec();
    for part in ["-t", "-D", "DUMP_MODULES", "-D", "DUMP_RUN_CFG", "-D", "DUMP_INCLUDES"] {
        argv.push(part.to_owned());
    }
    said_by(program, &argv).map(|text| Dump::read(&text))
}

fn caddy(main: PathBuf, adapter: Option<&str>) -> Source {
    if main.extension().is_some_and(|extension| extension == "json") && adapter.is_none() {
        let adapted = fs::read_to_string(&main).ok();
        return Source::Caddy { main, adapted };
    }
    let argv = ["adapt", "--config", &main.to_string_lossy(), "--adapter", adapter.unwrap_or("caddyfile")];
    let argv: Vec<String> = argv.iter().map(|part| (*part).to_owned()).collect();
    let adapted = running::program("caddy").and_then(|program| said_by(&program, &argv));
    Source::Caddy { main, adapted }
}

/// What a program says on standard output, if it ends well and in time.
fn said_by(program: &Path, arguments: &[String]) -> Option<String> {
    let mut argv = vec![program.to_string_lossy().into_owned()];
    argv.extend(arguments.iter().cloned());
    let until = Instant::now() + BRIEF;
    let command =
        process::Command { argv: &argv, dir: Path::new("/"), env: &[], until, apart: true, note: None };
    process::run(&command, &mut Stop::never()).map_err(|why| log::info!("{}: {why}", program.display())).ok()
}

/// Files and directories that somebody names: of a directory the main file of a server, or each file in it by itself.
pub(super) fn named(paths: &[PathBuf]) -> Result<Vec<Source>, Error> {
    let mut mains = BTreeSet::new();
    for path in paths {
        fs::metadata(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let usual = ["nginx.conf", "apache2.conf", "conf/httpd.conf", "Caddyfile", "php-fpm.conf"];
        let main: Vec<PathBuf> =
            usual.map(|name| path.join(name)).into_iter().filter(|main| main.is_file()).collect();
        if main.is_empty() {
            // sites-enabled holds links to sites-available: each file once.
            let all = Files::default().matching(path).into_iter();
            mains.extend(all.filter_map(|file| file.canonicalize().ok()));
        } else {
            mains.extend(main.into_iter().filter_map(|file| file.canonicalize().ok()));
        }
    }
    Ok(mains.into_iter().filter_map(|main| by_its_words(&main)).collect())
}

fn by_its_words(main: &Path) -> Option<Source> {
    let name = main.file_name()?.to_string_lossy().into_owned();
    let text = Files::default().text(main).unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| text.to_ascii_lowercase().contains(word));
    if name.starts_with("Caddyfile") || name.ends_with(".caddy") || has(&["php_fastcgi"]) {
        return Some(caddy(main.to_owned(), None));
    }
    if name == "php-fpm.conf" || has(&["\npm =", "\npm=", "pm.max_children"]) {
        return Some(Source::Fpm(main.to_owned()));
    }
    let root = main.parent()?.to_owned();
    if name == "apache2.conf" || name == "httpd.conf" {
        return Some(Source::Apache { main: main.to_owned(), root, dump: None });
    }
    if has(&["<virtualhost", "<directory", "documentroot", "sethandler", "loadmodule", "<filesmatch"]) {
        return Some(Source::Apache { main: main.to_owned(), root, dump: None });
    }
    has(&["fastcgi_", "server {", "server{", "location ", "http {"])
        .then(|| Source::Nginx { main: main.to_owned(), shown: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_of_which_the_beginning_is_missing_is_read_from_its_files() {
        let said = "# configuration file /etc/nginx/nginx.conf:\nhttp {}\n# configuration file /etc/nginx/mime.types:\n";
        assert!(is_all(said, Path::new("/etc/nginx/nginx.conf")));
        assert!(!is_all(said.split_once('\n').unwrap().1, Path::new("/etc/nginx/nginx.conf")));
    }

    #[test]
    fn files_below_a_directory_are_looked_at_once_also_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let available = folder.path().join("sites-available");
        fs::create_dir_all(&available).unwrap();
        fs::create_dir(folder.path().join("sites-enabled")).unwrap();
        fs::write(
            available.join("site"),
            "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n",
        )
        .unwrap();
        std::os::unix::fs::symlink(available.join("site"), folder.path().join("sites-enabled/site")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        assert_eq!(named(&[folder.path().to_owned()]).unwrap().len(), 1);
        assert!(named(&[folder.path().join("none")]).is_err());
    }
}
