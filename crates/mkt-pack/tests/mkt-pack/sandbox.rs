//! A directory with a site in it, and the binary run there with a known environment.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_mkt-pack");

/// Removed with all it holds.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Refused with this code, naming the object, with a remedy and without data.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, naming: &str) -> Self {
        assert!(self.stdout.is_empty(), "{}", self.stdout);
        self.fails_telling(code, naming)
    }

    /// The same of a verb that was asked what is wrong: that is its data.
    #[track_caller]
    pub(crate) fn fails_telling(self, code: i32, naming: &str) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        let error = self.stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
        assert!(error.contains(naming), "`{naming}` is not named: {}", self.stderr);
        assert!(code == 2 || self.stderr.contains("\nhint: "), "no hint: {}", self.stderr);
        self
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    pub(crate) fn within(parent: &Path) -> Self {
        let dir = tempfile::tempdir_in(parent).unwrap();
        fs::create_dir(dir.path().join("site")).unwrap();
        Self { dir }
    }

    /// A little of everything that a site has.
    pub(crate) fn site() -> Self {
        let sandbox = Self::new();
        sandbox.fill(false);
        sandbox
    }

    /// The same site, created in one order or in the other.
    pub(crate) fn fill(&self, backwards: bool) {
        let mut files: Vec<(String, String, u32)> = (0..300_u64)
            .map(|n| {
                let path = format!("core/lib/d{}/class{n}.php", n % 13);
                (path, format!("<?php // {}\n", n * n).repeat(1 + n as usize % 40), 0o644)
            })
            .collect();
        for (path, content, mode) in [
            ("index.php", "<?php\n", 0o644),
            (".htaccess", "Require all denied\n", 0o644),
            ("a-b/x", "1", 0o644),
            ("a/x", "2", 0o644),
            ("a0", "3", 0o644),
            ("a.b", "4", 0o644),
            ("empty", "", 0o644),
            ("vendor/bin/drush", "#!/bin/sh\n", 0o755),
            ("modules/ünïcode näme.txt", "5", 0o644),
        ] {
            files.push((path.into(), content.into(), mode));
        }
        if backwards {
            files.reverse();
        }
        for (path, content, mode) in files {
            self.file(&path, &content, mode);
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, path: &str, content: &str, mode: u32) {
        let path = self.path("site").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        symlink(target, self.path("site").join(path)).unwrap();
    }

    /// The binary, to be run in the sandbox with nothing of this environment but PATH.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.tame(&mut command);
        command
    }

    pub(crate) fn tame(&self, command: &mut Command) {
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            // No repository that the temporary directory may lie in.
            .env("GIT_CEILING_DIRECTORIES", self.dir.path())
            .stdin(Stdio::null());
    }

    #[must_use]
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        run(&mut self.command(args))
    }

    #[must_use]
    pub(crate) fn pack(&self, args: &[&str]) -> Output {
        self.run(&[&["site"], args].concat())
    }

    /// `pack.json` of a folder.
    pub(crate) fn record(&self, records: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(records).join("pack.json")).unwrap()).unwrap()
    }

    /// The file that a record names as `payload`, `torrent` or `manifest`.
    pub(crate) fn named(&self, records: &str, what: &str) -> PathBuf {
        let record = self.record(records);
        self.path(records).join(record["release"][what]["file"].as_str().unwrap())
    }

    /// Files of a folder of records but `pack.json`, which tells the time, with their content.
    pub(crate) fn files(&self, records: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path(records)).into_iter().flatten().map(|entry| entry.unwrap());
        entries
            .filter(|entry| entry.file_name() != "pack.json")
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect()
    }

    /// Everything in a folder, hidden or not.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[must_use]
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Whether a program of the distribution is there. With E2E_PEERS=required it must be; the test command of the
/// repository installs them all.
pub(crate) fn installed(program: &str) -> bool {
    let there = find(program).is_some();
    if !there {
        missing(program);
    }
    there
}

/// Full path of a program; Debian keeps servers in sbin, which users lack.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    dirs.find_map(|dir| Some(dir.join(program)).filter(|path| path.is_file()))
}

/// Says that a test compares nothing, or fails where it must.
pub(crate) fn missing(what: &str) {
    let required = std::env::var("E2E_PEERS").is_ok_and(|value| value == "required");
    assert!(!required, "`{what}` is not installed, and E2E_PEERS is `required`");
    eprintln!("not compared: `{what}` is not installed");
}
