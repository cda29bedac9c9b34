//! One host: what is there, and putting a program in its place.

use std::time::Duration;

use inventory::{Host, RemotePath};
use record::Sha256;
use remote::{Argv, Remote};

use super::binary::Binary;
use super::fault::InstallFault;
use crate::error::Fault;

const LOOK: &str = include_str!("look.sh");
const SETTLE: &str = include_str!("settle.sh");
/// Hashing a program of some megabytes twice, and syncing it to a slow disk.
const BRIEF: Duration = Duration::from_secs(60);

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It was there, byte for byte.
    Already { path: String, version: String },
    /// It is there now.
    New { path: String, version: String, former: Option<Former> },
}

/// What was there before, and is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Former {
    pub(super) version: String,
    pub(super) path: String,
}

/// A program on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    sha256: String,
    may_run: bool,
    version: String,
}

/// What the host says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look {
    machine: String,
    path: String,
    folder: String,
    installed: Option<Found>,
    previous: Option<Found>,
}

/// Puts `binary` there, unless it is there.
pub(super) fn put(remote: &dyn Remote, host: &Host, binary: &Binary) -> Result<Done, InstallFault> {
    let look = look(remote, host)?;
    if !binary.machine.fits(&look.machine) {
        return Err(InstallFault::Machine { program: binary.machine.name(), host: look.machine });
    }
    let sum = binary.sha256.to_string();
    if look.installed.as_ref().is_some_and(|found| found.sha256 == sum && found.may_run) {
        return Ok(Done::Already { version: arrived(remote, host, &look.path)?, path: look.path });
    }
    let new = writable(&look, host)?;
    remote.upload(&binary.bytes, &new)?;
    settle(remote, host, &look, &new, &binary.sha256)
}

/// Exchanges the program for the one before it.
pub(super) fn back(remote: &dyn Remote, host: &Host) -> Result<Done, InstallFault> {
    let look = look(remote, host)?;
    let previous = format!("{}.previous", look.path);
    let Some(found) = &look.previous else { return Err(InstallFault::NothingBefore { path: previous }) };
    let sha256: Sha256 =
        found.sha256.parse().map_err(|_| InstallFault::Silent("the SHA-256 of the former one"))?;
    let new = writable(&look, host)?;
    run(remote, &Argv::new("cp").args(["-p", "--", &previous, new.as_str()]))?;
    settle(remote, host, &look, &new, &sha256)
}

/// Where it may arrive: beside its place, so that a rename is all that is left.
fn writable(look: &Look, host: &Host) -> Result<RemotePath, InstallFault> {
    let path: RemotePath = look.path.parse().map_err(|_| InstallFault::Silent("a path for the program"))?;
    let folder = path.parent().to_owned();
    match look.folder.as_str() {
        "writable" => {}
        "missing" => return Err(InstallFault::NoFolder { folder, user: host.user.to_string() }),
        _ => return Err(InstallFault::Closed { folder, user: host.user.to_string() }),
    }
    let name = format!("{folder}/.{}.mkt-{:016x}", path.file_name(), fastrand::u64(..));
    name.parse().map_err(|why| Fault::Settings(why).into())
}

fn look(remote: &dyn Remote, host: &Host) -> Result<Look, InstallFault> {
    let output = run(remote, &Argv::new("sh").args(["-c", LOOK, "sh", host.swap_release.as_str()]))?;
    let look = read(&output);
    if look.machine.is_empty() || look.path.is_empty() {
        return Err(InstallFault::Silent("what machine it is, and where the program goes"));
    }
    Ok(look)
}

fn read(text: &str) -> Look {
    let mut look = Look::default();
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "machine" => value.trim().clone_into(&mut look.machine),
            "path" => value.clone_into(&mut look.path),
            "folder" => value.clone_into(&mut look.folder),
            "installed" => look.installed = found(value),
            "previous" => look.previous = found(value),
            _ => {}
        }
    }
    look
}

fn found(value: &str) -> Option<Found> {
    let mut words = value.splitn(3, ' ');
    let (sha256, may_run) = (words.next()?.to_owned(), words.next()? == "yes");
    let said = words.next().unwrap_or_default();
    let version = said.strip_prefix("swap-release ").unwrap_or(said).chars().take(40).collect();
    Some(Found { sha256, may_run, version })
}

fn settle(
    remote: &dyn Remote,
    host: &Host,
    look: &Look,
    new: &RemotePath,
    sha256: &Sha256,
) -> Result<Done, InstallFault> {
    let (path, sum) = (look.path.as_str(), sha256.to_string());
    let argv = Argv::new("sh").args(["-c", SETTLE, "sh", new.as_str(), path, sum.as_str()]);
    let output = remote.exec(&argv, b"", BRIEF)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (kind, detail) = rest.split_once(' ').unwrap_or((rest, ""));
    let detail = detail.to_owned();
    match (word, kind) {
        ("live", "swap-release") => {
            let version = arrived(remote, host, path)?;
            let former = look
                .installed
                .as_ref()
                .map(|found| Former { version: found.version.clone(), path: format!("{path}.previous") });
            Ok(Done::New { path: path.to_owned(), version, former })
        }
        ("refused", "sum") => Err(InstallFault::Altered { found: detail, expected: sum }),
        ("refused", "run") => Err(InstallFault::DoesNotRun { reason: detail }),
        ("refused", "stranger") => Err(InstallFault::Stranger { said: detail.chars().take(80).collect() }),
        ("refused", _) => Err(InstallFault::NotPlaced { what: detail, reason: output.reason() }),
        _ => {
            Err(Fault::Command { command: "sh".into(), reason: output.reason(), hint: output.hint() }.into())
        }
    }
}

/// Asks it as a push would.
fn arrived(remote: &dyn Remote, host: &Host, path: &str) -> Result<String, InstallFault> {
    let program = host.swap_release.as_str();
    let missed = |reason: String| InstallFault::NotFound {
        path: path.to_owned(),
        program: program.to_owned(),
        reason,
    };
    let output = match remote.exec(&Argv::new(program).arg("--version"), b"", BRIEF) {
        Ok(output) if output.status.success() => output,
        Ok(output) => return Err(missed(output.reason())),
        Err(error @ remote::HostError { kind: remote::HostFault::Run { .. }, .. }) => {
            return Err(missed(error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.lines().find_map(|line| line.strip_prefix("swap-release "));
    version.map(str::to_owned).ok_or_else(|| missed("it is another program".to_owned()))
}

fn run(remote: &dyn Remote, argv: &Argv) -> Result<String, InstallFault> {
    let output = remote.exec(argv, b"", BRIEF)?;
    if !output.status.success() {
        return Err(Fault::Command {
            command: argv.program_name().to_owned(),
            reason: output.reason(),
            hint: output.hint(),
        }
        .into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
