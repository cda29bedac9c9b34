//! The members of a swap and what is done with all of them at once; hosts that wait hear meanwhile that we live.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fleet::{Interrupt, Phase};
use record::host::DatabaseUpdate;

use super::host::Fault;
use super::member::{Member, each_kept};
use super::steps::{Step, chosen, steps};
use super::switch::Plan;
use super::{Controller, health, talk};
use crate::order::{Action, HookOrder};

/// A swap under way.
pub(super) struct Course<'a> {
    controller: &'a Controller<'a>,
    pub(super) plan: Plan,
    pub(super) members: Vec<Member>,
    interrupt: Interrupt,
}

impl<'a> Course<'a> {
    pub(super) fn new(controller: &'a Controller<'a>, plan: &Plan, members: Vec<Member>) -> Self {
        let interrupt = Interrupt::from(controller.abort.flag());
        Self { controller, plan: plan.clone(), members, interrupt }
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

    fn run_on(
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
            for step in steps(&self.controller.inventory, self.plan.verb, phase) {
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
        for step in steps(&self.controller.inventory, self.plan.verb, phase) {
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
                continue;
            }
            self.controller.console.say(format!("{}: {}", phase.as_str(), step.name));
            let updates = self.obey(&turn, &step);
            self.tell_of(&updates, phase);
            if !self.is_good() {
                return;
            }
        }
    }

    fn obey(&mut self, turn: &[bool], step: &Step) -> Vec<DatabaseUpdate> {
        let orders = self.orders(step);
        let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
        let updates: Arc<std::sync::Mutex<Vec<DatabaseUpdate>>> = Arc::default();
        let found = updates.clone();
        let interrupt = self.interrupt.clone();
        self.run_on(turn, &interrupt, move |member| {
            let Some(order) = orders(member) else { return };
            match talk::obey(member, &order, verb, &abort) {
                Ok(update) => {
                    found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(update);
                }
                Err(fault) => {
                    member.refuted |= matches!(fault, Fault::Hook { .. });
                    member.fail(fault);
                }
            }
        });
        let mut updates = updates.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *updates)
    }

    /// The database is everybody's: every host is to know that its former code is not to come back.
    fn tell_of(&mut self, updates: &[DatabaseUpdate], phase: Phase) {
        for update in updates {
            let order = HookOrder {
                name: "drupal: database was updated".into(),
                phase,
                timeout_ms: 30_000,
                action: Action::DatabaseUpdated { update: update.clone() },
            };
            let (verb, abort) = (self.plan.verb_name(), self.controller.abort.clone());
            let turn: Vec<bool> = self.members.iter().map(|member| member.process.is_some()).collect();
            let interrupt = self.interrupt.clone();
            self.run_on(&turn, &interrupt, move |member| {
                if let Err(fault) = talk::obey(member, &order, verb, &abort) {
                    member.fail(fault);
                }
            });
        }
    }

    fn orders(&self, step: &Step) -> impl Fn(&Member) -> Option<HookOrder> + Send + Sync + use<> {
        let orders: Vec<_> = self
            .members
            .iter()
            .map(|member| (member.host.name.clone(), step.order(&member.host, self.plan.to.as_str())))
            .collect();
        move |member| {
            orders.iter().find(|(name, _)| *name == member.host.name).map(|(_, order)| order.clone())
        }
    }

    /// Asks the members that `turn` picks whether they serve the release.
    pub(super) fn ask_health(&mut self, turn: impl Fn(&Member) -> bool) {
        let Some(health) = self.controller.inventory.health.clone() else { return };
        let (to, abort, every) =
            (self.plan.to.clone(), self.controller.abort.clone(), self.plan.renew_every());
        self.run(turn, move |member| health::probe(member, &health, &to, &abort, every));
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
