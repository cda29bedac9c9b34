//! Looking at what is there, and writing what was planned.

use std::collections::BTreeSet;
use std::time::Duration;

use inventory::{RemotePath, UserName};
use record::Sha256;
use remote::{Argv, Remote};

use super::files::{File, Plan};
use super::setup::Setup;
use crate::error::Fault;
use crate::install::fault::InstallFault;
use crate::show::words::short_digest;

const BRIEF: Duration = Duration::from_secs(60);
/// `$1` rtorrent's user, then directories up to `--`, then files. One line a fact; changes nothing.
const LOOK: &str = r#"LC_ALL=C; export LC_ALL
id -u -- "$1" >/dev/null 2>&1 && echo user; shift
command -v rtorrent >/dev/null 2>&1 && echo rtorrent
[ -d /run/systemd/system ] && echo systemd
while [ "$1" != -- ]; do [ -d "$1" ] && printf 'folder %s\n' "$1"; shift; done; shift
number=0
for file; do
    if [ -e "$file" ]; then sum=$(sha256sum <"$file") && printf 'file %s %s\n' "$number" "${sum%% *}"; fi
    number=$((number + 1))
done
exit 0"#;
/// `$1` a file, `$2` the name of its copy: keeps it, whole or not at all.
const KEEP: &str = r#"[ -e "$2" ] || { cp -p -- "$1" "$2.tmp" && mv -f -T -- "$2.tmp" "$2"; }"#;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) has_rtorrent: bool,
    pub(super) has_systemd: bool,
    has_user: bool,
    folders: BTreeSet<String>,
    /// Path and SHA-256.
    files: Vec<(RemotePath, String)>,
}

/// What is at the place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Same,
    /// Another one, with this SHA-256.
    Other(String),
}

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Folder(String),
    New(String),
    Same(String),
    Replaced { path: String, before: String },
}

impl Facts {
    pub(super) fn has_folder(&self, path: &RemotePath) -> bool {
        self.folders.contains(path.as_str())
    }

    pub(super) fn before(&self, file: &File) -> Before {
        let there = self.files.iter().find(|(path, _)| *path == file.path).map(|(_, sum)| sum);
        match there {
            None => Before::Nothing,
            Some(sum) if *sum == Sha256::of(file.text.as_bytes()).to_string() => Before::Same,
            Some(sum) => Before::Other(sum.clone()),
        }
    }
}

/// The group of the account that deploys.
pub(super) fn group_of(remote: &dyn Remote, user: &UserName) -> Result<String, InstallFault> {
    let output = remote.exec(&Argv::new("id").args(["-gn", user.as_str()]), b"", BRIEF)?;
    if !output.status.success() {
        return Err(Fault::Command {
            command: format!("id -gn {user}"),
            reason: output.reason(),
            hint: output.hint(),
        }
        .into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next_back().map(|line| line.trim().to_owned()).ok_or(InstallFault::Silent("its group"))
}

/// Asks.
pub(super) fn look(remote: &dyn Remote, setup: &Setup, plan: &Plan) -> Result<Facts, InstallFault> {
    let folders = plan.folders.iter().map(|folder| folder.path.as_str());
    let files = plan.files.iter().map(|file| file.path.as_str());
    let argv = Argv::new("sh").args(["-c", LOOK, "sh", setup.user.as_str()]);
    let output = remote.exec(&argv.args(folders).arg("--").args(files), b"", BRIEF)?;
    if !output.status.success() {
        return Err(
            Fault::Command { command: "sh".into(), reason: output.reason(), hint: output.hint() }.into()
        );
    }
    let mut facts = Facts::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "user" => facts.has_user = true,
            "rtorrent" => facts.has_rtorrent = true,
            "systemd" => facts.has_systemd = true,
            "folder" => {
                facts.folders.insert(value.to_owned());
            }
            "file" => facts.files.extend(value.split_once(' ').and_then(|(number, sum)| {
                let file = plan.files.get(number.parse::<usize>().ok()?)?;
                // It becomes part of a file's name.
                sum.parse::<Sha256>().ok().map(|sum| (file.path.clone(), sum.to_string()))
            })),
            _ => {}
        }
    }
    Ok(facts)
}

/// Makes the directories that are missing, keeps the files that differ, and writes.
pub(super) fn write(
    remote: &dyn Remote,
    setup: &Setup,
    plan: &Plan,
    facts: &Facts,
) -> Result<Vec<Kept>, InstallFault> {
    if !facts.has_user {
        let home = plan
            .folders
            .iter()
            .find(|folder| folder.owner.as_ref().is_some_and(|(owner, _)| owner == setup.user.as_str()));
        let home = home.map_or_else(|| "/nonexistent".to_owned(), |folder| folder.path.to_string());
        return Err(InstallFault::NoUser { user: setup.user.to_string(), home });
    }
    let mut done = Vec::new();
    let mut made = BTreeSet::new();
    for folder in &plan.folders {
        let path = folder.path.as_str();
        if facts.has_folder(&folder.path) || !made.insert(path) {
            continue;
        }
        let mode = format!("{:04o}", folder.mode);
        let mut argv = Argv::new("install").args(["-d", "-m", &mode]);
        if let Some((owner, group)) = &folder.owner {
            argv = argv.args(["-o", owner, "-g", group]);
        }
        let output = remote.exec(&argv.args(["--", path]), b"", BRIEF)?;
        if !output.status.success() {
            return Err(InstallFault::Folder { path: path.to_owned(), reason: output.reason() });
        }
        done.push(Kept::Folder(path.to_owned()));
    }
    for file in &plan.files {
        let path = file.path.to_string();
        let before = match facts.before(file) {
            Before::Same => {
                done.push(Kept::Same(path));
                continue;
            }
            Before::Nothing => None,
            Before::Other(sum) => {
                // By its content, so that nothing that was ever there is lost by writing twice.
                let kept = format!("{path}.before-{}", short_digest(&sum));
                let output =
                    remote.exec(&Argv::new("sh").args(["-c", KEEP, "sh", &path, &kept]), b"", BRIEF)?;
                if !output.status.success() {
                    return Err(InstallFault::Keep { path, reason: output.reason() });
                }
                Some(kept)
            }
        };
        remote.upload(file.text.as_bytes(), &file.path)?;
        let now = look(remote, setup, plan)?;
        if now.before(file) != Before::Same {
            let found = match now.before(file) {
                Before::Other(sum) => sum,
                Before::Nothing | Before::Same => "none".to_owned(),
            };
            let expected = Sha256::of(file.text.as_bytes()).to_string();
            return Err(InstallFault::Altered { found, expected });
        }
        done.push(match before {
            Some(before) => Kept::Replaced { path, before },
            None => Kept::New(path),
        });
    }
    Ok(done)
}
