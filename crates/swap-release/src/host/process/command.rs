//! Running a command with a limit: its own process group, so that nothing of it outlives a timeout.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, PipeReader};
use std::iter;
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Stop;
use super::orphan::Note;

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(1);
/// The most of an output that is kept, in bytes: its end.
const KEPT: usize = 1 << 20;
/// For what is still in the pipe when the command has ended: one that left a talking child behind is not waited for.
const REST: Duration = Duration::from_millis(500);

/// A command to be run.
pub(crate) struct Command<'a> {
    /// Program and arguments.
    pub(crate) argv: &'a [String],
    /// Where it is run.
    pub(crate) dir: &'a Path,
    /// What is added to this process's environment.
    pub(crate) env: &'a [(&'static str, OsString)],
    /// When it is ended.
    pub(crate) until: Instant,
    /// Whether standard error is no part of the output; then it is given only with a failure, behind the output.
    pub(crate) apart: bool,
    /// Where it is written down that it runs.
    pub(crate) note: Option<&'a Path>,
}

/// Runs a command to its end and gives its output; `Err` says why it failed, and what it said.
pub(crate) fn run(command: &Command<'_>, stop: &mut Stop<'_>) -> Result<String, String> {
    let Some((program, arguments)) = command.argv.split_first() else { return Err("no command".into()) };
    let cannot = |error: io::Error| format!("cannot run `{program}`: {error}");
    let (out_reader, out) = io::pipe().map_err(cannot)?;
    let (err_reader, err) = if command.apart {
        let (reader, writer) = io::pipe().map_err(cannot)?;
        (Some(reader), writer)
    } else {
        (None, out.try_clone().map_err(cannot)?)
    };
    let mut process = std::process::Command::new(program);
    process
        .args(arguments)
        .current_dir(command.dir)
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0);
    let mut child = process.spawn().map_err(cannot)?;
    let _note = Note::write(command.note, child.id());
    // Our ends of the pipes are in it, and would keep the readers from seeing the end.
    drop(process);
    let output = read_tail(out_reader);
    let errors = err_reader.map(read_tail);
    let (status, stopped) = wait(&mut child, command.until, stop).map_err(cannot)?;
    let output = collect(&output);
    if status.success() && stopped.is_none() {
        return Ok(output);
    }
    let said = match errors {
        Some(errors) => format!("{}\n{}", output.trim_end(), collect(&errors)),
        None => output,
    };
    let why = stopped.unwrap_or_else(|| match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, signal) => format!("ended by signal {}", signal.unwrap_or_default()),
    });
    Err(format!("{}\n`{program}`: {why}", said.trim_end()).trim_start_matches('\n').to_owned())
}

/// Waits for the end; a text says why it was ended early.
fn wait(child: &mut Child, until: Instant, stop: &mut Stop<'_>) -> io::Result<(ExitStatus, Option<String>)> {
    let end = end_of(child)?;
    let mut stopped = None;
    let mut wake_at = until;
    loop {
        if let Some(status) = child.try_wait()? {
            if stopped.is_some() {
                // What it started and left behind goes, too.
                signal(child, Signal::KILL);
            }
            return Ok((status, stopped));
        }
        let is_late = Instant::now() >= wake_at;
        if stopped.is_none() {
            stopped = stop.reason().or_else(|| is_late.then(|| "took too long".to_owned()));
            if stopped.is_some() {
                signal(child, Signal::TERM);
                wake_at = Instant::now() + GRACE;
            }
        } else if is_late {
            signal(child, Signal::KILL);
            wake_at = Instant::now() + GRACE;
        }
        let bell = if stopped.is_none() { stop.fd() } else { None };
        let mut fds: Vec<_> = iter::once(end.as_fd())
            .chain(bell)
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let left = wake_at.saturating_duration_since(Instant::now());
        // More than any timeout that can be said is the same as none.
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// A pipe that ends when the process has, by a thread that waits for that: pidfd_open(2) is not on every kernel. The process
/// stays to be waited for.
fn end_of(child: &Child) -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    thread::Builder::new().name("child".into()).spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Some(id) = id
            && matches!(waitid(WaitId::Pid(id), options), Err(Errno::INTR))
        {}
        drop(writer);
    })?;
    Ok(reader)
}

fn signal(child: &Child, signal: Signal) {
    // The group has the number of its leader. It may have gone already.
    let _gone =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).map(|pid| kill_process_group(pid, signal));
}

/// What a command has said so far: the last [`KEPT`] bytes of it.
#[derive(Default)]
struct Tail {
    bytes: VecDeque<u8>,
    /// Whether the pipe has ended.
    ended: bool,
}

type Shared = Arc<(Mutex<Tail>, Condvar)>;

/// Reads to the end on a thread of its own, which is never joined: a child's child may hold the pipe for ever. No more than the
/// end is kept at any time: some commands never stop talking.
fn read_tail(reader: PipeReader) -> Shared {
    let shared = Shared::default();
    let ours = Arc::clone(&shared);
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        loop {
            let read = reader.fill_buf().unwrap_or_default();
            let count = read.len();
            let mut tail = ours.0.lock().unwrap_or_else(PoisonError::into_inner);
            tail.bytes.extend(read);
            reader.consume(count);
            let over = tail.bytes.len().saturating_sub(KEPT);
            tail.bytes.drain(..over);
            if count == 0 {
                tail.ended = true;
                ours.1.notify_all();
                return;
            }
        }
    });
    shared
}

/// What was read; waits a moment for what is still in the pipe.
fn collect(shared: &Shared) -> String {
    let tail = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = shared.1.wait_timeout_while(tail, REST, |tail| !tail.ended);
    let (mut tail, _) = waited.unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(tail.bytes.make_contiguous()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::process::Bell;

    fn run_for(argv: &[&str], time: Duration, stop: &mut Stop<'_>) -> Result<String, String> {
        let argv: Vec<String> = argv.iter().map(|part| (*part).to_owned()).collect();
        let env = [("MKT_RELEASE", OsString::from("r1"))];
        let dir = std::env::temp_dir();
        let until = Instant::now() + time;
        run(&Command { argv: &argv, dir: &dir, env: &env, until, apart: false, note: None }, stop)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_and_environment_arrive_and_an_exit_code_is_told() {
        let said =
            run_for(&["sh", "-c", "echo $MKT_RELEASE; echo beside >&2"], LONG, &mut Stop::never()).unwrap();
        assert_eq!(said, "r1\nbeside\n");
        let error = run_for(&["sh", "-c", "echo no; exit 3"], LONG, &mut Stop::never()).unwrap_err();
        assert_eq!(error, "no\n`sh`: exit code 3");
        let error = run_for(&["/nonexistent"], LONG, &mut Stop::never()).unwrap_err();
        assert!(error.starts_with("cannot run `/nonexistent`"), "{error}");
    }

    #[test]
    fn at_its_limit_or_when_asked_all_of_it_ends() {
        // A deaf child of a child: only the process group reaches it.
        let deaf = ["sh", "-c", "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait"];
        for limit in [Duration::from_millis(300), LONG] {
            let started = Instant::now();
            let bell = Bell::new().unwrap();
            let ringer = bell.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(300));
                ringer.ring();
            });
            let mut stop = Stop::when(&bell, || {
                (limit == LONG && started.elapsed().as_millis() >= 300).then(|| "asked".to_owned())
            });
            let error = run_for(&deaf, limit, &mut stop).unwrap_err();
            assert!(error.ends_with(if limit == LONG { "asked" } else { "took too long" }), "{error}");
            assert!(started.elapsed() < Duration::from_secs(10));
            let child = error.lines().next().unwrap().to_owned();
            let gone = || !Path::new("/proc").join(&child).join("fd/0").exists();
            let until = Instant::now() + Duration::from_secs(5);
            while !gone() && Instant::now() < until {
                thread::sleep(Duration::from_millis(20));
            }
            assert!(gone(), "process {child} still runs");
        }
    }

    #[test]
    fn of_a_command_that_never_stops_talking_only_the_end_is_kept_and_its_children_hold_nobody_up() {
        let peak = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        let before = peak();
        let error =
            run_for(&["yes", "this is said for ever"], Duration::from_millis(1500), &mut Stop::never())
                .unwrap_err();
        assert!(error.ends_with("took too long") && error.len() <= KEPT + 100, "{}", error.len());
        assert!(peak() - before < 64 * 1024, "{} KiB", peak() - before);
        let started = Instant::now();
        let talker = "(while :; do echo still here; sleep 0.05; done) & echo $!";
        let said = run_for(&["sh", "-c", talker], LONG, &mut Stop::never()).unwrap();
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        let child = said.lines().find_map(|line| line.parse().ok()).and_then(Pid::from_raw).unwrap();
        rustix::process::kill_process(child, Signal::KILL).unwrap();
    }

    #[test]
    fn a_child_that_stays_in_the_background_does_not_hold_it_up() {
        let started = Instant::now();
        run_for(&["sh", "-c", "sleep 5 & echo started"], LONG, &mut Stop::never()).unwrap();
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
