//! The protocol with `swap-release` on a host that waits for a decision: one word or order a line, one event a line back.

use std::time::{Duration, Instant};

use cli::Abort;
use inventory::Phase;
use record::host::SwitchEvent;
use record::{ExitCode, HookRun};
use remote::{LineRead, Output, Process, Status};

use super::host_task::HostTask;
use crate::fleet::host::{Fault, parse, warnings};
use crate::order::{Action, HookOrder};

/// What a host may take to answer beyond the time of the hook itself: it ends what does not end by itself.
const BEYOND: Duration = Duration::from_secs(10);
/// How often the wish to end is looked at while a hook runs: a line of SSH is what is waited for.
const GLANCE: Duration = Duration::from_millis(200);
/// A word is taken at once, or the host is cut off.
const WORD: Duration = Duration::from_secs(10);

/// Says a word and gives the next event that is not a hook's.
pub(super) fn say(
    task: &mut HostTask,
    word: &str,
    verb: &str,
    deadline: Instant,
) -> Result<SwitchEvent, Fault> {
    tell(task, word, deadline)?;
    answer(task, verb, deadline)
}

/// The next event that is not a hook's.
fn answer(task: &mut HostTask, verb: &str, deadline: Instant) -> Result<SwitchEvent, Fault> {
    loop {
        match next_event(process(task)?, verb, deadline)? {
            event @ SwitchEvent::Hook { .. } => {
                note(task, Phase::AfterRevert, event);
            }
            event => return Ok(event),
        }
    }
}

/// Of a host that is back, or was never switched: whether it now waits for a decision on the caches that all share.
pub(super) fn hear_owes(task: &mut HostTask, verb: &str, deadline: Instant) {
    if let Ok(SwitchEvent::Owes { remains, .. }) = answer(task, verb, deadline) {
        task.owes = true;
        task.remains = remains;
    }
}

/// Says a word and waits for no answer.
pub(super) fn tell(task: &mut HostTask, word: &str, deadline: Instant) -> Result<(), Fault> {
    process(task)?.write(format!("{word}\n").as_bytes(), deadline)?;
    task.touch();
    Ok(())
}

/// Has the host keep a hook for afterwards.
pub(super) fn give(task: &mut HostTask, order: &HookOrder) -> Result<(), Fault> {
    tell(task, &line(order)?, Instant::now() + WORD)
}

/// Has the host run a hook now, and waits for its end. A hook that failed is a fault; all are written down.
pub(super) fn obey(task: &mut HostTask, order: &HookOrder, verb: &str, abort: &Abort) -> Result<(), Fault> {
    give(task, order)?;
    let until = Instant::now() + order.timeout() + BEYOND;
    loop {
        if abort.is_set() {
            return Err(Fault::NotReady("terminated".into()));
        }
        let read = process(task)?.read_line(until.min(Instant::now() + GLANCE))?;
        let event = match read {
            LineRead::TimedOut if Instant::now() < until => continue,
            other => event(other, process(task)?, verb, until)?,
        };
        task.touch();
        let SwitchEvent::Hook { ok, output, .. } = &event else {
            return Err(Fault::NotReady(format!("it ended while hook `{}` was run: {event:?}", order.name)));
        };
        let (ok, why) = (*ok, crate::host::drupal::reason(output));
        note(task, order.phase, event);
        if !ok {
            return Err(Fault::Hook { name: order.name.clone(), why });
        }
        if let Action::DrupalArm { turn, .. } = &order.action {
            (task.armed, task.turn) = (true, Some(*turn));
        }
        return Ok(());
    }
}

/// Hears the host out: what was kept for afterwards is run after the last word. What it warned of is kept, too.
pub(super) fn hear_out(task: &mut HostTask, phase: Phase, deadline: Instant) {
    hear(task, phase, deadline);
    let said = task.process.as_ref().map(|process| process.stderr()).unwrap_or_default();
    task.remarks.extend(warnings(&said).map(str::to_owned));
}

fn hear(task: &mut HostTask, phase: Phase, deadline: Instant) {
    while let Some(process) = &mut task.process {
        match process.read_line(deadline) {
            Ok(LineRead::Line(text)) => {
                if let Ok(event) = parse("hook", &text) {
                    note(task, phase, event);
                }
            }
            Ok(LineRead::TimedOut | LineRead::End) | Err(_) => return,
        }
    }
}

/// The next event, whatever it is.
pub(super) fn next_event(
    process: &mut dyn Process,
    verb: &str,
    deadline: Instant,
) -> Result<SwitchEvent, Fault> {
    let read = process.read_line(deadline)?;
    event(read, process, verb, deadline)
}

fn event(
    read: LineRead,
    process: &mut dyn Process,
    verb: &str,
    deadline: Instant,
) -> Result<SwitchEvent, Fault> {
    match read {
        LineRead::Line(line) => parse(verb, &line),
        LineRead::TimedOut => Err(Fault::NotReady(format!("no answer to `{verb}` in time"))),
        LineRead::End => {
            let status = process.wait(deadline).ok();
            let said = process.stderr();
            let code = status.as_ref().and_then(Status::code).and_then(|code| u8::try_from(code).ok());
            let (reason, hint) = if said.trim().is_empty() {
                ("it ended without an error message".to_owned(), None)
            } else {
                let status = status.unwrap_or(Status::Exited(i32::from(ExitCode::Unexpected.number())));
                let output =
                    Output { status, stdout: Vec::new(), stderr: said.into_bytes(), stdout_cut: false };
                (output.reason(), output.hint())
            };
            if code.and_then(ExitCode::from_number) == Some(ExitCode::Busy) {
                return Err(Fault::Busy(reason));
            }
            Err(Fault::Failed { verb: verb.to_owned(), reason, hint })
        }
    }
}

fn process(task: &mut HostTask) -> Result<&mut dyn Process, Fault> {
    match &mut task.process {
        Some(process) => Ok(&mut **process),
        None => Err(Fault::NotReady("not connected".into())),
    }
}

fn line(order: &HookOrder) -> Result<String, Fault> {
    serde_json::to_string(order).map_err(|error| Fault::NotReady(error.to_string()))
}

/// Keeps what a hook's event says.
fn note(task: &mut HostTask, phase: Phase, event: SwitchEvent) {
    let SwitchEvent::Hook { name, ok, seconds, output, database, drupal } = event else { return };
    if let Some(closed) = drupal.as_ref().and_then(|facts| facts.closed_seconds) {
        task.closed = Some(task.closed.unwrap_or_default() + closed);
    }
    task.found = (database, drupal);
    let (phase, host) = (phase.as_str().to_owned(), task.host.name.to_string());
    task.hooks.push(HookRun { phase, name, host, ok, seconds, output });
}
