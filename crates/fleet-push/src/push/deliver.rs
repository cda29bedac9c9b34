//! From a job to every host's report: the seeder, the swarm, and a task for each host.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use cli::{Abort, Console, human};
use inventory::{Engine, Host, Inventory, Rate};
use record::{Layout, PushSeeder, SeederSpared};
use remote::{Interrupt, Outcome, fan_out};

use crate::Error;
use crate::engine::embedded::mesh::Mesh;
use crate::engine::embedded::seeder::Seeder;
use crate::engine::rtorrent::client::Rtorrent;
use crate::engine::rtorrent::groups::Groups;
use crate::engine::rtorrent::swarm::Swarm;
use crate::hosts::address::peer_ip;
use crate::hosts::family;
use crate::job::clock::Clock;
use crate::job::{Job, Seeding};
use crate::push::context::PushContext;
use crate::push::copies::Copies;
use crate::push::host_task;
use crate::push::semaphore::Semaphore;
use crate::push::settings::PushSettings;
use crate::show::board::{Board, ProgressFiles};
use crate::show::events::Events;
use crate::show::metrics::Metrics;
use crate::show::report::HostReport;
use crate::show::words::count;

/// What came of it.
pub(crate) struct Delivery {
    /// One a host, in their order.
    pub(crate) reports: Vec<HostReport>,
    /// The seeder that ran here.
    pub(crate) seeder: Option<PushSeeder>,
    /// Since when no seeder was needed.
    pub(crate) spared: Option<SeederSpared>,
    /// Files that still lack the end.
    pub(crate) files: ProgressFiles,
}

/// The inventory and the chosen hosts, none of which sends more than `--max-upload` says.
pub(crate) fn limited(settings: &PushSettings) -> Result<(Inventory, Vec<Host>), Error> {
    let mut inventory = settings.reach.inventory()?;
    let mut hosts = settings.reach.choose(&inventory)?;
    if let Some(most) = settings.max_upload {
        let all = hosts.iter_mut().map(|host| &mut host.max_upload);
        all.chain([&mut inventory.own_seeder.max_upload]).for_each(|rate| limit(rate, most));
    }
    Ok((inventory, hosts))
}

/// Brings the release of the job to the hosts, each of which stages and proves it.
pub(crate) fn deliver(
    settings: &PushSettings,
    inventory: &Inventory,
    hosts: &[Host],
    job: Job,
    console: &Console,
    abort: &Abort,
) -> Result<Delivery, Error> {
    let interrupt = Interrupt::from(abort.flag());
    let options = settings.reach.options(hosts, &interrupt)?;
    let release = job.release.clone();
    let size = release.payload.bytes;
    let count = count(hosts.len());
    console.say(format!("release {} ({}) to {count}", release.id, human::bytes(size)));

    for host in hosts.iter().filter(|host| !host.local) {
        if let Some(odd) = family::apart(inventory, host) {
            console.warn(format!("{}: {odd}", host.name));
        }
    }
    let mesh = Arc::new(mesh(settings, &job, hosts));
    let seeder = match job.seeding {
        Seeding::Push => Some(start_seeder(settings, inventory, &job, &mesh, abort)?),
        Seeding::Client(_) | Seeding::Host(_) => None,
    };
    if let Some(seeder) = &seeder {
        mesh.seeder_listens(seeder.address());
        let limit =
            inventory.own_seeder.max_upload.map_or_else(String::new, |rate| format!(", at most {rate}"));
        console.say(format!("seeding from this machine, port {}{limit}", seeder.address().port()));
    }
    // Each host has a thread of its own to its end: embedded peers stay until all are done, and a download that stalls must
    // not keep others from beginning. What is bounded is how many begin at a time.
    let threads = NonZeroUsize::new(hosts.len()).unwrap_or(NonZeroUsize::MIN);
    let push = PushContext {
        swarm: Arc::new(Swarm::new(
            dialled_by_rtorrents(&job, seeder.as_ref(), hosts),
            size,
            Groups::of(hosts),
        )),
        mesh: Arc::clone(&mesh),
        copies: Arc::new(Copies::new(hosts.len())),
        begin: Arc::new(Semaphore::new(settings.reach.parallel.get())),
        job: Arc::new(job),
        hosts: hosts.into(),
        clock: Clock::start(settings.timeout, interrupt.clone()),
        dial: Arc::new(move |host| remote::connect(host, &options)),
        engine: Arc::new(|remote, host, job, clock| Box::new(Rtorrent::new(remote, host, job, clock))),
    };
    let events = settings.events.as_ref().map(|path| Events::create(path, hosts.len(), size)).transpose()?;
    let metrics = settings.metrics.clone().map(|path| Metrics::new(path, release.id.clone(), size));
    let mut board = Board::new(hosts, &release.id, size, seeder.as_ref().map(Seeder::uploaded), console)
        .with_files(events, metrics);
    let items: Vec<(usize, Host)> = hosts.iter().cloned().enumerate().collect();
    let outcomes = fan_out(
        items,
        threads,
        &interrupt,
        |event| board.hear(event),
        move |(index, host), emitter| host_task::run(&push, index, &host, &|update| emitter.say(update)),
    );
    let spared = board.spared();
    let (known, files) = board.into_reports();
    let reports: Vec<HostReport> =
        outcomes.into_iter().zip(known).map(|(outcome, known)| settle(outcome, known)).collect();
    let seeder = seeder.map(|seeder| seeder.stop(hosts.iter().find_map(peer_ip)));
    Ok(Delivery { reports, seeder, spared, files })
}

/// The lesser of what was set and `most`.
fn limit(rate: &mut Option<Rate>, most: Rate) {
    let less = rate.filter(|rate| rate.bytes_per_second() < most.bytes_per_second());
    *rate = Some(less.unwrap_or(most));
}

fn mesh(settings: &PushSettings, job: &Job, hosts: &[Host]) -> Mesh {
    let numbered = || hosts.iter().enumerate();
    let embedded = numbered().filter(|(_, host)| host.engine == Engine::Embedded).map(|(index, _)| index);
    let mesh = Mesh::new((0..hosts.len()).collect(), embedded.collect(), &settings.allow_peer);
    match job.seeding {
        Seeding::Client(address) => mesh.seeded_by(address),
        Seeding::Host(index) => mesh.is_seeder(index),
        Seeding::Push => {}
    }
    mesh
}

fn start_seeder(
    settings: &PushSettings,
    inventory: &Inventory,
    job: &Job,
    mesh: &Arc<Mesh>,
    abort: &Abort,
) -> Result<Seeder, Error> {
    let place = match (&settings.payload, job.release.layout) {
        (Some(path), _) => path.clone(),
        (None, Layout::Archive) => job.release.payload.file.in_folder(&settings.records),
        (None, Layout::Tree) => return Err(Error::PayloadUnknown),
    };
    Seeder::start(&inventory.own_seeder, job.torrent.metainfo(), &place, &job.peers, Arc::clone(mesh), abort)
}

/// The seeder that rtorrents are told of. An embedded one is seen by each host at an address of its own, and dials them
/// besides; the first host's view does for those that can use it.
fn dialled_by_rtorrents(job: &Job, seeder: Option<&Seeder>, hosts: &[Host]) -> Option<SocketAddr> {
    match job.seeding {
        Seeding::Client(address) => Some(address),
        Seeding::Push => {
            seeder.and_then(|seeder| seeder.address().seen_from(hosts.iter().find_map(peer_ip)?))
        }
        Seeding::Host(_) => None,
    }
    .filter(SocketAddr::is_ipv4)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lesser_ceiling_counts() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        for (set, expected) in [(None, "5 MB/s"), (Some("1 MB/s"), "1 MB/s"), (Some("9 MB/s"), "5 MB/s")] {
            let mut set = set.map(rate);
            limit(&mut set, rate("5 MB/s"));
            assert_eq!(set, Some(rate(expected)));
        }
    }
}
