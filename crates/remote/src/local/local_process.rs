//! A child of this process, read by threads so that every wait can have a deadline.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use inventory::HostName;

use crate::access::{Capture, LINE_LIMIT, LineRead, Output, Process, STDERR_LIMIT, STDOUT_LIMIT, Status};
use crate::{HostError, HostFault, Interrupt};

/// How often an ending child or an interrupt is looked for.
const PAUSE: Duration = Duration::from_millis(20);

/// A running child. Dropped, its input ends and it is left to itself: killing it could cut a revert in half.
pub(super) struct LocalProcess {
    host: HostName,
    program: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<Vec<u8>>,
    stderr: Arc<Mutex<Capture>>,
    stderr_end: Receiver<()>,
    unread: Vec<u8>,
}

impl LocalProcess {
    pub(super) fn new(host: HostName, program: String, mut child: Child) -> Self {
        let (chunks, stdout) = mpsc::sync_channel(16);
        if let Some(pipe) = child.stdout.take() {
            thread::spawn(move || each_chunk(pipe, |chunk| chunks.send(chunk.to_vec()).is_ok()));
        }
        let stderr = Arc::new(Mutex::new(Capture::tail(STDERR_LIMIT)));
        let (at_end, stderr_end) = mpsc::channel();
        if let Some(pipe) = child.stderr.take() {
            let kept = Arc::clone(&stderr);
            thread::spawn(move || {
                each_chunk(pipe, |chunk| {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
                    true
                });
                drop(at_end);
            });
        }
        let stdin = child.stdin.take();
        Self { host, program, child, stdin, stdout, stderr, stderr_end, unread: Vec::new() }
    }

    /// Feeds it, reads it, waits for it.
    pub(super) fn run(
        mut self,
        input: &[u8],
        deadline: Instant,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<Output, HostError> {
        self.feed_and_read(input, deadline, timeout, interrupt).inspect_err(|_| {
            let _ended_already = self.child.kill();
            let _ended_already = self.child.wait();
        })
    }

    fn feed_and_read(
        &mut self,
        input: &[u8],
        deadline: Instant,
        timeout: Duration,
        interrupt: &Interrupt,
    ) -> Result<Output, HostError> {
        if let Some(mut pipe) = self.stdin.take() {
            let input = input.to_vec();
            // EPIPE is a command that does not want its input, not a failure. The thread ends with the child.
            thread::spawn(move || pipe.write_all(&input));
        }
        let mut stdout = Capture::head(STDOUT_LIMIT);
        loop {
            match self.stdout.recv_timeout(PAUSE) {
                Ok(chunk) => stdout.push(&chunk),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.check(deadline, timeout, interrupt)?;
        }
        let status = loop {
            if let Some(status) = self.ended()? {
                break status;
            }
            self.check(deadline, timeout, interrupt)?;
            thread::sleep(PAUSE);
        };
        self.finish_stderr();
        let (stdout, stdout_cut) = stdout.finish();
        let stderr = std::mem::replace(&mut *self.lock_stderr(), Capture::tail(0)).finish().0;
        Ok(Output { status, stdout, stderr, stdout_cut })
    }

    fn check(&self, deadline: Instant, timeout: Duration, interrupt: &Interrupt) -> Result<(), HostError> {
        if interrupt.is_raised() {
            return Err(HostFault::Interrupted { step: self.program.clone() }.at(&self.host));
        }
        if Instant::now() >= deadline {
            return Err(self.timed_out(timeout));
        }
        Ok(())
    }

    fn timed_out(&self, after: Duration) -> HostError {
        HostFault::TimedOut { step: self.program.clone(), after }.at(&self.host)
    }

    fn lost(&self, error: &io::Error) -> HostError {
        HostFault::Lost { step: self.program.clone(), detail: error.to_string() }.at(&self.host)
    }

    fn ended(&mut self) -> Result<Option<Status>, HostError> {
        match self.child.try_wait() {
            Ok(status) => Ok(status.map(to_status)),
            Err(error) => Err(self.lost(&error)),
        }
    }

    fn lock_stderr(&self) -> std::sync::MutexGuard<'_, Capture> {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the reader of standard error a moment to see its end; a grandchild may hold it open for ever.
    fn finish_stderr(&self) {
        let _open_still = self.stderr_end.recv_timeout(Duration::from_millis(200));
    }

    fn next_line(&mut self) -> Option<String> {
        let end = self.unread.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.unread.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Process for LocalProcess {
    fn read_line(&mut self, deadline: Instant) -> Result<LineRead, HostError> {
        loop {
            if let Some(line) = self.next_line() {
                return Ok(LineRead::Line(line));
            }
            if self.unread.len() > LINE_LIMIT {
                return Err(HostFault::Refused {
                    step: self.program.clone(),
                    detail: "a line of its output is longer than 1 MiB".to_owned(),
                }
                .at(&self.host));
            }
            match self.stdout.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.unread.extend(chunk),
                Err(RecvTimeoutError::Timeout) => return Ok(LineRead::TimedOut),
                Err(RecvTimeoutError::Disconnected) if self.unread.is_empty() => return Ok(LineRead::End),
                // The last line has no line end.
                Err(RecvTimeoutError::Disconnected) => self.unread.push(b'\n'),
            }
        }
    }

    fn write(&mut self, bytes: &[u8], _deadline: Instant) -> Result<(), HostError> {
        // Blocks only when the child leaves a full pipe (64 KiB) unread; what is written here are single words.
        match &mut self.stdin {
            Some(pipe) => pipe.write_all(bytes).map_err(|error| self.lost(&error)),
            None => Err(self.lost(&io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn close_stdin(&mut self) -> Result<(), HostError> {
        self.stdin = None;
        Ok(())
    }

    fn wait(&mut self, deadline: Instant) -> Result<Status, HostError> {
        let began = Instant::now();
        loop {
            while self.stdout.try_recv().is_ok() {}
            if let Some(status) = self.ended()? {
                self.finish_stderr();
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out(began.elapsed()));
            }
            thread::sleep(PAUSE);
        }
    }

    fn stderr(&self) -> String {
        self.lock_stderr().text()
    }
}

/// Gives each piece read to `take` until it says no.
fn each_chunk(mut pipe: impl Read, mut take: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16 << 10];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => return,
            Ok(n) if take(buffer.get(..n).unwrap_or_default()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return,
        }
    }
}

fn to_status(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Exited(code),
        (None, signal) => {
            Status::Signalled(signal.map_or_else(|| "?".to_owned(), |number| number.to_string()))
        }
    }
}
