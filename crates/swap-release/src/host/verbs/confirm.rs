//! Waits on standard input for the controller to commit or revert, and runs what it orders meanwhile.
//!
//! End of input, a timeout and SIGTERM all mean "revert": a dead controller or a cut network cannot leave the fleet
//! mixed (deploy-rs calls this magic rollback). Only the word `revert` says that the release is bad; all else, also the word
//! `withdraw`, leaves it as it was before, to be activated again. `renew` begins the time anew: the controller lives and is at work; so does `ping`, which is answered.
//!
//! A host that is back where it was may owe something for it: see [`Controller::settle`].

use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use cli::{Abort, Console};
use inventory::Phase;
use record::ReleaseId;
use record::host::SwitchEvent;
use serde::Serialize;

use super::switch::{Confirmation, Refusal};
use crate::Error;
use crate::host::hooks::kept;
use crate::host::process::{Bell, Stop};
use crate::host::site::Switching;
use crate::host::{drupal, hooks};
use crate::order::{Action, HookOrder};

/// The longest line that the controller sends, in bytes: an order with a long command. More is nonsense and means revert.
const LONGEST: usize = 256 * 1024;

/// What may come while the controller is waited for.
#[derive(Debug)]
enum Heard {
    Line(String),
    /// The end of input, or a line that is too long.
    End,
    /// The process is asked to end.
    Abort,
}

/// The controller at the other end of standard input and output.
pub(crate) struct Controller<'a> {
    within: Duration,
    console: &'a Console,
    abort: &'a Abort,
    lines: Receiver<Heard>,
    /// Rings with everything that comes by `lines`.
    bell: Bell,
    ended: bool,
    switching: Switching<'a>,
    /// Orders for afterwards: by the phase in which they are run.
    kept: Vec<HookOrder>,
    /// It was the controller's word that took the release back.
    told: bool,
    /// All went well so far: the next word, which may be on its way to others, was going to be `commit`.
    pinged: bool,
}

impl<'a> Controller<'a> {
    /// Starts to listen on standard input; the word must come within `within` after the switch.
    pub(crate) fn on_stdin(
        within: Duration,
        console: &'a Console,
        abort: &'a Abort,
        switching: Switching<'a>,
    ) -> io::Result<Self> {
        let (sender, lines) = mpsc::channel();
        let bell = Bell::new()?;
        let tell = {
            let bell = bell.clone();
            move |heard| {
                let is_heard = sender.send(heard).is_ok();
                bell.ring();
                is_heard
            }
        };
        let aborted = tell.clone();
        abort.on_set(move || {
            aborted(Heard::Abort);
        });
        // Never joined: a blocked read ends with the process.
        thread::spawn(move || {
            let lines = io::stdin().lock().lines().map_while(Result::ok);
            for line in lines.take_while(|line| line.len() <= LONGEST) {
                if !tell(Heard::Line(line)) {
                    return;
                }
            }
            tell(Heard::End);
        });
        let kept = Vec::new();
        Ok(Self {
            within,
            console,
            abort,
            lines,
            bell,
            ended: false,
            switching,
            kept,
            told: false,
            pinged: false,
        })
    }

    /// What comes next; none if nothing does before `until`.
    fn hear(&mut self, until: Instant) -> Option<Heard> {
        if self.abort.is_set() {
            return Some(Heard::Abort);
        }
        if self.ended {
            return Some(Heard::End);
        }
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                Some(Heard::End)
            }
            Ok(heard) => Some(heard),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// Says that this server is ready and waits for `go`, so that all servers of a fleet hold their lock before the
    /// first of them switches, and then switch at one word. Nothing was changed yet.
    pub(crate) fn wait_for_go(&mut self) -> Result<(), Refusal> {
        let (from, to) = (self.switching.from.cloned(), self.switching.to.clone());
        say(self.console, &SwitchEvent::Ready { from, to });
        self.wait_for("go")
    }

    /// Runs what was ordered for the time after the commit: also when nobody listens any more.
    pub(crate) fn after_commit(&mut self) {
        for order in std::mem::take(&mut self.kept).iter().filter(|order| order.phase == Phase::AfterCommit) {
            let event = hooks::run(self.switching, order, &mut Stop::never());
            say(self.console, &event);
        }
    }

    /// Runs what was ordered for the case that the release does not stay: before caches are rebuilt by the code that is back, which
    /// servers have to follow first.
    pub(crate) fn after_revert(&self) -> Result<(), Error> {
        if !self.kept.iter().any(|order| order.phase == Phase::AfterRevert) {
            return Ok(());
        }
        kept::run_back(self.switching.locked, |event| say(self.console, event))
    }

    /// After a revert, or where nothing was switched after all: if the release may have filled caches that all hosts share, waits
    /// for the controller to say who rebuilds them, and does it if it is this host. Without a controller it is left to this host's
    /// turn, which is not waited for here.
    pub(crate) fn settle(&mut self, switched: bool) -> Result<(), Error> {
        let locked = self.switching.locked;
        let Some(undo) = drupal::owe(locked, switched, Duration::ZERO)? else { return Ok(()) };
        if self.told && self.is_settled(&undo) {
            return Ok(());
        }
        let after = undo.patience(self.pinged);
        drupal::owe(locked, switched, after).map(drop)
    }

    /// Says what is owed, and does as the controller says until it has heard from it that this is done with.
    fn is_settled(&mut self, undo: &drupal::Undo) -> bool {
        let locked = self.switching.locked;
        let live = locked.site.current().ok().and_then(crate::host::site::Current::into_id);
        say(self.console, &SwitchEvent::Owes { live, remains: undo.remains(locked) });
        let mut until = Instant::now() + self.within;
        while let Some(Heard::Line(line)) = self.hear(until) {
            if line.starts_with('{') {
                let Ok(order) = serde_json::from_str::<HookOrder>(&line) else { return false };
                if !matches!(order.action, Action::DrupalUndo | Action::DrupalSettled { .. }) {
                    return false;
                }
                // Once begun it goes on without a controller, too.
                let abort = self.abort;
                let mut stop = Stop::when(&self.bell, || abort.is_set().then(|| "terminated".to_owned()));
                say(self.console, &hooks::run(self.switching, &order, &mut stop));
                if matches!(order.action, Action::DrupalSettled { .. }) {
                    return true;
                }
            }
            until = Instant::now() + self.within;
        }
        false
    }

    fn wait_for(&mut self, expected: &str) -> Result<(), Refusal> {
        let mut until = Instant::now() + self.within;
        loop {
            match self.hear(until) {
                Some(Heard::Line(line)) if line.starts_with('{') => self.obey(&line)?,
                Some(Heard::Line(line)) if line.trim() == "renew" => {}
                Some(Heard::Line(line)) if line.trim() == "ping" => {
                    self.pinged = true;
                    say(self.console, &SwitchEvent::Waiting { to: self.switching.to.clone() });
                }
                Some(Heard::Line(line)) => {
                    self.told = is_back(&line);
                    return word(&line, expected);
                }
                Some(Heard::End) => return Err(taken_back("end of input")),
                Some(Heard::Abort) => return Err(taken_back("terminated")),
                None => {
                    let within = humantime::format_duration(self.within);
                    return Err(taken_back(&format!("no `{expected}` within {within}")));
                }
            }
            until = Instant::now() + self.within;
        }
    }

    /// Runs a hook now, or keeps it for afterwards. Ends it at once when the controller has gone or says anything but
    /// `renew`.
    fn obey(&mut self, line: &str) -> Result<(), Refusal> {
        let order: HookOrder =
            serde_json::from_str(line).map_err(|error| taken_back(&format!("not understood: {error}")))?;
        if matches!(order.phase, Phase::AfterCommit | Phase::AfterRevert) {
            let is_for_later = order.phase == Phase::AfterRevert;
            self.kept.push(order);
            if is_for_later {
                let orders = self.kept.iter().filter(|order| order.phase == Phase::AfterRevert);
                kept::keep(self.switching, orders.cloned().collect())
                    .map_err(|error| taken_back(&error.to_string()))?;
            }
            return Ok(());
        }
        let mut stopped = None;
        let (abort, lines, told, ended) = (self.abort, &self.lines, &mut self.told, &mut self.ended);
        let mut stop = Stop::when(&self.bell, || {
            let reason =
                if abort.is_set() { Some(taken_back("terminated")) } else { heard(lines, told, ended) };
            stopped = stopped.take().or(reason);
            stopped.as_ref().map(Refusal::to_string)
        });
        let event = hooks::run(self.switching, &order, &mut stop);
        drop(stop);
        say(self.console, &event);
        stopped.map_or(Ok(()), Err)
    }
}

/// Whether the controller said something that ends a hook.
fn heard(lines: &Receiver<Heard>, told: &mut bool, ended: &mut bool) -> Option<Refusal> {
    loop {
        match lines.try_recv() {
            Ok(Heard::Line(line)) if line.trim() == "renew" => {}
            Ok(Heard::Line(line)) => {
                *told = is_back(&line);
                return word(&line, "").err();
            }
            Ok(Heard::Abort) => return Some(taken_back("terminated")),
            Err(TryRecvError::Empty) => return None,
            Ok(Heard::End) | Err(TryRecvError::Disconnected) => {
                *ended = true;
                return Some(taken_back("end of input"));
            }
        }
    }
}

impl Confirmation for Controller<'_> {
    fn switched(&mut self, from: Option<&ReleaseId>, to: &ReleaseId) {
        say(self.console, &SwitchEvent::Switched { from: from.cloned(), to: to.clone() });
    }

    fn wait(&mut self) -> Result<(), Refusal> {
        self.wait_for("commit")
    }
}

/// Whether a controller that lives takes the release back.
fn is_back(line: &str) -> bool {
    matches!(line.trim(), "revert" | "withdraw")
}

fn word(line: &str, expected: &str) -> Result<(), Refusal> {
    match line.trim() {
        word if word == expected && !expected.is_empty() => Ok(()),
        "revert" => Err(Refusal::Bad),
        "withdraw" => Err(taken_back("withdrawn")),
        _ => Err(taken_back("not understood")),
    }
}

fn taken_back(why: &str) -> Refusal {
    Refusal::TakenBack(why.to_owned())
}

/// One event as a line of JSON on standard output. A reader that has gone is no reason to stop: the work goes on by
/// its own rules, and what the controller does not read it asks for later.
pub(crate) fn say<T: Serialize>(console: &Console, event: &T) {
    match serde_json::to_string(event) {
        Ok(line) => {
            if let Err(error) = console.data(format!("{line}\n").as_bytes()) {
                log::info!("nobody reads standard output: {error}");
            }
        }
        Err(error) => log::warn!("cannot write an event: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commit_is_a_commit() {
        assert_eq!(word("commit", "commit"), Ok(()));
        assert_eq!(word("revert", "commit"), Err(Refusal::Bad));
        for other in ["withdraw", "", "COMMIT", "commit r2", "yes", "go"] {
            assert!(matches!(word(other, "commit"), Err(Refusal::TakenBack(_))), "{other}");
        }
    }

    #[test]
    fn a_hook_ends_at_any_word_but_renew() {
        let (sender, lines) = mpsc::channel();
        let say = |word: &str| sender.send(Heard::Line(word.to_owned())).unwrap();
        let (mut told, mut ended) = (false, false);
        say("renew");
        assert_eq!(heard(&lines, &mut told, &mut ended), None);
        say("revert");
        assert_eq!((heard(&lines, &mut told, &mut ended), told), (Some(Refusal::Bad), true));
        say("");
        let nonsense = taken_back("not understood");
        assert_eq!((heard(&lines, &mut told, &mut ended), told, ended), (Some(nonsense), false, false));
        sender.send(Heard::End).unwrap();
        let end = taken_back("end of input");
        assert_eq!((heard(&lines, &mut told, &mut ended), told, ended), (Some(end), false, true));
    }
}
