//! Removing old releases.

use inventory::Host;
use record::ExitCode;
use record::host::PruneReply;

use super::answers::{Answer, answer, ask_all, finish, result, tell_remedies};
use super::controller::Controller;
use super::run::Run;
use crate::Error;
use crate::host::job::PruneJob;

/// Removes old releases everywhere.
pub(crate) fn prune(controller: &Controller<'_>, job: PruneJob, asked_for: bool) -> Result<ExitCode, Error> {
    let keep = job.keep.unwrap_or(controller.inventory.site.keep).to_string();
    let grace = job.grace.map(|grace| format!("{}s", grace.as_secs()));
    let run = Run::new("prune");
    let answers = ask_all::<PruneReply>(controller, |host: &Host| {
        let argv = controller.argv(host, "prune").args(["--json", "--keep", keep.as_str()]);
        let argv = grace.as_deref().map_or(argv.clone(), |grace| argv.args(["--grace", grace]));
        if job.dry_run { argv.arg("--dry-run") } else { run.with(argv, host) }
    });
    if job.json {
        return finish(controller, &answers, true, &[], |_| Vec::new());
    }
    for Answer { host, reply, error, .. } in &answers {
        let mut lines = reply.as_ref().map(PruneReply::lines).unwrap_or_default();
        if lines.is_empty() && job.dry_run && error.is_none() {
            lines.push("nothing to remove".to_owned());
        }
        for line in lines.iter().map(|line| format!("{host}: {line}")) {
            // After a commit it is one of the things that are done on the way.
            if asked_for {
                answer(controller, &cli::sanitize(&line))?;
            } else {
                controller.console.say(line);
            }
        }
        let warnings = reply.as_ref().map(PruneReply::warnings).unwrap_or_default();
        for text in error.iter().chain(&warnings) {
            controller.console.warn(format!("{host}: {text}"));
        }
    }
    tell_remedies(controller, &answers);
    result(answers.iter().filter(|answer| answer.error.is_some()).count(), answers.len())
}
