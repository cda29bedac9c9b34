//! Taking in what is served, on every host on which it is no release yet: all of them are looked at before the first is
//! changed.

use std::path::Path;

use inventory::Host;
use record::host::{AdoptReply, Served};
use record::{ExitCode, ReleaseId};
use remote::Argv;

use super::answers;
use super::answers::{Answer, PATIENCE};
use super::controller::Controller;
use super::run::Run;
use crate::Error;
use crate::host::verbs::adopt::lines as obstacle_lines;

/// Adopts, or with `dry_run` only looks.
pub(crate) fn adopt(
    controller: &Controller<'_>,
    from: Option<&Path>,
    dry_run: bool,
) -> Result<ExitCode, Error> {
    let argv = |host: &Host| {
        let argv = controller.argv(host, "adopt");
        let argv =
            from.map_or(argv.clone(), |from| argv.arg("--from").arg(from.to_string_lossy().into_owned()));
        let shared = controller.inventory.site.shared.iter().map(ToString::to_string);
        shared.fold(argv, |argv, path| argv.args(["--shared".to_owned(), path]))
    };
    let looking = |host: &Host| argv(host).args(["--dry-run", "--json"]);
    let looked = answers::on_all(controller, looking, |remote, argv| {
        Ok(agent::ask::<AdoptReply>(remote, argv, b"", PATIENCE)?)
    });
    controller.abort.check()?;
    let mut stopped = 0;
    for answer in &looked {
        stopped += usize::from(tell(controller, answer, dry_run)?);
    }
    if stopped > 0 {
        controller.console.warn("nothing was changed on any host");
        return Err(Error::FleetVerb { failed: stopped, all: looked.len() });
    }
    if dry_run {
        return Ok(ExitCode::Ok);
    }
    let id = name(&looked);
    let run = Run::new("adopt");
    let act = |host: &Host| run.with(argv(host).args(["--release-id", id.as_str()]), host);
    let answers = answers::on_all(controller, act, |remote, argv: &Argv| answers::run(remote, argv, "adopt"));
    answers::tell(controller, &answers);
    let served = |reply: &AdoptReply| matches!(reply.serves, Served::Directory | Served::Link);
    for (looked, answer) in looked.iter().zip(&answers) {
        if answer.error.is_none() && looked.reply.as_ref().is_some_and(served) {
            controller
                .console
                .say(format!("{}: it is release `{id}` now, and rollback leads to it", answer.host));
        }
    }
    answers::result(answers.iter().filter(|answer| answer.error.is_some()).count(), answers.len())
}

/// One name for all, or they could not go back to it together: that of those which were taken in by a run before.
fn name(looked: &[Answer<AdoptReply>]) -> String {
    let live = looked.iter().filter_map(|answer| answer.reply.as_ref()?.release.as_ref());
    let before = live.map(ReleaseId::as_str).filter(|id| id.starts_with("adopted-")).max();
    before.map_or_else(crate::host::verbs::adopt::name_now, str::to_owned)
}

/// Says what there is on a host, on standard output if that is `asked_for`; whether something stands in the way.
fn tell(controller: &Controller<'_>, answer: &Answer<AdoptReply>, asked_for: bool) -> Result<bool, Error> {
    let (console, host) = (controller.console, &answer.host);
    if let Some(error) = &answer.error {
        console.warn(format!("{host}: {error}"));
        if let Some(hint) = &answer.hint {
            console.say(format!("{host}: remedy: {hint}"));
        }
    }
    let Some(reply) = &answer.reply else { return Ok(true) };
    let say = |text: String| match asked_for {
        true => answers::answer(controller, &cli::sanitize(&text)),
        false => {
            console.say(text);
            Ok(())
        }
    };
    let what = match reply.serves {
        Served::Nothing => "nothing is served yet",
        Served::Release => "a release is live already",
        Served::Directory => "`current` is a directory",
        Served::Link => "`current` leads to a directory that is no release",
        Served::Dangling => "`current` leads nowhere",
    };
    say(format!("{host}: {what}"))?;
    for path in &reply.moves {
        say(format!("{host}: `{path}` moves to shared/"))?;
    }
    for obstacle in &reply.obstacles {
        console.warn(format!("{host}: {}", obstacle.found));
        for line in obstacle_lines(obstacle) {
            console.say(format!("{host} {line}"));
        }
    }
    Ok(!reply.obstacles.is_empty())
}
