//! The guide's tables of steps are made of the steps that run. `MKT_UPDATE=1 cargo test -p swap-release` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use inventory::Core;

use super::*;
use crate::fleet::commit::undo;
use crate::host::drupal;
use crate::host::drupal::commands;

const BEGIN: &str = "<!-- generated: steps -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_guide_shows_the_steps_that_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let guide = fs::read_to_string(&path).unwrap();
    let (before, rest) = guide.split_once(BEGIN).expect("the place of the tables");
    let (_, after) = rest.split_once(END).expect("their end");
    let made = format!("{before}{BEGIN}{}{END}{after}", tables());
    if std::env::var_os("MKT_UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), made, "MKT_UPDATE=1 cargo test -p swap-release");
}

/// A fleet of this kind of site.
fn inventory(core: &str, database: &str) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.toml");
    let text = format!(
        "[site]\ndeploy_to = \"/srv/site\"\ndrupal = \"{core}\"\n[drupal]\ndatabase = \"{database}\"\ndump = true\n\
         [hosts.web1]\naddress = \"10.0.0.1\"\n\
         [[hooks]]\nname = \"hooks that have a web server follow `current`: of after-switch and after-revert, or for php-fpm\"\n\
         phase = [\"after-switch\", \"after-revert\"]\nrun = [\"true\"]\n\
         [[hooks]]\nname = \"other hooks\"\nphase = [\"before-switch\", \"after-switch\"]\nrun = [\"true\"]\n"
    );
    fs::write(&path, text).unwrap();
    Inventory::load(&path).unwrap()
}

fn tables() -> String {
    let mut text = String::new();
    let modes =
        [("maintenance", false), ("expand", false), ("expand", true), ("none", false), ("none", true)];
    for (database, in_batches) in modes {
        let batches = if in_batches { ", in batches" } else { "" };
        _ = write!(text, "\n**activate, `database = \"{database}\"`{batches}**\n\n");
        text.push_str(&table(database, Verb::Activate, in_batches));
    }
    for in_batches in [false, true] {
        let batches = if in_batches { ", in batches" } else { "" };
        _ = write!(text, "\n**rollback, whatever `database` is{batches}**\n\n");
        let all =
            ["maintenance", "expand", "none"].map(|database| table(database, Verb::Rollback, in_batches));
        assert!(all.iter().all(|table| *table == all[0]));
        text.push_str(&all[0]);
    }
    text.push_str("\n**How it ends**\n\n");
    text.push_str(&endings());
    text.push('\n');
    text
}

fn table(database: &str, verb: Verb, in_batches: bool) -> String {
    let fleets = [inventory("8+", database), inventory("7", database)];
    let mut text =
        "| phase | step | on | drush 9 and later | drush 8, Drupal 7 |\n|---|---|---|---|---|\n".to_owned();
    for phase in [Phase::BeforeSwitch, Phase::AfterSwitch, Phase::BeforeCommit, Phase::AfterCommit] {
        let [ours, sevens] = fleets
            .each_ref()
            .map(|inventory| Around { inventory, verb, in_batches, anywhere: false, swap: "s" }.steps(phase));
        assert_eq!(ours.len(), sevens.len());
        for (step, seven) in ours.iter().zip(&sevens) {
            assert_eq!(step.name, seven.name);
            let (name, on) = (step.name.trim_start_matches("drupal: "), place(&step.on));
            let if_pending = if only_if_pending(step) { ", if updates are pending" } else { "" };
            let (drush, drush_8) = (drush(step, Core::EightUp), drush(seven, Core::Seven));
            _ = writeln!(text, "| {} | {name}{if_pending} | {on} | {drush} | {drush_8} |", phase.as_str());
            if step.prepares_drupal() {
                let asks = "[health] asks the live release which one it is; PHP has to say it";
                _ = writeln!(text, "| {} | {asks} | {on} | | |", phase.as_str());
            }
        }
        if phase == Phase::BeforeSwitch {
            let who = if in_batches {
                "every host of the batch, one batch after the other"
            } else {
                "every host at once"
            };
            _ = writeln!(text, "| | **the switch** | {who} | | |");
        }
    }
    text
}

fn place(on: &RunsOn) -> &'static str {
    match on {
        RunsOn::Every | RunsOn::Group(_) => "every host",
        RunsOn::Once(_) => "one host",
        RunsOn::Canary => "one of the first batch",
    }
}

fn only_if_pending(step: &Step) -> bool {
    match &step.action {
        StepAction::Ours(
            Action::DrupalMaintenance { if_pending, .. } | Action::DrupalRebuild { if_pending, .. },
        ) => *if_pending,
        StepAction::Ours(Action::DrupalUpdate { alone, .. }) => *alone,
        StepAction::Ours(Action::DrupalDump { drupal }) => drupal.dump == Dump::Pending,
        _ => false,
    }
}

/// drush's words, with whose drush it is.
fn drush(step: &Step, core: Core) -> String {
    let live = |words: &[&str]| format!("live: `{}`", words.join(" "));
    let new = |words: &[&str]| format!("new: `{}`", words.join(" "));
    let said = match &step.action {
        StepAction::Ours(Action::DrupalLook { updates: false, .. }) => vec![live(commands::is_closed(core))],
        StepAction::Ours(Action::DrupalLook { updates: true, .. }) => {
            vec![live(commands::is_closed(core)), new(commands::pending(core))]
        }
        StepAction::Ours(Action::DrupalDump { .. }) => vec![new(commands::DUMP)],
        StepAction::Ours(Action::DrupalMaintenance { .. }) => vec![live(commands::close(core, true))],
        StepAction::Ours(Action::DrupalNormal) => {
            [Some(commands::close(core, false)), commands::forget_closed(core)]
                .into_iter()
                .flatten()
                .map(live)
                .collect()
        }
        StepAction::Ours(Action::DrupalUpdate { alone: true, .. }) => vec![new(commands::updates(core))],
        StepAction::Ours(Action::DrupalUpdate { alone: false, .. }) => {
            commands::deploy(core).iter().map(|words| new(words)).collect()
        }
        StepAction::Ours(Action::DrupalRebuild { .. }) => vec![live(commands::rebuild(core))],
        StepAction::Ours(_) | StepAction::Arm { .. } | StepAction::Hook(_) => Vec::new(),
    };
    said.join(", ")
}

fn endings() -> String {
    let led = |switched| {
        let steps: Vec<&str> = undo::revert_steps(switched)
            .iter()
            .map(|step| match step {
                undo::RevertStep::Close => "one host closes the site",
                undo::RevertStep::Back if switched => {
                    "every host goes back to the release it had, and runs its hooks of after-revert"
                }
                undo::RevertStep::Back => "every host gives up its lock, and runs its hooks of after-revert",
                undo::RevertStep::Rebuild => "one host, and if it cannot the next, rebuilds the caches by the live release's code and opens the site",
                undo::RevertStep::Settle => "every host is told that this is done, and what remains",
            })
            .collect();
        steps.join("; ")
    };
    let steps: Vec<&str> = drupal::undo_steps(true)
        .iter()
        .map(|step| match step {
            drupal::UndoStep::Ask => "asks the database whether another host has done it",
            drupal::UndoStep::Close => "closes the site",
            drupal::UndoStep::Rebuild => "rebuilds the caches",
            drupal::UndoStep::Mark => "writes that into the database",
            drupal::UndoStep::Open => "opens the site",
        })
        .collect();
    let alone = steps.join(", ");
    let long = Duration::from_secs(1800);
    let seconds = |turn, ready| drupal::patience(turn, ready, long).as_secs();
    let order = format!(
        "the host that ran drush, {} s later, {alone}; the next ones do the same after {}, {} and {} s (sooner if `timeout` of `[drupal]` is below 30 s), unless the first \
         question is answered with yes; all wait {} s longer if the next word would have been the commit",
        seconds(0, false),
        seconds(1, false),
        seconds(2, false),
        seconds(3, false),
        seconds(0, true) - seconds(0, false),
    );
    let rows = [
        (
            "done",
            "every host forgets what it kept for an undo; what an earlier deployment left is settled"
                .to_owned(),
        ),
        ("failed before anybody switched", led(false)),
        ("failed after the switch, before or after the update", led(true)),
        (
            "SIGTERM to the controller",
            format!("every host is told to go back, and does; then, by themselves: {order}"),
        ),
        (
            "the controller is killed",
            format!(
                "every host goes back when its input ends, and runs its hooks of after-revert; then, by themselves: {order}"
            ),
        ),
        ("the lease expires", "as if the controller had been killed, at the end of the lease".to_owned()),
        (
            "a host is killed",
            format!(
                "the controller has the next host rebuild the caches; without a controller the next takes over as above; the \
                 killed one, in its next run of any verb or at boot, goes back, runs its hooks of after-revert, and then {alone}"
            ),
        ),
    ];
    let mut text = "| the swap | what is done |\n|---|---|\n".to_owned();
    for (ending, what) in rows {
        _ = writeln!(text, "| {ending} | {what} |");
    }
    text
}
