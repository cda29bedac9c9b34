//! `apache`: has Apache serve the live release by its real path. Apache and PHP resolve a link in DocumentRoot for every
//! file, so the link is kept from them: a file that the configuration includes defines where the release is, and a graceful
//! reload lets every request end in the release that it began in.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;
use crate::host::disk::{Disk, RealDisk};
use crate::host::lint::running;
use crate::host::process;
use crate::host::process::Stop;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) deploy_to: PathBuf,
    /// The file that Apache includes.
    pub(crate) define: PathBuf,
    /// The variable that is defined there.
    pub(crate) variable: String,
    /// The program that tests the configuration; where none is named, the first of the usual ones.
    pub(crate) apachectl: Option<PathBuf>,
}

/// Debian's, and everybody else's.
const PROGRAMS: [&str; 3] = ["apache2ctl", "apachectl", "httpd"];
/// For a test of the configuration.
const TEST: Duration = Duration::from_secs(20);
/// For the first process of the new configuration to come, and then for those of the old one that have nothing to do to go.
const COME: Duration = Duration::from_secs(15);
const GO: Duration = Duration::from_secs(2);
/// Apache tells nobody when its workers have changed: they are looked for in /proc.
const GLANCE: Duration = Duration::from_millis(10);

/// Does it; says what Apache serves now.
pub(crate) fn apache(ask: &Ask) -> Result<String, Error> {
    let release = live(&ask.deploy_to)?;
    let before = match fs::read(&ask.define) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(Error::Read { path: ask.define.clone(), source }),
    };
    let line = format!("Define {} \"{}\"\n", ask.variable, release.display());
    let write = |source| Error::write(&ask.define, source);
    RealDisk.write(&ask.define, line.as_bytes()).map_err(write)?;
    let running = test(ask, &release).inspect_err(|_| {
        // A configuration that does not hold must not be what the next reload, by logrotate for example, finds.
        let back = match &before {
            Some(bytes) => RealDisk.write(&ask.define, bytes),
            None => RealDisk.remove(&ask.define),
        };
        if let Err(error) = back {
            log::warn!("`{}` could not be put back: {error}", ask.define.display());
        }
    })?;
    reload(&running)?;
    Ok(format!("Apache serves `{}`", release.display()))
}

/// Links on the way from `current` to a release.
const MOST_LINKS: usize = 10;

/// The live release by its own name in `releases/`, which no switch changes; what was served before there were releases, by
/// its real path. Who is let in there is said by Apache's grants, as it is for a link.
fn live(deploy_to: &Path) -> Result<PathBuf, Error> {
    let current = deploy_to.join("current");
    let read = |path: &Path| {
        let shown = path.to_owned();
        path.canonicalize().map_err(|source| Error::Read { path: shown, source })
    };
    let target = read(&current)?;
    let releases = deploy_to.join("releases").canonicalize().ok();
    let mut at = current.clone();
    for _ in 0..MOST_LINKS {
        let Ok(next) = at.read_link() else { break };
        let next = at.parent().unwrap_or(Path::new("/")).join(next);
        let (Some(folder), Some(name)) = (next.parent(), next.file_name()) else { break };
        if let Some(releases) = &releases
            && folder.canonicalize().is_ok_and(|folder| folder == *releases)
        {
            return plain(releases.join(name));
        }
        at = next;
    }
    plain(target)
}

/// Run as root for an account that may name directories as it likes: nothing of a name is a directive.
fn plain(release: PathBuf) -> Result<PathBuf, Error> {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '~' | ' ' | ',' | ':' | '@' | '=')
    };
    if release.is_dir() && release.to_str().is_some_and(|text| text.chars().all(plain)) {
        return Ok(release);
    }
    Err(apache_error(&format!(
        "`{}` is no directory whose name its configuration could hold",
        release.display().to_string().escape_debug()
    )))
}

/// Tests the configuration, and that it has read the file; gives the file of Apache's process id.
fn test(ask: &Ask, release: &Path) -> Result<PathBuf, Error> {
    let program = match &ask.apachectl {
        Some(program) => program.clone(),
        None => PROGRAMS.iter().find_map(|name| running::program(name)).ok_or_else(|| {
            apache_error("there is no apache2ctl, apachectl or httpd here; name it by --apachectl")
        })?,
    };
    let argv = [program.to_string_lossy().into_owned(), "-t".into(), "-D".into(), "DUMP_RUN_CFG".into()];
    let until = Instant::now() + TEST;
    let command =
        process::Command { argv: &argv, dir: Path::new("/"), env: &[], until, apart: false, note: None };
    let said = process::run(&command, &mut Stop::never())
        .map_err(|why| apache_error(&format!("the configuration does not hold: {}", why.trim())))?;
    let value = |key: &str| {
        said.lines().find_map(|line| Some(line.strip_prefix(key)?.trim().trim_matches('"').to_owned()))
    };
    if value(&format!("Define: {}=", ask.variable)).is_none_or(|seen| Path::new(&seen) != release) {
        return Err(apache_error(&format!(
            "its configuration does not take {} from `{}`: it needs `IncludeOptional {}` before the virtual host",
            ask.variable,
            ask.define.display(),
            ask.define.display()
        )));
    }
    let pid = value("PidFile: ").ok_or_else(|| apache_error("it does not say where its process id is"))?;
    Ok(Path::new(&value("ServerRoot: ").unwrap_or_default()).join(pid))
}

/// SIGUSR1, as `apachectl graceful` does, but never to start an Apache that nobody started; ends when processes with the new
/// configuration are there, and those with the old one have gone as far as they have nothing to do.
fn reload(pid_file: &Path) -> Result<(), Error> {
    let text = fs::read_to_string(pid_file).unwrap_or_default();
    let pid = text.trim().parse::<i32>().ok().and_then(Pid::from_raw);
    let down = || {
        apache_error(&format!("it does not run (`{}`); the file is written, start it", pid_file.display()))
    };
    let pid = pid.ok_or_else(down)?;
    let number = pid.as_raw_nonzero().get().unsigned_abs();
    let name = running::name(number).filter(|name| name.starts_with("apache2") || name.starts_with("httpd"));
    let name = name.ok_or_else(down)?;
    let workers = || -> BTreeSet<(u32, u64)> { running::children(number, &name).into_iter().collect() };
    let old = workers();
    kill_process(pid, Signal::USR1).map_err(|errno| {
        apache_error(&format!("process {number} of `{}` cannot be signalled: {errno}", pid_file.display()))
    })?;
    let started = Instant::now();
    let mut came = None;
    loop {
        if running::name(number).as_ref() != Some(&name) {
            return Err(apache_error(
                "it ended when it was to read its configuration anew: see its error log",
            ));
        }
        let now = workers();
        if came.is_none() && now.difference(&old).next().is_some() {
            came = Some(Instant::now());
        }
        match came {
            Some(at) if now.is_disjoint(&old) || at.elapsed() > GO => return Ok(()),
            None if started.elapsed() > COME => {
                return Err(apache_error("no process with the new configuration came up: see its error log"));
            }
            _ => thread::sleep(GLANCE),
        }
    }
}

fn apache_error(why: &str) -> Error {
    Error::apache(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_directive() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path();
        for name in ["releases/r1", "elsewhere"] {
            fs::create_dir_all(site.join(name)).unwrap();
        }
        let current = site.join("current");
        assert!(matches!(live(site), Err(Error::Read { .. })));
        let point = |to: &str| {
            let _none = fs::remove_file(&current);
            std::os::unix::fs::symlink(to, &current).unwrap();
            live(site)
        };
        assert_eq!(point("releases/r1").unwrap(), site.canonicalize().unwrap().join("releases/r1"));
        let elsewhere = site.canonicalize().unwrap().join("elsewhere");
        assert_eq!(point("elsewhere").unwrap(), elsewhere, "what was served before there were releases");
        for evil in ["releases/evil\"\nInclude x", "elsewhere/evil\"\nInclude x"] {
            fs::create_dir_all(site.join(evil)).unwrap();
            assert!(point(evil).unwrap_err().to_string().starts_with("Apache: "), "{evil}");
        }
    }
}
