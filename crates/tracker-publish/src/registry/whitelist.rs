//! opentracker's whitelist: one infohash a line in hex, read at start and on SIGHUP.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cli::Abort;
use inventory::Reload;
use metainfo::Infohash;
use record::durable;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::error::Error;

/// More than a million torrents.
const LARGEST: u64 = 64 << 20;
/// Time for the reload command.
const COMMAND: Duration = Duration::from_secs(30);
/// How the kernel calls opentracker: it cuts names at 15 bytes.
const NAMES: &str = "opentracker";

/// Puts the infohash on the list, unless it is there.
pub(crate) fn add(path: &Path, infohash: Infohash) -> Result<(), Error> {
    let write_error = |source| Error::Whitelist { path: path.to_owned(), source };
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(write_error)?;
    // Two publishes at once: neither may lose the other's line.
    flock(&file, FlockOperation::LockExclusive).map_err(|error| write_error(error.into()))?;
    let text = read(&file, path)?;
    if text.lines().any(|line| names(line, infohash)) {
        return Ok(());
    }
    // A list that somebody edited may lack its last line break.
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{infohash}\n").as_bytes()).map_err(write_error)?;
    file.sync_all().map_err(write_error)
}

/// Takes it off; tells whether it was there. Comments and other lines stay as they are.
pub(crate) fn remove(path: &Path, infohash: Infohash) -> Result<bool, Error> {
    let write_error = |source| Error::Whitelist { path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.map_err(write_error)?,
    };
    flock(&file, FlockOperation::LockExclusive).map_err(|error| write_error(error.into()))?;
    let text = read(&file, path)?;
    let kept: String = text.split_inclusive('\n').filter(|line| !names(line, infohash)).collect();
    if kept == text {
        return Ok(false);
    }
    let mode = file.metadata().map_err(write_error)?.permissions();
    durable::write(path, kept.as_bytes()).map_err(write_error)?;
    fs::set_permissions(path, mode).map_err(write_error)?;
    Ok(true)
}

/// Makes opentracker read the list again.
pub(crate) fn reload(how: &Reload, abort: &Abort) -> Result<(), Error> {
    match how {
        Reload::PidFile(path) => hang_up(path),
        Reload::Command(argv) => run(argv, abort),
    }
}

fn read(file: &File, path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let read = { file }.take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|source| Error::Whitelist { path: path.to_owned(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn names(line: &str, infohash: Infohash) -> bool {
    line.trim().get(..40).is_some_and(|hex| hex.eq_ignore_ascii_case(&infohash.to_string()))
}

/// SIGHUP, to opentracker only: the number in a stale file may be anybody's by now, and SIGHUP ends most programs.
fn hang_up(path: &Path) -> Result<(), Error> {
    let refuse = |reason: String| Error::Reload { what: format!("file `{}`", path.display()), reason };
    let text = fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    // from_raw panics on a negative number.
    let number = text.trim().parse::<u32>().ok().and_then(|number| i32::try_from(number).ok());
    let pid = number.and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| refuse("it holds no process number".to_owned()))?;
    let number = pid.as_raw_nonzero();
    let name = fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
    if !name.trim().starts_with(NAMES) {
        return Err(refuse(format!("process {number} is not opentracker")));
    }
    kill_process(pid, Signal::HUP).map_err(|error| refuse(format!("process {number}: {error}")))
}

fn run(argv: &[String], abort: &Abort) -> Result<(), Error> {
    let refuse = |reason: String| Error::Reload { what: format!("`{}`", argv.join(" ")), reason };
    let (program, arguments) = argv.split_first().ok_or_else(|| refuse("it is empty".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| refuse(error.to_string()))?;
    let started = Instant::now();
    loop {
        let ended = child.try_wait().map_err(|error| refuse(error.to_string()))?;
        let late = started.elapsed() > COMMAND;
        match ended {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(refuse(status.to_string())),
            None if late || abort.is_set() => {
                let _gone = child.kill();
                let _reaped = child.wait();
                abort.check()?;
                return Err(refuse("it does not end".to_owned()));
            }
            None => abort.sleep(Duration::from_millis(10)).or(Ok::<(), cli::Aborted>(()))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(seed: &[u8]) -> Infohash {
        Infohash::from_info_bytes(seed)
    }

    #[test]
    fn lines_come_and_go_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whitelist.txt");
        add(&path, hash(b"a")).unwrap();
        add(&path, hash(b"a")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", hash(b"a")), "once");
        let (a, b) = (hash(b"a").to_string(), hash(b"b").to_string());
        fs::write(&path, format!("# ours\n{}\n\n# last line without an end\n#", a.to_uppercase())).unwrap();
        add(&path, hash(b"a")).unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains(&a), "it is there in capitals");
        add(&path, hash(b"b")).unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with(&format!("\n#\n{b}\n")));
        assert!(remove(&path, hash(b"a")).unwrap());
        assert!(!remove(&path, hash(b"a")).unwrap());
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("# ours\n\n# last line without an end\n#\n{b}\n")
        );
        assert!(!remove(&folder.path().join("none"), hash(b"a")).unwrap());
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whitelist.txt");
        std::thread::scope(|scope| {
            for number in 0..16_u8 {
                let path = &path;
                scope.spawn(move || add(path, hash(&[number])).unwrap());
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 16);
    }

    #[test]
    fn nobody_but_opentracker_is_hung_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        let abort = Abort::default();
        for (text, reason) in [
            (std::process::id().to_string(), "is not opentracker"),
            ("0".to_owned(), "no process number"),
            ("-1".to_owned(), "no process number"),
            ("x".to_owned(), "no process number"),
        ] {
            fs::write(&path, text).unwrap();
            let error = reload(&Reload::PidFile(path.clone()), &abort).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_reload_command_is_judged_by_its_end() {
        let abort = Abort::default();
        let command = |argv: &[&str]| {
            reload(&Reload::Command(argv.iter().map(|&word| word.to_owned()).collect()), &abort)
        };
        command(&["true"]).unwrap();
        assert!(command(&["false"]).unwrap_err().to_string().contains("`false`"));
        assert!(command(&["/no/such/program"]).is_err());
    }
}
