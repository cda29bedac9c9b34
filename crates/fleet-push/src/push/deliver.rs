//! From a job to every host's report: the seeder, the swarm, and a visit of each host.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use cli::{Abort, Console, human};
use fleet::{Engine, Host, Interrupt, Inventory, Outcome, Rate, fan_out};
use record::{Layout, PushSeeder, SeederSpared};
use swarm_peer::PushKey;

use crate::Error;
use crate::cli::Settings;
use crate::engine::embedded::mesh::Mesh;
use crate::engine::embedded::opening::{Company, admitted};
use crate::engine::embedded::seed::{Guests, Seed};
use crate::engine::rtorrent::client::Rtorrent;
use crate::engine::rtorrent::groups::Groups;
use crate::engine::rtorrent::swarm::Swarm;
use crate::hosts::address::peer_ip;
use crate::hosts::family;
use crate::job::clock::Clock;
use crate::job::{Job, Seeding};
use crate::push::copies::Copies;
use crate::push::host_task::Tour;
use crate::push::semaphore::Gate;
use crate::show::board::{Beside, Board, Told};
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
    /// Files that are still to be told of the end.
    pub(crate) beside: Beside,
}

/// The inventory and the chosen hosts, none of which sends more than `--max-upload` says.
pub(crate) fn limited(settings: &Settings) -> Result<(Inventory, Vec<Host>), Error> {
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
    settings: &Settings,
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
    let seed = match job.seeding {
        Seeding::Push => Some(seed(settings, inventory, &job, &mesh, abort)?),
        Seeding::Client(_) | Seeding::Host(_) => None,
    };
    if let Some(seed) = &seed {
        mesh.seeder_listens(seed.way());
        let limit =
            inventory.own_seeder.max_upload.map_or_else(String::new, |rate| format!(", at most {rate}"));
        console.say(format!("seeding from this machine, port {}{limit}", seed.way().port()));
    }
    // Each host has a thread of its own to its end: embedded peers stay until all are done, and a download that stalls must
    // not keep others from beginning. What is bounded is how many begin at a time.
    let threads = NonZeroUsize::new(hosts.len()).unwrap_or(NonZeroUsize::MIN);
    let tour = Tour {
        swarm: Arc::new(Swarm::new(
            dialled_by_rtorrents(&job, seed.as_ref(), hosts),
            size,
            Groups::of(hosts),
        )),
        mesh: Arc::clone(&mesh),
        copies: Arc::new(Copies::new(hosts.len())),
        gate: Arc::new(Gate::new(settings.reach.parallel.get())),
        job: Arc::new(job),
        hosts: hosts.into(),
        clock: Clock::start(settings.timeout, interrupt.clone()),
        dial: Arc::new(move |host| fleet::connect(host, &options)),
        engine: Arc::new(|remote, host, job, clock| Box::new(Rtorrent::new(remote, host, job, clock))),
    };
    let events = settings.events.as_ref().map(|path| Events::create(path, hosts.len(), size)).transpose()?;
    let metrics = settings.metrics.clone().map(|path| Metrics::new(path, release.id.clone(), size));
    let mut board = Board::new(hosts, &release.id, size, seed.as_ref().map(Seed::uploaded), console)
        .beside(events, metrics);
    let items: Vec<(usize, Host)> = hosts.iter().cloned().enumerate().collect();
    let outcomes = fan_out(
        items,
        threads,
        &interrupt,
        |event| board.hear(event),
        move |(index, host), emitter| tour.visit(index, &host, &|told: Told| emitter.say(told)),
    );
    let spared = board.spared();
    let (known, beside) = board.into_reports();
    let reports: Vec<HostReport> =
        outcomes.into_iter().zip(known).map(|(outcome, known)| settle(outcome, known)).collect();
    let seeder = seed.map(|seed| seed.stop(hosts.iter().find_map(peer_ip)));
    Ok(Delivery { reports, seeder, spared, beside })
}

/// The lesser of what was set and `most`.
fn limit(rate: &mut Option<Rate>, most: Rate) {
    let less = rate.filter(|rate| rate.bytes_per_second() < most.bytes_per_second());
    *rate = Some(less.unwrap_or(most));
}

/// What the receivers have in common. A secret is only for a fleet in which all can prove that they know it.
pub(crate) fn company(settings: &Settings, inventory: &Inventory, hosts: &[Host]) -> Result<Company, Error> {
    let foreign = inventory.seeder.is_some()
        || !settings.allow_peer.is_empty()
        || hosts.iter().any(|host| host.engine == Engine::Rtorrent);
    let key = if foreign { None } else { Some(PushKey::random().map_err(Error::Key)?) };
    let mut others = settings.allow_peer.clone();
    others.extend(inventory.seeder.as_ref().map(|seeder| seeder.peer));
    let mut admit = admitted(hosts, &others);
    admit.extend(inventory.own_seeder.address);
    Ok(Company { push: format!("{:032x}", fastrand::u128(..)), key, admit, grace: settings.grace })
}

fn mesh(settings: &Settings, job: &Job, hosts: &[Host]) -> Mesh {
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

fn seed(
    settings: &Settings,
    inventory: &Inventory,
    job: &Job,
    mesh: &Arc<Mesh>,
    abort: &Abort,
) -> Result<Seed, Error> {
    let place = match (&settings.payload, job.release.layout) {
        (Some(path), _) => path.clone(),
        (None, Layout::Archive) => job.release.payload.file.in_folder(&settings.records),
        (None, Layout::Tree) => return Err(Error::PayloadUnknown),
    };
    let guests = Guests { admit: job.company.admit.clone(), key: job.company.key.clone() };
    Seed::start(&inventory.own_seeder, job.torrent.metainfo(), &place, guests, Arc::clone(mesh), abort)
}

/// The seeder that rtorrents are told of. An embedded one is seen by each host at an address of its own, and dials them
/// besides; the first host's view does for those that can use it.
fn dialled_by_rtorrents(job: &Job, seed: Option<&Seed>, hosts: &[Host]) -> Option<SocketAddr> {
    match job.seeding {
        Seeding::Client(address) => Some(address),
        Seeding::Push => seed.and_then(|seed| seed.way().from(hosts.iter().find_map(peer_ip)?)),
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
