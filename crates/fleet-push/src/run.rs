//! The stage from its settings to its exit code.

use std::sync::Arc;

use cli::{Abort, Console, human};
use fleet::{Host, Interrupt, Inventory, Outcome, SshOptions, fan_out};
use record::{ExitCode, Records};

use crate::Error;
use crate::board::{Board, Told};
use crate::cli::Settings;
use crate::clock::Clock;
use crate::job::Job;
use crate::report::{HostReport, Report};
use crate::rtorrent::Rtorrent;
use crate::swarm::Swarm;
use crate::visit::Tour;

/// Pushes the published release to the selected hosts.
pub(crate) fn run(settings: &Settings, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::from(abort.flag());
    let inventory = Inventory::load(&settings.fleet)?;
    let hosts = inventory.select(&settings.only)?;
    let records = Records::new(&settings.records);
    let (job, input) = Job::load(&records, &inventory, &hosts, settings.stall_timeout)?;
    let options = SshOptions::new()
        .identity(settings.identity.clone())
        .known_hosts(settings.known_hosts.clone())
        .passphrase_from_env()?
        .interrupt(interrupt.clone());
    // A wrong path is the fault of this machine, to be told once and before any host is touched.
    for host in hosts.iter().filter(|host| !host.local) {
        options.check(host)?;
    }
    let release = job.release.clone();
    let size = release.payload.bytes;
    let count = count(hosts.len());
    console.say(format!("release {} ({}) to {count}", release.id, human::bytes(size)));

    let tour = Tour {
        swarm: Arc::new(Swarm::new(job.seeder, size)),
        job: Arc::new(job),
        clock: Clock::start(settings.timeout, interrupt.clone()),
        dial: Arc::new(move |host| fleet::connect(host, &options)),
        engine: Arc::new(|remote, host, job, clock| Box::new(Rtorrent::new(remote, host, job, clock))),
    };
    let mut board = Board::new(&hosts, size, console);
    let items: Vec<(usize, Host)> = hosts.iter().cloned().enumerate().collect();
    let outcomes = fan_out(
        items,
        settings.parallel,
        &interrupt,
        |event| board.hear(event),
        move |(index, host), emitter| tour.visit(index, &host, &|told: Told| emitter.say(told)),
    );
    let known = board.into_reports();
    let reports = outcomes.into_iter().zip(known).map(|(outcome, known)| settle(outcome, known)).collect();
    let report = Report { hosts: &hosts, reports, aborted: abort.is_set() };
    console.block(&report.table());
    report.write(settings, &release, input)?;
    report.outcome()?;
    console.say(format!("release {} is staged on {count}", release.id));
    Ok(ExitCode::Ok)
}

fn count(hosts: usize) -> String {
    if hosts == 1 { "1 host".to_owned() } else { format!("{hosts} hosts") }
}

/// A host's final report: its own, or what was last heard of it.
fn settle(outcome: Outcome<HostReport>, known: HostReport) -> HostReport {
    match outcome {
        Outcome::Done(report) => report,
        Outcome::NotBegun => HostReport::new(),
        Outcome::LeftBehind => known.failed("terminated"),
        Outcome::Panicked => known.failed("a defect in fleet-push ended the work on this host"),
    }
}
