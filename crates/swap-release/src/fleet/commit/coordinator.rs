//! What is done with all hosts of a swap at once; those that wait get a sign of life from the controller meanwhile.

use std::time::{Duration, Instant};

use inventory::Phase;
use record::host::DatabaseUpdate;
use record::{DrupalFacts, HostOutcome};
use remote::Interrupt;
use remote::health::Verdict;

use super::host_task::{HostTask, Waiting, each_kept};
use super::plan::Plan;
use super::steps::{Around, Step, chosen};
use super::{health, switch, talk};
use crate::fleet::controller::Controller;
use crate::order::{Action, HookOrder};

/// A swap under way.
pub(super) struct Coordinator<'a> {
    pub(super) controller: &'a Controller<'a>,
    pub(super) plan: Plan,
    pub(super) tasks: Vec<HostTask>,
    /// Code of the release may have run.
    pub(super) ran: bool,
    /// The site is closed to visitors.
    pub(super) closed: bool,
    interrupt: Interrupt,
    waiting: Waiting,
}

impl<'a> Coordinator<'a> {
    pub(super) fn new(controller: &'a Controller<'a>, plan: &Plan, tasks: Vec<HostTask>) -> Self {
        let interrupt = Interrupt::from(controller.abort.flag());
        let waiting = Waiting::new(controller.abort);
        Self { controller, plan: plan.clone(), tasks, ran: false, closed: false, interrupt, waiting }
    }

    /// What is run around this swap.
    pub(super) fn around(&self) -> Around<'_> {
        self.plan.around(&self.controller.inventory)
    }

    /// Everything went well so far, and nobody wants it to end.
    pub(super) fn is_good(&self) -> bool {
        self.tasks.iter().all(HostTask::is_good) && !self.controller.abort.is_set()
    }

    /// Does something on the tasks that `turn` picks, until the end or an interrupt.
    pub(super) fn run(
        &mut self,
        turn: impl Fn(&HostTask) -> bool,
        work: impl Fn(&mut HostTask) + Send + Sync + 'static,
    ) {
        let turn: Vec<bool> = self.tasks.iter().map(|task| !task.is_left_out() && turn(task)).collect();
        let interrupt = self.interrupt.clone();
        self.run_on(&turn, &interrupt, work);
    }

    /// The same, for what must not end half-way.
    pub(super) fn run_to_the_end(
        &mut self,
        turn: impl Fn(&HostTask) -> bool,
        work: impl Fn(&mut HostTask) + Send + Sync + 'static,
    ) {
        let turn: Vec<bool> = self.tasks.iter().map(|task| !task.is_left_out() && turn(task)).collect();
        self.run_on(&turn, &Interrupt::never(), work);
    }

    pub(super) fn run_on(
        &mut self,
        turn: &[bool],
        interrupt: &Interrupt,
        work: impl Fn(&mut HostTask) + Send + Sync + 'static,
    ) {
        let every = self.plan.renew_every();
        let tasks = std::mem::take(&mut self.tasks);
        self.tasks = each_kept(tasks, turn, every, (interrupt, &self.waiting), work);
    }

    /// Hands every host what it is to run after the commit or after a revert, so that it does without us.
    pub(super) fn give_what_comes_afterwards(&mut self) {
        for phase in [Phase::AfterCommit, Phase::AfterRevert] {
            for step in self.around().steps(phase) {
                let turn = chosen(&step.on, &self.tasks, |_| true);
                let orders = self.orders(&step);
                let interrupt = self.interrupt.clone();
                self.run_on(&turn, &interrupt, move |task| {
                    if let Some(order) = orders(task)
                        && let Err(fault) = talk::give(task, &order)
                    {
                        task.fail(fault);
                    }
                });
            }
        }
    }

    /// Runs the hooks of a phase, one after the other, each on all its hosts at once; ends at the first that fails.
    /// With `batch`, those that run once wait for the last one.
    pub(super) fn hooks(&mut self, phase: Phase, batch: Option<(u32, u32)>) {
        for step in self.around().steps(phase) {
            let is_now = match (batch, &step.on) {
                (Some((number, _)), inventory::RunsOn::Canary) => number == 1,
                (Some((number, last)), inventory::RunsOn::Once(_)) => number == last,
                _ => true,
            };
            if !is_now {
                continue;
            }
            let in_batch = |task: &HostTask| batch.is_none_or(|(number, _)| task.batch == Some(number));
            let turn = chosen(&step.on, &self.tasks, in_batch);
            if !turn.contains(&true) {
                self.expect_somebody(&step);
                continue;
            }
            self.controller.console.say(format!("{}: {}", phase.as_str(), step.name));
            self.obey(&turn, &step);
            let found = self.found(&turn);
            self.tell_of(&found, &turn, phase);
            if step.prepares_drupal() && self.is_good() {
                self.ask_ahead();
            }
            if !self.is_good() {
                return;
            }
        }
    }

    /// A step of the preset that nobody is there to do is none that may be left out.
    fn expect_somebody(&mut self, step: &Step) {
        let inventory::RunsOn::Once(Some(name)) = &step.on else { return };
        let waits = self.tasks.iter().any(|task| task.process.is_some());
        if step.is_presets()
            && waits
            && let Some(task) = self.tasks.iter_mut().find(|task| task.process.is_some())
        {
            task.fail(format!(
                "`drupal.host` is `{name}`, which is not among the hosts that switch: nobody would run drush"
            ));
        }
    }

    fn obey(&mut self, turn: &[bool], step: &Step) {
        let orders = self.orders(step);
        self.ran |= step.runs_code();
        let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
        let interrupt = self.interrupt.clone();
        self.run_on(turn, &interrupt, move |task| {
            let Some(order) = orders(task) else { return };
            task.found = (None, None);
            if let Err(fault) = talk::obey(task, &order, verb, &abort) {
                task.fail(fault);
            }
        });
        self.closed = step.closes().unwrap_or(self.closed);
    }

    /// What those that a step was for have found and done to the database.
    fn found(&mut self, turn: &[bool]) -> Vec<(Option<DatabaseUpdate>, Option<DrupalFacts>)> {
        let tasks = self.tasks.iter_mut().zip(turn).filter(|(_, turn)| **turn);
        tasks.map(|(task, _)| std::mem::take(&mut task.found)).collect()
    }

    /// The database is everybody's: every host is to know that its former code is not to come back, and all that an undo needs.
    fn tell_of(
        &mut self,
        found: &[(Option<DatabaseUpdate>, Option<DrupalFacts>)],
        turn: &[bool],
        phase: Phase,
    ) {
        let (everybody, others) = (vec![false; turn.len()], turn.to_vec());
        for (update, facts) in found {
            if let Some(update) = update {
                let update = Action::DatabaseUpdated { update: update.clone() };
                self.tell("drupal: database was updated", update, &everybody, phase);
            }
            // Where every host was asked there is nobody else to be told.
            if let Some(facts) = facts
                && found.len() == 1
            {
                let facts = DrupalFacts { closed_seconds: None, ..facts.clone() };
                self.tell("drupal: what was found", Action::DrupalKnow { facts }, &others, phase);
            }
        }
    }

    /// Has all hosts that wait, but those of `except`, take something down.
    fn tell(&mut self, name: &str, action: Action, except: &[bool], phase: Phase) {
        let order = HookOrder { name: name.into(), phase, timeout_ms: 30_000, action };
        let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
        let turn: Vec<bool> =
            self.tasks.iter().zip(except).map(|(task, except)| task.process.is_some() && !except).collect();
        let interrupt = self.interrupt.clone();
        self.run_on(&turn, &interrupt, move |task| {
            if let Err(fault) = talk::obey(task, &order, verb, &abort) {
                task.fail(fault);
            }
        });
    }

    fn orders(&self, step: &Step) -> impl Fn(&HostTask) -> Option<HookOrder> + Send + Sync + use<> {
        let orders: Vec<_> = self
            .tasks
            .iter()
            .map(|task| {
                let turn = self.turn(task);
                (task.host.name.clone(), step.order(&task.host, self.plan.to_on(task).as_str(), turn))
            })
            .collect();
        move |task| orders.iter().find(|(name, _)| *name == task.host.name).map(|(_, order)| order.clone())
    }

    /// The place of a host among those that undo what the release did: who runs drush first, then the others as in the file.
    pub(super) fn turn(&self, task: &HostTask) -> u32 {
        let Some(drupal) = &self.controller.inventory.drupal else { return 0 };
        let first = chosen(&self.around().runs_drush_on(drupal), &self.tasks, |_| true);
        let mut others = 1;
        for (other, first) in self.tasks.iter().zip(first) {
            if other.host.name == task.host.name {
                return if first { 0 } else { others };
            }
            others += u32::from(!first);
        }
        others
    }

    /// Gives each host what has its servers follow `current`.
    pub(super) fn give_what_follows(&mut self) {
        let steps = self.around().steps(Phase::AfterSwitch);
        let of = |task: &HostTask| {
            let is_for = |step: &&Step| {
                step.follows
                    && match &step.on {
                        inventory::RunsOn::Every => true,
                        inventory::RunsOn::Group(group) => task.host.group.as_ref() == Some(group),
                        inventory::RunsOn::Once(name) => name.as_ref() == Some(&task.host.name),
                        inventory::RunsOn::Canary => false,
                    }
            };
            let order = |step: &Step| step.order(&task.host, self.plan.to_on(task).as_str(), self.turn(task));
            steps.iter().filter(is_for).map(order).collect()
        };
        let all: Vec<Vec<HookOrder>> = self.tasks.iter().map(of).collect();
        for (task, follow) in self.tasks.iter_mut().zip(all) {
            task.follow = follow;
        }
    }

    /// Asks every host whether the code that is live can say which release it is, as it will be asked after the switch.
    fn ask_ahead(&mut self) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let (abort, every) = (self.controller.abort.clone(), self.plan.renew_every());
        self.run(|_| true, move |task| health::ask_ahead(task, &health, &abort, every));
    }

    /// Asks the hosts that `turn` picks whether they serve the release.
    pub(super) fn ask_health(&mut self, turn: impl Fn(&HostTask) -> bool) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let (plan, abort, every) =
            (self.plan.clone(), self.controller.abort.clone(), self.plan.renew_every());
        self.run(turn, move |task| health::probe(task, &health, &plan, &abort, every));
    }

    /// Asks the hosts that were not well on the release, and are on their former one again, the same about that.
    pub(super) fn ask_former(&mut self) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let turn = |task: &HostTask| {
            let was_ill = !matches!(task.finding, None | Some(Verdict::Good(_)));
            was_ill && task.outcome == HostOutcome::Reverted
        };
        if !self.tasks.iter().any(turn) {
            return;
        }
        self.controller.console.say("asking the former release the same, to know what that says");
        let (plan, abort) = (self.plan.clone(), self.controller.abort.clone());
        self.run(turn, move |task| health::ask_former(task, &health, &plan, &abort));
    }

    /// Marks the release as failed on every host that was asked.
    pub(super) fn mark_failed(&mut self) {
        let plan = self.plan.clone();
        self.run(|task| task.finding.is_some(), move |task| switch::mark_failed(task, &plan));
    }

    /// Lets time go by, with every host hearing of us.
    pub(super) fn pause(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        let (abort, every) = (self.controller.abort.clone(), self.plan.renew_every());
        self.run(
            |_| true,
            move |task| {
                loop {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() || abort.sleep(left.min(task.renews_in(every))).is_err() {
                        return;
                    }
                    task.renew(every);
                }
            },
        );
    }
}
