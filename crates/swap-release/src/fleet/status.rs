//! Who serves what.

use record::host::HostStatus;
use record::{ExitCode, ReleaseId};

use super::answers::{Answer, ask_all, finish};
use super::controller::Controller;
use super::own_name::own_name;
use crate::Error;

/// Who serves what.
pub(crate) fn status(controller: &Controller<'_>, json: bool) -> Result<ExitCode, Error> {
    let answers = ask_all::<HostStatus>(controller, |host| controller.argv(host, "status").arg("--json"));
    let most = most(&answers);
    let mut replies = answers.iter().filter_map(|answer| answer.reply.as_ref());
    let theirs = most.as_ref().and_then(|id| replies.find_map(|status| status.release(id)));
    let is_theirs = |status: &HostStatus| {
        let own = theirs.and_then(|known| own_name(status, &known.release));
        status.current == most || (own.is_some() && own == status.current)
    };
    let row = |answer: &Answer<HostStatus>| {
        let name = |id: Option<&ReleaseId>| id.map_or_else(|| "-".to_owned(), ToString::to_string);
        let status = answer.reply.as_ref();
        let since = status
            .and_then(|status| status.current.as_ref().and_then(|id| status.release(id)))
            .map_or_else(|| "-".to_owned(), |known| known.since.clone());
        vec![
            answer.host.clone(),
            name(status.and_then(|status| status.current.as_ref())),
            match status {
                None => "?".to_owned(),
                Some(status) if is_theirs(status) => "-".to_owned(),
                Some(_) => "differs".to_owned(),
            },
            since,
            name(status.and_then(|status| status.previous.as_ref())),
            answer
                .error
                .clone()
                .or_else(|| status.and_then(|status| status.busy.clone()))
                .or_else(|| {
                    let foreign = status.and_then(|status| status.foreign.as_ref())?;
                    Some(format!("`current` leads to {foreign}"))
                })
                .unwrap_or_default(),
        ]
    };
    let head = ["host", "current", "drift", "since", "previous", ""];
    let result = finish(controller, &answers, json, &head, row);
    if !json {
        tell_undone(controller, &answers);
    }
    result
}

/// What deployments that were taken back left: of each host the caches that it owes, and once what remains for a person.
fn tell_undone(controller: &Controller<'_>, answers: &[Answer<HostStatus>]) {
    let mut told = None;
    for answer in answers {
        let Some(status) = &answer.reply else { continue };
        for hook in &status.hooks {
            controller.console.warn(format!(
                "{}: {}",
                answer.host,
                crate::host::verbs::status::follows_not(hook)
            ));
        }
        if let Some(owed) = &status.owed {
            controller.console.warn(format!("{}: {}", answer.host, crate::host::verbs::status::owes(owed)));
        }
        if let Some(remains) = &status.remains
            && told != Some((&remains.release, &remains.at))
        {
            told = Some((&remains.release, &remains.at));
            for line in crate::host::verbs::status::told(remains).lines() {
                controller.console.warn(line);
            }
        }
    }
}

/// What most of those that answered serve; a host that serves anything else has drifted.
fn most(answers: &[Answer<HostStatus>]) -> Option<ReleaseId> {
    let served: Vec<&Option<ReleaseId>> =
        answers.iter().filter_map(|answer| answer.reply.as_ref()).map(|status| &status.current).collect();
    let count = |id: &Option<ReleaseId>| served.iter().filter(|other| **other == id).count();
    served.iter().max_by_key(|id| count(id)).and_then(|id| (*id).clone())
}
