//! Running the binaries under test as Jenkins would: no terminal, no standard input, a home of their own.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::daemon::send;

/// A command about to be run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    dir: PathBuf,
    limit: Duration,
}

impl Run {
    /// `program` in a cleared environment with HOME and TMPDIR below `dir`.
    ///
    /// # Panics
    /// When the directories cannot be made.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>, dir: &Path) -> Self {
        let mut command = Command::new(program);
        command.env_clear().current_dir(dir).stdin(Stdio::null());
        for (key, name) in [("HOME", "home"), ("TMPDIR", "tmp")] {
            let path = dir.join(name);
            fs::create_dir_all(&path).expect("home and tmp");
            command.env(key, path);
        }
        // The cookie lets Jenkins find our children when a build is aborted; without it they would live on.
        for key in ["PATH", "JENKINS_SERVER_COOKIE", "RUST_BACKTRACE"] {
            if let Some(value) = std::env::var_os(key) {
                command.env(key, value);
            }
        }
        command.env("LC_ALL", "C.UTF-8");
        Self { command, dir: dir.to_owned(), limit: Duration::from_secs(120) }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets one variable of the environment.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Gives it a pipe as standard input, which stays open until [`Running`] is waited for.
    #[must_use]
    pub fn with_stdin(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// How long it may take; 120 s unless told.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Program and arguments, for another program that runs them.
    #[must_use]
    pub fn argv(&self) -> Vec<OsString> {
        std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(OsStr::to_owned)
            .collect()
    }

    /// Starts it. Output goes to files, as in Jenkins: a full pipe never stops it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Running {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let file = |kind: &str| self.dir.join("tmp").join(format!("run{number}.{kind}"));
        let (stdout, stderr) = (file("out"), file("err"));
        self.command
            .stdout(File::create(&stdout).expect("stdout file"))
            .stderr(File::create(&stderr).expect("stderr file"));
        let child = self.command.spawn().unwrap_or_else(|e| panic!("start {line}: {e}"));
        Running { child, line, stdout, stderr, limit: self.limit, started: Instant::now() }
    }

    /// Runs it to its end.
    #[must_use = "a run whose end nobody looks at proves nothing"]
    #[track_caller]
    pub fn output(self) -> Output {
        self.start().wait()
    }
}

/// A command that runs; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    stdout: PathBuf,
    stderr: PathBuf,
    limit: Duration,
    started: Instant,
}

impl Running {
    /// Its standard input, once, when it was asked for.
    ///
    /// # Panics
    /// When there is none (any more).
    #[must_use]
    pub fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("a run with_stdin")
    }

    /// What it has printed to standard output so far.
    #[must_use]
    pub fn stdout_so_far(&self) -> String {
        read(&self.stdout)
    }

    /// What it has printed to standard error so far.
    #[must_use]
    pub fn stderr_so_far(&self) -> String {
        read(&self.stderr)
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When that cannot be found out.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as Jenkins does on abort.
    pub fn terminate(&self) {
        send(self.child.id(), Signal::TERM);
    }

    /// Asks it to end, as Ctrl-C on a terminal does.
    pub fn interrupt(&self) {
        send(self.child.id(), Signal::INT);
    }

    /// Ends it as a crash, the OOM killer or a power cut would.
    pub fn kill9(&self) {
        send(self.child.id(), Signal::KILL);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it outlives its limit; what it printed is shown.
    #[must_use = "a run whose end nobody looks at proves nothing"]
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                break status;
            }
            if self.started.elapsed() > self.limit {
                let _ = self.child.kill();
                panic!("{} still ran after {:?}:\n{}", self.line, self.limit, self.stderr_so_far());
            }
            thread::sleep(Duration::from_millis(3));
        };
        Output {
            took: self.started.elapsed(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout_so_far(),
            stderr: self.stderr_so_far(),
            line: self.line.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// What a command left.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command as it was run.
    pub line: String,
    /// Exit code, none after a signal.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Wall time.
    pub took: Duration,
}

impl Output {
    /// Expects the exit code `code`.
    ///
    /// # Panics
    /// When it is another; everything printed is shown.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(
            self.code == Some(code),
            "expected exit {code}, got {:?} (signal {:?}) of {}\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.signal,
            self.line,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Expects exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Expects `text` on standard error.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "`{text}` is missing in what {} said:\n{}",
            self.line,
            self.stderr
        );
        self
    }

    /// Expects `text` on standard output.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn answers(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "`{text}` is missing in what {} answered:\n{}\n--- stderr\n{}",
            self.line,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Expects an error in the house's form: an `error:` line that names `object`, then a `hint:` line.
    ///
    /// # Panics
    /// When one of them is missing.
    #[track_caller]
    pub fn fails_naming(self, code: i32, object: &str) -> Self {
        let output = self.exits(code);
        // Hosts may have had errors and hints of their own before.
        let lines: Vec<&str> = output.stderr.lines().collect();
        let error = lines.iter().rposition(|line| line.starts_with("error:"));
        let hint = lines.iter().rposition(|line| line.starts_with("hint:"));
        let (Some(error), Some(hint)) = (error, hint) else {
            panic!("no `error:` with a `hint:` in what {} said:\n{}", output.line, output.stderr)
        };
        assert!(error < hint, "no hint after the error:\n{}", output.stderr);
        output.says(object)
    }
}
