//! What the controller says on standard input, line by line and bounded, and noticing that it is gone.

use std::io::{BufRead, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use cli::Abort;
use record::receive::{LONGEST_OPENING, LONGEST_ORDER, Order, Receive, SILENCE};

use crate::Error;

/// Lines that may be queued. A controller that sends more at once is blocked.
const WAITING: usize = 64;

/// What comes from the thread that reads, or instead of it.
enum Heard {
    Line(Vec<u8>),
    /// The end of the input, or a line that is too long.
    End,
    /// The process is asked to end.
    Abort,
}

/// The controller at the other end.
pub(super) struct Inbox {
    lines: Receiver<Heard>,
    heard: Instant,
    gone: bool,
}

impl Inbox {
    /// Starts to listen.
    pub(super) fn on_stdin(abort: &Abort) -> Self {
        Self::on(abort, || Box::new(std::io::BufReader::new(std::io::stdin())))
    }

    fn on(abort: &Abort, open: impl FnOnce() -> Box<dyn BufRead> + Send + 'static) -> Self {
        let (sender, lines) = mpsc::sync_channel(WAITING);
        let aborted = sender.clone();
        // Where there is no room for it, there is a line to be woken by.
        abort.on_set(move || drop(aborted.try_send(Heard::Abort)));
        // Never joined: a blocked read ends with the process.
        thread::spawn(move || {
            let mut input = open();
            let mut longest = LONGEST_OPENING;
            while let Some(line) = line(&mut *input, longest) {
                longest = LONGEST_ORDER;
                if sender.send(Heard::Line(line)).is_err() {
                    return;
                }
            }
            // That nobody hears it is an end, too.
            let _gone = sender.send(Heard::End);
        });
        Self { lines, heard: Instant::now(), gone: false }
    }

    /// The opening.
    pub(super) fn opening(&mut self, within: Duration, abort: &Abort) -> Result<Receive, Error> {
        let until = Instant::now() + within;
        let refuse = |what: &str| Err(Error::opening(what));
        let line = loop {
            abort.check()?;
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Heard::Line(line)) => break line,
                Ok(Heard::Abort) => {}
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => {
                    return refuse("it ended, or the line is too long");
                }
                Err(RecvTimeoutError::Timeout) => return refuse("nothing came"),
            }
        };
        self.heard = Instant::now();
        match serde_json::from_slice(&line) {
            Ok(Order::Receive(opening)) => Ok(*opening),
            Ok(_) => refuse("it is another order"),
            // Where it is wrong, but not what stands there: that may be the key.
            Err(error) => {
                refuse(&format!("not as expected at column {} ({:?})", error.column(), error.classify()))
            }
        }
    }

    /// The next order, waiting for at most `wait`. What is not understood is taken for a sign of life only.
    pub(super) fn next(&mut self, wait: Duration) -> Option<Order> {
        if self.gone {
            thread::sleep(wait);
            return None;
        }
        match self.lines.recv_timeout(wait) {
            Ok(Heard::Line(line)) => {
                self.heard = Instant::now();
                let order = serde_json::from_slice(&line);
                order
                    .map_err(|error| log::warn!("an order that is not understood: {:?}", error.classify()))
                    .ok()
            }
            Ok(Heard::Abort) => None,
            Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => {
                self.gone = true;
                None
            }
            Err(RecvTimeoutError::Timeout) => {
                self.gone = self.heard.elapsed() >= SILENCE;
                None
            }
        }
    }

    /// Whether the controller is there no more: its end of the input is closed, or it is silent for too long.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }
}

/// One line without its end; `None` at the end of the input, on an error, and for a line that is too long.
fn line(input: &mut dyn BufRead, longest: usize) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX);
    input.take(limit).read_until(b'\n', &mut line).ok()?;
    (line.pop() == Some(b'\n')).then_some(line)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn inbox(text: &'static str) -> Inbox {
        Inbox::on(&Abort::default(), move || Box::new(Cursor::new(text)))
    }

    fn next(inbox: &mut Inbox) -> Option<Order> {
        inbox.next(Duration::from_secs(5))
    }

    #[test]
    fn orders_come_one_by_one_and_the_end_is_noticed() {
        let mut inbox = inbox(
            "{\"order\":\"alive\"}\nnonsense\n{\"order\":\"peers\",\"seeders\":[\"10.0.0.5:6900\"],\"others\":[]}\n",
        );
        assert_eq!(next(&mut inbox), Some(Order::Alive));
        assert_eq!(next(&mut inbox), None);
        assert!(!inbox.is_gone(), "nonsense is no end");
        let seeders = vec!["10.0.0.5:6900".parse().unwrap()];
        assert_eq!(next(&mut inbox), Some(Order::Peers { seeders, others: Vec::new() }));
        assert_eq!(next(&mut inbox), None);
        assert!(inbox.is_gone());
    }

    #[test]
    fn a_bad_opening_is_refused_without_being_repeated() {
        let abort = Abort::default();
        for text in ["", "{\"order\":\"stop\"}\n", "{\"order\":\"receive\",\"key\":\"5ec4e7\"}\n", "no line"]
        {
            let error = inbox(text).opening(Duration::from_secs(5), &abort).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.starts_with("standard input does not open"), "{shown}");
            assert!(!shown.contains("5ec4e7"), "{shown}");
        }
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        assert_eq!(line(&mut Cursor::new("abc\ndef"), 4), Some(b"abc".to_vec()));
        assert_eq!(line(&mut Cursor::new("abcdef\n"), 4), None);
        assert_eq!(line(&mut Cursor::new("abc"), 4), None, "cut off");
    }
}
