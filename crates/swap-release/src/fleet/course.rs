//! The members of a swap and what is done with all of them at once; hosts that wait hear meanwhile that we live.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fleet::health::Verdict;
use fleet::{Interrupt, Phase};
use record::host::DatabaseUpdate;
use record::{DrupalFacts, HostOutcome};

use super::member::{Member, each_kept};
use super::steps::{Around, Step, chosen};
use super::switch::Plan;
use super::{Controller, health, switch, talk};
use crate::order::{Action, HookOrder};

/// A swap under way.
pub(super) struct Course<'a> {
    pub(super) controller: &'a Controller<'a>,
    pub(super) plan: Plan,
    pub(super) members: Vec<Member>,
    /// Code of the release may have run.
    pub(super) ran: bool,
    /// The site is closed to visitors.
    pub(super) closed: bool,
    interrupt: Interrupt,
}

impl<'a> Course<'a> {
    pub(super) fn new(controller: &'a Controller<'a>, plan: &Plan, members: Vec<Member>) -> Self {
        let interrupt = Interrupt::from(controller.abort.flag());
        Self { controller, plan: plan.clone(), members, ran: false, closed: false, interrupt }
    }

    /// What is run around this swap.
    pub(super) fn around(&self) -> Around<'_> {
        self.plan.around(&self.controller.inventory)
    }

    /// Everything went well so far, and nobody wants it to end.
    pub(super) fn is_good(&self) -> bool {
        self.members.iter().all(Member::is_good) && !self.controller.abort.is_set()
    }

    /// Does something on the members that `turn` picks, until the end or an interrupt.
    pub(super) fn run(
        &mut self,
        turn: impl Fn(&Member) -> bool,
        work: impl Fn(&mut Member) + Send + Sync + 'static,
    ) {
        let turn: Vec<bool> =
            self.members.iter().map(|member| !member.is_left_out() && turn(member)).collect();
        let interrupt = self.interrupt.clone();
        self.run_on(&turn, &interrupt, work);
    }

    /// The same, for what must not end half-way.
    pub(super) fn run_to_the_end(
        &mut self,
        turn: impl Fn(&Member) -> bool,
        work: impl Fn(&mut Member) + Send + Sync + 'static,
    ) {
        let turn: Vec<bool> =
            self.members.iter().map(|member| !member.is_left_out() && turn(member)).collect();
        self.run_on(&turn, &Interrupt::never(), work);
    }

    pub(super) fn run_on(
        &mut self,
        turn: &[bool],
        interrupt: &Interrupt,
        work: impl Fn(&mut Member) + Send + Sync + 'static,
    ) {
        let every = self.plan.renew_every();
        let members = std::mem::take(&mut self.members);
        self.members = each_kept(members, turn, every, interrupt, work);
    }

    /// Hands every host what it is to run after the commit or after a revert, so that it does without us.
    pub(super) fn give_what_comes_afterwards(&mut self) {
        for phase in [Phase::AfterCommit, Phase::AfterRevert] {
            for step in self.around().steps(phase) {
                let turn = chosen(&step.on, &self.members, |_| true);
                let orders = self.orders(&step);
                let interrupt = self.interrupt.clone();
                self.run_on(&turn, &interrupt, move |member| {
                    if let Some(order) = orders(member)
                        && let Err(fault) = talk::give(member, &order)
                    {
                        member.fail(fault);
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
                (Some((number, _)), fleet::RunsOn::Canary) => number == 1,
                (Some((number, last)), fleet::RunsOn::Once(_)) => number == last,
                _ => true,
            };
            if !is_now {
                continue;
            }
            let in_batch = |member: &Member| batch.is_none_or(|(number, _)| member.batch == Some(number));
            let turn = chosen(&step.on, &self.members, in_batch);
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
        let fleet::RunsOn::Once(Some(name)) = &step.on else { return };
        let waits = self.members.iter().any(|member| member.process.is_some());
        if step.is_presets()
            && waits
            && let Some(member) = self.members.iter_mut().find(|member| member.process.is_some())
        {
            member.fail(format!(
                "`drupal.host` is `{name}`, which is not among the hosts that switch: nobody would run drush"
            ));
        }
    }

    fn obey(&mut self, turn: &[bool], step: &Step) {
        let orders = self.orders(step);
        self.ran |= step.runs_code();
        let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
        let interrupt = self.interrupt.clone();
        self.run_on(turn, &interrupt, move |member| {
            let Some(order) = orders(member) else { return };
            member.found = (None, None);
            if let Err(fault) = talk::obey(member, &order, verb, &abort) {
                member.fail(fault);
            }
        });
        self.closed = step.closes().unwrap_or(self.closed);
    }

    /// What those that a step was for have found and done to the database.
    fn found(&mut self, turn: &[bool]) -> Vec<(Option<DatabaseUpdate>, Option<DrupalFacts>)> {
        let members = self.members.iter_mut().zip(turn).filter(|(_, turn)| **turn);
        members.map(|(member, _)| std::mem::take(&mut member.found)).collect()
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
        let turn: Vec<bool> = self
            .members
            .iter()
            .zip(except)
            .map(|(member, except)| member.process.is_some() && !except)
            .collect();
        let interrupt = self.interrupt.clone();
        self.run_on(&turn, &interrupt, move |member| {
            if let Err(fault) = talk::obey(member, &order, verb, &abort) {
                member.fail(fault);
            }
        });
    }

    fn orders(&self, step: &Step) -> impl Fn(&Member) -> Option<HookOrder> + Send + Sync + use<> {
        let orders: Vec<_> = self
            .members
            .iter()
            .map(|member| {
                let turn = self.turn(member);
                (member.host.name.clone(), step.order(&member.host, self.plan.to_on(member).as_str(), turn))
            })
            .collect();
        move |member| {
            orders.iter().find(|(name, _)| *name == member.host.name).map(|(_, order)| order.clone())
        }
    }

    /// The place of a host among those that undo what the release did: who runs drush first, then the others as in the file.
    pub(super) fn turn(&self, member: &Member) -> u32 {
        let Some(drupal) = &self.controller.inventory.drupal else { return 0 };
        let first = chosen(&self.around().runs_drush_on(drupal), &self.members, |_| true);
        let mut others = 1;
        for (other, first) in self.members.iter().zip(first) {
            if other.host.name == member.host.name {
                return if first { 0 } else { others };
            }
            others += u32::from(!first);
        }
        others
    }

    /// What has the servers of each host follow `current`, by the host's name.
    pub(super) fn following(&self) -> BTreeMap<String, Vec<HookOrder>> {
        let steps = self.around().steps(Phase::AfterSwitch);
        let of = |member: &Member| {
            let is_for = |step: &&Step| {
                step.follows
                    && match &step.on {
                        fleet::RunsOn::Every => true,
                        fleet::RunsOn::Group(group) => member.host.group.as_ref() == Some(group),
                        fleet::RunsOn::Once(name) => name.as_ref() == Some(&member.host.name),
                        fleet::RunsOn::Canary => false,
                    }
            };
            let order =
                |step: &Step| step.order(&member.host, self.plan.to_on(member).as_str(), self.turn(member));
            steps.iter().filter(is_for).map(order).collect()
        };
        self.members.iter().map(|member| (member.host.name.to_string(), of(member))).collect()
    }

    /// Asks every member whether the code that is live can say which release it is, as it will be asked after the switch.
    fn ask_ahead(&mut self) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let (abort, every) = (self.controller.abort.clone(), self.plan.renew_every());
        self.run(|_| true, move |member| health::ask_ahead(member, &health, &abort, every));
    }

    /// Asks the members that `turn` picks whether they serve the release.
    pub(super) fn ask_health(&mut self, turn: impl Fn(&Member) -> bool) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let (plan, abort, every) =
            (self.plan.clone(), self.controller.abort.clone(), self.plan.renew_every());
        self.run(turn, move |member| health::probe(member, &health, &plan, &abort, every));
    }

    /// Asks the hosts that were not well on the release, and are on their former one again, the same about that.
    pub(super) fn ask_former(&mut self) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let turn = |member: &Member| {
            let was_ill = !matches!(member.finding, None | Some(Verdict::Good(_)));
            was_ill && member.outcome == HostOutcome::Reverted
        };
        if !self.members.iter().any(turn) {
            return;
        }
        self.controller.console.say("asking the former release the same, to know what that says");
        let (plan, abort) = (self.plan.clone(), self.controller.abort.clone());
        self.run(turn, move |member| health::ask_former(member, &health, &plan, &abort));
    }

    /// Marks the release as failed on every host that was asked.
    pub(super) fn mark_failed(&mut self) {
        let plan = self.plan.clone();
        self.run(|member| member.finding.is_some(), move |member| switch::mark_failed(member, &plan));
    }

    /// Lets time go by, with every host hearing of us.
    pub(super) fn pause(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        let (abort, every) = (self.controller.abort.clone(), self.plan.renew_every());
        self.run(
            |_| true,
            move |member| {
                while Instant::now() < until && abort.sleep(Duration::from_millis(50)).is_ok() {
                    member.renew(every);
                }
            },
        );
    }
}
