//! `fleet-push converge`: hosts that were away while the others went live follow them, before they serve.
//!
//! - `standing`: which release the fleet serves, told by the hosts;
//! - `activate`: one host goes live on it, by itself;
//! - `report`: what is left behind.
//!
//! The hosts that lack the release get it by an ordinary push of just them. Then each is switched as a fleet of one, by
//! its own `swap-release converge`, with the health check and the hooks of `fleet.toml`: a host that is not well on the
//! release goes back, and no other host has anything to do with it.

mod activate;
mod report;
mod standing;

use std::sync::Arc;
use std::time::Instant;

use cli::{Abort, Console};
use inventory::{Engine, Host, Inventory};
use record::host::HostStatus;
use record::{
    ConvergeOutcome, ExitCode, Input, Loaded, Pack, Publish, PushSeeder, PushState, Records, Release, Swap,
};
use remote::{Event, Interrupt, Outcome, fan_out};

use self::activate::Activated;
use self::report::{ConvergingHost, Report};
use crate::Error;
use crate::error::Fault;
use crate::hosts::reach::Dial;
use crate::hosts::staging;
use crate::job::clock::Clock;
use crate::job::{Job, owner};
use crate::push::deliver::{Delivery, deliver};
use crate::push::peer_policy::peer_policy;
use crate::push::retry::delay;
use crate::push::settings::PushSettings;
use crate::show::report::expect_junit;
use crate::show::words::count;

/// What a host answered; why there is no answer.
type Answer = Result<HostStatus, String>;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct ConvergeRequest {
    pub(crate) settings: PushSettings,
    /// Only print what would be done.
    pub(crate) dry_run: bool,
}

/// Brings the chosen hosts to the release that the fleet serves.
pub(crate) fn converge(
    request: &ConvergeRequest,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let ConvergeRequest { settings, dry_run } = request;
    let interrupt = Interrupt::from(abort.flag());
    let inventory = settings.reach.inventory()?;
    let hosts = settings.reach.choose(&inventory)?;
    let fleet = settings.reach.whole(&inventory, &hosts);
    let records = Records::new(&settings.records);
    let publish = records.load::<Publish>()?;
    records.check_chain::<Pack, _>(&publish)?;
    let options = settings.reach.options(&fleet, &interrupt)?;
    let clock = Clock::start(settings.timeout, interrupt.clone());
    let dial: Dial = Arc::new(move |host| remote::connect(host, &options));

    console.say(format!("asking {} which release the fleet serves", count(fleet.len())));
    let answers = ask(settings, &fleet, &dial, &clock);
    if abort.is_set() {
        return Err(Error::Aborted);
    }
    let release = publish.record.release.clone();
    expect_live(&records, &publish, &fleet, &answers)?;
    let answer = |host: &Host| {
        let found = fleet.iter().zip(&answers).find(|(asked, _)| asked.name == host.name);
        found.map_or_else(|| Err("was not asked".to_owned()), |(_, answer)| answer.clone())
    };
    let mut states: Vec<ConvergingHost> =
        hosts.iter().map(|host| ConvergingHost::begin(host, answer(host), &release)).collect();
    let behind: Vec<&str> =
        states.iter().filter(|state| state.is_behind()).map(|state| state.host.name.as_str()).collect();
    let names = if behind.is_empty() { "nobody".to_owned() } else { standing::list(&behind) };
    console.say(format!("the fleet serves {}; behind: {names}", release.id));
    for state in states.iter().filter(|state| state.outcome == ConvergeOutcome::Absent) {
        let why = state.error.as_deref().unwrap_or_default();
        console.warn(format!("{} cannot be asked: {why}", state.host.name));
    }

    if *dry_run {
        return report::dry_run(&states, console);
    }
    // Rather than after the switch.
    records.expect_writable::<record::Converge>()?;
    expect_junit(&settings.junit)?;
    let lenders = fleet.iter().zip(&answers).filter(|(_, answer)| serves(answer, &release));
    let lenders: Vec<Host> = lenders.map(|(host, _)| host.clone()).collect();
    let push = MissingPush {
        settings,
        inventory: &inventory,
        records: &records,
        publish: &publish,
        lenders: &lenders,
    };
    let seeder = push.run(&mut states, console, abort)?;
    if states.iter().any(ConvergingHost::was_pushed) && !abort.is_set() {
        // That took its time.
        let answers = ask(settings, &lenders, &dial, &clock);
        expect_still(&lenders, &answers, &release, &mut states);
    }
    switch(settings, &inventory, &release, &mut states, &dial, &clock, console)?;
    let input = Input { file: publish.input.file.clone(), sha256: publish.input.sha256 };
    Report { states, seeder, aborted: abort.is_set() }.end(&records, &settings.junit, release, input, console)
}

/// Every host's status, all asked at the same time.
fn ask(settings: &PushSettings, fleet: &[Host], dial: &Dial, clock: &Clock) -> Vec<Answer> {
    let (dial, interrupt, clock) = (Arc::clone(dial), clock.interrupt(), clock.clone());
    let outcomes = fan_out(
        fleet.to_vec(),
        settings.reach.parallel,
        interrupt,
        |_: Event<()>| (),
        move |host, _| ask_one(&host, &dial, &clock).map_err(|fault| fault.beside()),
    );
    let defect = || Err("a defect in fleet-push ended the work on this host".to_owned());
    outcomes.into_iter().map(|outcome| outcome.done().unwrap_or_else(defect)).collect()
}

/// A host's status; once more over a new connection if the first broke.
fn ask_one(host: &Host, dial: &Dial, clock: &Clock) -> Result<HostStatus, Fault> {
    let ask = || staging::status(&*dial(host)?, host);
    match ask() {
        Err(fault) if fault.is_connection_loss() => {
            clock.pause(delay(0))?;
            ask()
        }
        answer => answer,
    }
}

/// Whether a host has exactly this release live.
fn serves(answer: &Answer, release: &Release) -> bool {
    answer.as_ref().is_ok_and(|status| {
        status.current.as_ref() == Some(&release.id) && status.has(&release.id, &release.tree_digest)
    })
}

/// Expects the records to be those of the release that the fleet serves.
fn expect_live(
    records: &Records,
    publish: &Loaded<Publish>,
    fleet: &[Host],
    answers: &[Answer],
) -> Result<(), Error> {
    let swap = records.load::<Swap>().ok().map(|swap| swap.record.details);
    let currents: Vec<(&str, standing::Current<'_>)> = fleet
        .iter()
        .zip(answers)
        .map(|(host, answer)| {
            (host.name.as_str(), answer.as_ref().ok().map(|status| status.current.as_ref()))
        })
        .collect();
    let live = standing::live(&currents, swap.as_ref())
        .map_err(|divided| Error::NoFleetRelease { why: divided.why, code: divided.code })?;
    let ours = &publish.record.release;
    let wrong = |what: String| Err(Error::OtherLive { path: publish.path.clone(), what });
    if live != ours.id {
        return wrong(format!("is about release `{}`, but the fleet serves `{live}`", ours.id));
    }
    // The same name for another tree would be another site.
    let proved = answers.iter().any(|answer| serves(answer, ours));
    if !proved {
        return wrong(format!(
            "is about another tree than that of the release `{live}` which the fleet serves"
        ));
    }
    Ok(())
}

/// Keeps everybody where he is if the fleet has gone on meanwhile: a host that was brought to what it served would be the
/// one that differs. A host that does not answer any more says nothing.
fn expect_still(hosts: &[Host], answers: &[Answer], release: &Release, states: &mut [ConvergingHost]) {
    let gone = hosts.iter().zip(answers).find(|(_, answer)| answer.is_ok() && !serves(answer, release));
    if let Some((host, _)) = gone {
        for state in states.iter_mut().filter(|state| state.is_ready()) {
            state.error = Some(format!("not switched: meanwhile {} went on from {}", host.name, release.id));
        }
    }
}

/// The push of the hosts that lack the release.
struct MissingPush<'a> {
    settings: &'a PushSettings,
    inventory: &'a Inventory,
    records: &'a Records,
    publish: &'a Loaded<Publish>,
    /// Hosts that serve the release.
    lenders: &'a [Host],
}

impl MissingPush<'_> {
    /// Notes for each host how it went.
    fn run(
        &self,
        states: &mut [ConvergingHost],
        console: &Console,
        abort: &Abort,
    ) -> Result<Option<PushSeeder>, Error> {
        let mut hosts: Vec<Host> =
            states.iter().filter(|state| state.lacks_release).map(|state| state.host.clone()).collect();
        if hosts.is_empty() {
            return Ok(None);
        }
        let mut inventory = self.inventory.clone();
        // A host that seeds takes part, though it needs nothing.
        let lender = self.lender();
        inventory.own_seeder.host = lender.map(|host| host.name.clone());
        hosts.extend(lender.cloned());
        let peers = peer_policy(self.settings, &inventory, &hosts)?;
        let (job, _) = Job::load(self.records, &inventory, &hosts, self.settings.stall_timeout, peers)?;
        let Delivery { reports, seeder, files, .. } =
            deliver(self.settings, &inventory, &hosts, job, console, abort)?;
        let staged = reports.iter().all(|report| report.state == PushState::Staged);
        files.end(&hosts, &reports, staged, console);
        for (host, report) in hosts.iter().zip(&reports) {
            let state = states.iter_mut().find(|state| state.host.name == host.name && state.lacks_release);
            if let Some(state) = state {
                state.pushed(report);
            }
        }
        Ok(seeder)
    }

    /// The host that seeds, where that is not for this machine or a standing client: the one of `fleet.toml`, or any when
    /// the payload is not at hand, as with records that were archived without it.
    fn lender(&self) -> Option<&Host> {
        let details = &self.publish.record.details;
        let payload = &self.publish.record.release.payload.file;
        let wished = self.inventory.own_seeder.host.as_ref();
        let at_hand = self.settings.payload.is_some() || payload.in_folder(self.records.folder()).exists();
        if !details.push_seeds || (wished.is_none() && at_hand) {
            return None;
        }
        let able = || self.lenders.iter().filter(|host| host.engine == Engine::Embedded);
        able().find(|host| Some(&host.name) == wished).or_else(|| able().next())
    }
}

/// Each host that has the release by now goes live on it, by itself.
fn switch(
    settings: &PushSettings,
    inventory: &Inventory,
    release: &Release,
    states: &mut [ConvergingHost],
    dial: &Dial,
    clock: &Clock,
    console: &Console,
) -> Result<(), Error> {
    let ready: Vec<usize> =
        states.iter().enumerate().filter(|(_, state)| state.is_ready()).map(|(index, _)| index).collect();
    if ready.is_empty() {
        return Ok(());
    }
    console.say(format!("switching {} to {}", count(ready.len()), release.id));
    let mut items: Vec<(Host, String)> = Vec::new();
    for state in ready.iter().filter_map(|index| states.get(*index)) {
        let alone = inventory.alone(&state.host, items.is_empty())?;
        items.push((state.host.clone(), alone));
    }
    let (dial, release, clock, owner) = (Arc::clone(dial), release.clone(), clock.clone(), owner());
    let interrupt = clock.interrupt().clone();
    let began = Instant::now();
    let named: Vec<&Host> = items.iter().map(|(host, _)| host).collect();
    let named: Vec<String> = named.iter().map(|host| host.name.to_string()).collect();
    let outcomes: Vec<Outcome<Activated>> = fan_out(
        items,
        settings.reach.parallel,
        &interrupt,
        |event| {
            if let Event::Said(index, why) = event {
                let name = named.get(index).map(String::as_str).unwrap_or_default();
                console.say(format!("{name} {why}"));
            }
        },
        move |(host, alone), emitter| {
            let activated = activate::activate(&host, &alone, &release, owner.as_deref(), &dial, &clock);
            let took = began.elapsed().as_secs_f64();
            emitter.say(match &activated.error {
                None => format!("serves {} after {took:.1} s", release.id),
                Some(error) => format!("does not serve {}: {error}", release.id),
            });
            activated
        },
    );
    for (index, outcome) in ready.into_iter().zip(outcomes) {
        if let Some(state) = states.get_mut(index) {
            state.activated(outcome);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use remote::{RecordingRemote, Reply};

    use super::*;

    /// Asks a host whose connection breaks so many times; how that ends, and how often it was dialled.
    fn ask_when_it_breaks(times: usize) -> (Result<HostStatus, Fault>, usize) {
        let dialled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&dialled);
        let dial: Dial = Arc::new(move |host| {
            let breaks = count.fetch_add(1, Ordering::SeqCst) < times;
            let name = host.name.clone();
            Ok(Box::new(RecordingRemote::new(host.name.clone(), Arc::default(), move |_| {
                if breaks {
                    let (step, detail) = ("swap-release".into(), "reset".into());
                    return Reply::Fails(remote::HostError {
                        host: name.clone(),
                        kind: remote::HostFault::Lost { step, detail },
                    });
                }
                crate::hosts::testing::status(Vec::new())
            })))
        });
        let clock = Clock::start(Duration::from_secs(60), Interrupt::never());
        let answer = ask_one(&crate::hosts::testing::host(), &dial, &clock);
        (answer, dialled.load(Ordering::SeqCst))
    }

    #[test]
    fn a_host_is_asked_once_more_when_its_connection_broke() {
        let (answer, dialled) = ask_when_it_breaks(0);
        assert!(answer.is_ok() && dialled == 1);
        let (answer, dialled) = ask_when_it_breaks(1);
        assert!(answer.is_ok() && dialled == 2);
        let (answer, dialled) = ask_when_it_breaks(2);
        assert!(answer.unwrap_err().is_connection_loss() && dialled == 2);
    }
}
