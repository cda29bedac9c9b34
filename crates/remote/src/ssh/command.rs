//! A command on a channel of its own, whatever the account's shell prints and reads besides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::channel::{SshChannel, refuse};
use super::command_line::command_line;
use super::frame::{Frame, NOISE_LIMIT};
use super::link::{Failure, Link};
use crate::access::Status;
use crate::{Argv, HostError, HostFault};

/// How long what comes behind the end of a command is listened to: a logout file may print, or hang.
const LINGER: Duration = Duration::from_millis(300);
/// Silence after which a start-up file may be waiting for a line of input, and time between two that it gets.
const BAIT: Duration = Duration::from_secs(2);
/// The most lines that it gets.
const BAITS: u32 = 8;
/// Time after which it is looked why a command is not begun, and that in which one begins that nothing keeps from it.
const LOOK: Duration = Duration::from_secs(7);
const AT_ONCE: Duration = Duration::from_secs(5);
/// Statuses of `sh` for a command that was ended by a signal which nobody chooses as a status (signal(7), Linux).
const SIGNALS: [(i32, &str); 10] = [
    (4, "ILL"),
    (5, "TRAP"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (11, "SEGV"),
    (24, "XCPU"),
    (25, "XFSZ"),
    (31, "SYS"),
];

/// What the caller gives to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stdin {
    /// Nothing: end of file at once, which also ends whatever a start-up file reads.
    Closed,
    /// Something, once the command has begun.
    Open,
}

/// A running command.
pub(super) struct Command {
    pub(super) channel: SshChannel,
    token: String,
    stdout: Frame,
    stderr: Frame,
    started: Instant,
    baits: u32,
    /// The line before the command's input that has not been written yet.
    prelude: Vec<u8>,
    stdin: Stdin,
    is_input_closed: bool,
    /// Its input ends as soon as it has begun.
    is_end_due: bool,
    /// Whether it was found out what keeps the command from beginning.
    looked: bool,
    /// That is its having input: the time after which nothing else is waited for.
    suspected: Option<Duration>,
    /// When the end of its output was seen.
    ended: Option<Instant>,
    at_end: bool,
}

impl Command {
    /// Starts `argv`.
    pub(super) fn start(link: &Arc<Link>, argv: &Argv, stdin: Stdin) -> Result<Self, HostError> {
        let step = argv.program_name();
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| link.lost(step, &error.to_string()))?;
        let token = format!("mkt{}", hex::encode(random));
        let line = command_line(argv, &token, stdin == Stdin::Open);
        let line =
            line.ok_or_else(|| HostFault::NulInArgument { program: step.to_owned() }.at(&link.host))?;
        let mut channel = SshChannel::start(link, step, &line)?;
        if stdin == Stdin::Closed {
            channel.send_eof()?;
        }
        Ok(Self {
            channel,
            stdout: Frame::new(&token),
            stderr: Frame::new(&token),
            started: Instant::now(),
            baits: 0,
            looked: false,
            suspected: None,
            prelude: format!("{token}\n").into_bytes(),
            token,
            stdin,
            is_input_closed: false,
            is_end_due: false,
            ended: None,
            at_end: false,
        })
    }

    /// Takes what has arrived of the command's output into `stdout` and `stderr`; true when anything had.
    pub(super) fn receive(
        &mut self,
        mut stdout: impl FnMut(&[u8]),
        mut stderr: impl FnMut(&[u8]),
    ) -> Result<bool, HostError> {
        let mut buffer = [0; 16 << 10];
        let mut moved = false;
        // Standard error first: what is said there before the end of the answer belongs to it.
        let read = self.channel.read_stderr(&mut buffer).map_err(|failure| self.refuse(failure))?;
        if let Some(count @ 1..) = read {
            stderr(&self.stderr.take(buffer.get(..count).unwrap_or_default()));
            moved = true;
        }
        let read = self.channel.read(&mut buffer).map_err(|failure| self.refuse(failure))?;
        if let Some(count @ 1..) = read {
            stdout(&self.stdout.take(buffer.get(..count).unwrap_or_default()));
            moved = true;
        }
        if !moved && !self.at_end && self.channel.at_end() {
            self.at_end = true;
            stdout(&self.stdout.finish());
            stderr(&self.stderr.finish());
        }
        if self.stdout.has_ended() {
            self.ended.get_or_insert_with(Instant::now);
        }
        if !self.has_begun() {
            if self.stdout.noisy() + self.stderr.noisy() > NOISE_LIMIT {
                return Err(self.not_run("it prints without end"));
            }
            if self.at_end {
                let status = self.status_of_channel()?;
                if let Some(status) = status {
                    return Err(self.not_run(&status.to_string()));
                }
            }
            self.bait()?;
            self.look_why()?;
        } else if !self.stdout.has_ended() && !self.at_end && (!self.is_input_closed || self.is_end_due) {
            match self.open_input() {
                // The command has ended already; its status will tell.
                Ok(()) | Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(self.refuse(failure)),
            }
            if self.is_end_due && self.prelude.is_empty() {
                self.is_end_due = false;
                self.channel.send_eof()?;
            }
        }
        Ok(moved)
    }

    /// Writes what the server has room for, once the command has begun; `None` when nothing could be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        if !self.has_begun() {
            return Ok(None);
        }
        self.open_input()?;
        if !self.prelude.is_empty() {
            return Ok(None);
        }
        if bytes.is_empty() { Ok(Some(0)) } else { self.channel.write(bytes) }
    }

    /// Says where the command's input begins: it waits for that even if it gets none.
    fn open_input(&mut self) -> Result<(), Failure> {
        while self.stdin == Stdin::Open && !self.prelude.is_empty() {
            match self.channel.write(&self.prelude)? {
                Some(count) => drop(self.prelude.drain(..count)),
                None => break,
            }
        }
        Ok(())
    }

    /// Whether the command was begun. Until then nothing is written to it: a start-up file might read that.
    pub(super) fn has_begun(&self) -> bool {
        self.stdout.has_begun()
    }

    /// Ends the command's input; not before it was said where that begins.
    pub(super) fn close_input(&mut self) -> Result<(), HostError> {
        self.is_input_closed = true;
        self.is_end_due = self.stdin == Stdin::Open && !self.prelude.is_empty();
        if self.is_end_due { Ok(()) } else { self.channel.send_eof() }
    }

    /// Whether its standard output has ended.
    pub(super) fn has_said_all(&self) -> bool {
        self.stdout.has_ended() || self.at_end
    }

    /// How it ended, once it has; `None` while it has not.
    pub(super) fn status(&mut self) -> Result<Option<Status>, HostError> {
        let Some(code) = self.stdout.status() else {
            return if self.at_end { self.status_of_channel() } else { Ok(None) };
        };
        // sshd closes the channel when it has no process there any more; before that another session may be one too many.
        let is_patient = self.ended.is_some_and(|ended| ended.elapsed() < LINGER);
        if is_patient && !(self.at_end && self.channel.status()?.is_some()) {
            return Ok(None);
        }
        self.tell_of_noise();
        let signal = SIGNALS.iter().find(|(number, _)| code == 128 + number || code == 256 + number);
        Ok(Some(signal.map_or(Status::Exited(code), |(_, name)| Status::Signalled((*name).to_owned()))))
    }

    /// What the server says of the end; it is all there is when the command was not begun or was cut off.
    fn status_of_channel(&mut self) -> Result<Option<Status>, HostError> {
        let status = self.channel.status()?;
        if status.is_some() && self.has_begun() {
            self.tell_of_noise();
        }
        Ok(status)
    }

    /// The error for a wait that is over: which one depends on whether the command was begun.
    pub(super) fn timed_out(&self, after: Duration) -> HostError {
        let (host, step) = (self.channel.link.host.clone(), self.channel.step.clone());
        let said = self.said();
        if !self.has_begun() && self.suspected.is_some() {
            return self.input_eaten();
        }
        if self.has_begun() || said.is_empty() {
            return HostError { host, kind: HostFault::TimedOut { step, after } };
        }
        HostError {
            host,
            kind: HostFault::NotRun {
                step,
                said,
                status: format!("no end after {}", humantime::format_duration(after)),
            },
        }
    }

    pub(super) fn refuse(&self, failure: Failure) -> HostError {
        refuse(&self.channel.link, &self.channel.step, failure)
    }

    fn not_run(&self, status: &str) -> HostError {
        HostFault::NotRun { step: self.channel.step.clone(), said: self.said(), status: status.to_owned() }
            .at(&self.channel.link.host)
    }

    /// What was said that is not the command's, in one line.
    fn said(&self) -> String {
        one_line(&format!("{} {}", self.stdout.noise(), self.stderr.noise()))
    }

    /// A start-up file that waits for a line gets an empty one; what it leaves is passed over before the command's input.
    fn bait(&mut self) -> Result<(), HostError> {
        let due = self.baits < BAITS && self.started.elapsed() >= BAIT * (self.baits + 1);
        if self.stdin == Stdin::Open && due {
            self.baits += 1;
            self.channel.write(b"\n").map_err(|failure| self.refuse(failure))?;
        }
        Ok(())
    }

    /// After some empty lines: a command without input that begins at once shows that a start-up file reads all that there is,
    /// and never lets a command begin that has input. One that takes its time shows that all takes its time there.
    fn look_why(&mut self) -> Result<(), HostError> {
        let age = self.started.elapsed();
        if self.suspected.is_some_and(|due| age >= due) {
            return Err(self.input_eaten());
        }
        if self.stdin == Stdin::Closed || self.looked || age < LOOK {
            return Ok(());
        }
        self.looked = true;
        let link = Arc::clone(&self.channel.link);
        let began = Instant::now();
        // Where there may be no other session nobody knows.
        let Ok(mut other) = Self::start(&link, &Argv::new("true"), Stdin::Closed) else { return Ok(()) };
        while !other.has_begun() && began.elapsed() < AT_ONCE && other.receive(|_| {}, |_| {}).is_ok() {
            link.sleep_until(began + AT_ONCE);
        }
        if other.has_begun() {
            self.suspected = Some((LOOK + BAIT).max(began.elapsed() * 6));
        }
        Ok(())
    }

    fn input_eaten(&self) -> HostError {
        HostFault::InputEaten { step: self.channel.step.clone() }.at(&self.channel.link.host)
    }

    fn tell_of_noise(&self) {
        let said = self.said().replace(&self.token, "");
        if !said.is_empty() {
            self.channel.link.noisy(&said);
        }
    }
}

/// `text` without line ends and what no terminal shows, and not more of it than a line.
fn one_line(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.join(" ").chars().take(160).collect()
}
