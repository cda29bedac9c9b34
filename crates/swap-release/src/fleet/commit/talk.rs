//! The protocol with `swap-release` on a host that waits for a decision: one word or order a line, one event a line back.

use std::time::{Duration, Instant};

use agent::{AgentError, Conversation, warnings};
use cli::Abort;
use inventory::Phase;
use record::host::SwitchEvent;
use record::{ExitCode, HookRun};

use super::host_task::HostTask;
use crate::fleet::host::Fault;
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
    process(task)?.say(word, deadline)?;
    task.touch();
    Ok(())
}

/// Has the host keep a hook for afterwards.
pub(super) fn give(task: &mut HostTask, order: &HookOrder) -> Result<(), Fault> {
    process(task)?.order(order, Instant::now() + WORD)?;
    task.touch();
    Ok(())
}

/// Has the host run a hook now, and waits for its end. A hook that failed is a fault; all are written down.
pub(super) fn obey(task: &mut HostTask, order: &HookOrder, verb: &str, abort: &Abort) -> Result<(), Fault> {
    give(task, order)?;
    let until = Instant::now() + order.timeout() + BEYOND;
    loop {
        if abort.is_set() {
            return Err(Fault::NotReady("terminated".into()));
        }
        let event = match process(task)?.hear(until.min(Instant::now() + GLANCE)).map_err(unheard)? {
            Some(event) => event,
            None if Instant::now() < until => continue,
            None => return Err(late(verb)),
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
    let said = task.process.as_ref().map(Conversation::stderr).unwrap_or_default();
    // It is asked more than once, and says all each time.
    for warning in warnings(&said) {
        if !task.remarks.iter().any(|known| known == warning) {
            task.remarks.push(warning.to_owned());
        }
    }
}

fn hear(task: &mut HostTask, phase: Phase, deadline: Instant) {
    while let Some(process) = &mut task.process {
        match process.hear(deadline) {
            Ok(Some(event)) => note(task, phase, event),
            Err(AgentError::Answer { .. }) => {}
            Ok(None) | Err(_) => return,
        }
    }
}

/// The next event, whatever it is.
pub(super) fn next_event(
    process: &mut Conversation,
    verb: &str,
    deadline: Instant,
) -> Result<SwitchEvent, Fault> {
    process.hear(deadline).map_err(unheard)?.ok_or_else(|| late(verb))
}

fn late(verb: &str) -> Fault {
    Fault::NotReady(format!("no answer to `{verb}` in time"))
}

/// Why nothing more comes: a host whose lock somebody else holds says so by its exit code.
fn unheard(error: AgentError) -> Fault {
    match (error.exit_code(), error) {
        (Some(ExitCode::Busy), AgentError::Failed { reason, .. }) => Fault::Busy(reason),
        (_, error) => error.into(),
    }
}

fn process(task: &mut HostTask) -> Result<&mut Conversation, Fault> {
    match &mut task.process {
        Some(process) => Ok(process),
        None => Err(Fault::NotReady("not connected".into())),
    }
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
