//! A server process: started in the foreground, stopped by handle with everything it forked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A running server process. Dropping it ends it: TERM, then KILL after a grace, then whatever it forked (sshd leaves
/// its sessions behind when it goes).
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

/// How long a server may take to end after TERM.
const GRACE: Duration = Duration::from_secs(5);

impl Daemon {
    /// Starts `command` with its output in `log`. `setpriv --pdeathsig` ends it also when the test itself is killed;
    /// the kernel ties that to the thread that starts it, so start daemons on the test's own thread.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(name: &str, command: &Command, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("daemon log");
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig=TERM", "--"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(key, value),
                None => wrapped.env_remove(key),
            };
        }
        let child = wrapped
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("daemon log"))
            .stderr(out)
            .spawn()
            .unwrap_or_else(|e| panic!("start {name}: {e}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Panics with the end of the log when the process has ended by itself.
    #[track_caller]
    pub fn assert_running(&mut self) {
        if let Some(status) = self.child.try_wait().expect("wait") {
            panic!("{} ended by itself ({}):\n{}", self.name, status_text(status), self.log_tail());
        }
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    /// Asks it to end and does not wait: for several that are about to be stopped.
    pub fn ask_to_stop(&self) {
        send(self.child.id(), Signal::TERM);
    }

    /// Ends it and all it forked, and waits until they are gone.
    pub fn stop(&mut self) {
        let forked = descendants(self.child.id());
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            send(self.child.id(), Signal::TERM);
            let start = Instant::now();
            while self.child.try_wait().is_ok_and(|status| status.is_none()) {
                if start.elapsed() > GRACE {
                    let _ = self.child.kill();
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
        for process in forked {
            process.kill_if_same();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One process, told from a later one with the same pid by its start time.
#[derive(Debug, Clone, Copy)]
struct Process {
    pid: u32,
    parent: u32,
    started: u64,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The command name may hold anything, so fields are counted after its closing parenthesis (proc(5)).
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Self { pid, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
    }

    fn kill_if_same(self) {
        if Self::read(self.pid).is_some_and(|now| now.started == self.started) {
            send(self.pid, Signal::KILL);
        }
    }
}

fn descendants(of: u32) -> Vec<Process> {
    let mut children: BTreeMap<u32, Vec<Process>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(process) = pid.and_then(Process::read) {
            children.entry(process.parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut queue = vec![of];
    while let Some(parent) = queue.pop() {
        for process in children.remove(&parent).unwrap_or_default() {
            queue.push(process.pid);
            found.push(process);
        }
    }
    found
}

/// Sends `signal` to `pid`; that it is already gone is no error.
pub(crate) fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// `exit 3` or `signal 9`.
pub(crate) fn status_text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".to_owned(),
    }
}
