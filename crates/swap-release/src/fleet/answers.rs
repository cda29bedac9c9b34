//! Asking every host the same, and saying what they answered.

use std::time::Duration;

use agent::{AgentError, ask, warnings};
use inventory::Host;
use record::ExitCode;
use remote::{Argv, Interrupt, Outcome, Remote, fan_out};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::controller::{AT_ONCE, Controller};
use super::host::{Fault, remedies};
use crate::Error;

/// Hashing or deleting a large tree on a slow disk.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// What one host answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer<T> {
    pub(super) host: String,
    pub(super) reply: Option<T>,
    pub(super) error: Option<String>,
    /// What helps with that, as far as it is known.
    #[serde(skip)]
    pub(super) hint: Option<String>,
}

/// Runs a verb that answers with words; gives what it said.
pub(super) fn run(remote: &dyn Remote, argv: &Argv, verb: &str) -> Result<String, Fault> {
    let output = remote.exec(argv, b"", PATIENCE)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    } else {
        Err(AgentError::failed(verb, &output).into())
    }
}

/// Passes on why a host could not, and what it warned of.
pub(super) fn tell(controller: &Controller<'_>, answers: &[Answer<String>]) {
    for answer in answers {
        let warnings = warnings(answer.reply.as_deref().unwrap_or_default());
        for text in answer.error.as_deref().into_iter().chain(warnings) {
            controller.console.warn(format!("{}: {text}", answer.host));
        }
    }
    tell_remedies(controller, answers);
}

/// What helps those that could not.
pub(super) fn tell_remedies<T>(controller: &Controller<'_>, answers: &[Answer<T>]) {
    let hints = answers.iter().map(|answer| (answer.host.as_str(), answer.hint.as_deref()));
    remedies(hints).iter().for_each(|line| controller.console.say(line));
}

pub(super) fn ask_all<T>(controller: &Controller<'_>, argv: impl Fn(&Host) -> Argv) -> Vec<Answer<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    on_all(controller, argv, |remote, argv| Ok(ask(remote, argv, b"", PATIENCE)?))
}

pub(super) fn on_all<T: Send + 'static>(
    controller: &Controller<'_>,
    argv: impl Fn(&Host) -> Argv,
    work: impl Fn(&dyn Remote, &Argv) -> Result<T, Fault> + Send + Sync + 'static,
) -> Vec<Answer<T>> {
    let items: Vec<(Host, Argv)> = controller.hosts.iter().map(|host| (host.clone(), argv(host))).collect();
    let dial = controller.dial.clone();
    let interrupt = Interrupt::from(controller.abort.flag());
    let outcomes = fan_out::<_, _, (), _>(
        items,
        AT_ONCE,
        &interrupt,
        |_| {},
        move |(host, argv), _| dial(&host).map_err(Fault::from).and_then(|remote| work(&*remote, &argv)),
    );
    let answer = |(outcome, host): (Outcome<Result<T, Fault>>, &Host)| {
        let mut hint = None;
        let (reply, error) = match outcome {
            Outcome::Done(Ok(reply)) => (Some(reply), None),
            Outcome::Done(Err(fault)) => {
                hint = fault.hint();
                (None, Some(fault.to_string()))
            }
            Outcome::NotBegun | Outcome::LeftBehind => (None, Some("terminated".to_owned())),
            Outcome::Panicked => {
                (None, Some("a defect in swap-release ended the work on this host".to_owned()))
            }
        };
        Answer { host: host.name.to_string(), reply, error, hint }
    };
    outcomes.into_iter().zip(&controller.hosts).map(answer).collect()
}

/// Says what was asked for.
pub(super) fn answer(controller: &Controller<'_>, text: &str) -> Result<(), Error> {
    let out = std::path::Path::new("standard output");
    controller.console.answer(text).map_err(|source| Error::write(out, source))
}

pub(super) fn finish<T: Serialize>(
    controller: &Controller<'_>,
    answers: &[Answer<T>],
    json: bool,
    head: &[&str],
    row: impl Fn(&Answer<T>) -> Vec<String>,
) -> Result<ExitCode, Error> {
    if json {
        let out = std::path::Path::new("standard output");
        let mut bytes = serde_json::to_vec_pretty(answers)
            .map_err(|source| Error::State { path: out.to_owned(), source })?;
        bytes.push(b'\n');
        controller.console.data(&bytes).map_err(|source| Error::write(out, source))?;
    } else {
        let rows: Vec<Vec<String>> = answers.iter().map(row).collect();
        answer(controller, &cli::table(head, &rows))?;
        tell_remedies(controller, answers);
    }
    controller.abort.check()?;
    result(answers.iter().filter(|answer| answer.error.is_some()).count(), answers.len())
}

pub(super) fn result(failed: usize, all: usize) -> Result<ExitCode, Error> {
    if failed == 0 { Ok(ExitCode::Ok) } else { Err(Error::FleetVerb { failed, all }) }
}
