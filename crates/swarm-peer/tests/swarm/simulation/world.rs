//! The network, the clock and the order of events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use swarm_peer::strategy::{Action, Fate, Geometry, LinkId, PeerKey, Verdict};
use swarm_peer::wire::{Block, Message};

use super::host::{End, Host};

/// From one host to another, for whatever is small.
const DELAY: Duration = Duration::from_micros(200);
/// What hashing a piece takes.
const HASHING: Duration = Duration::from_micros(100);

/// All of it.
pub(super) struct World {
    pub(super) geometry: Geometry,
    pub(super) hosts: Vec<Host>,
    pub(super) now: Duration,
    events: BinaryHeap<Reverse<Entry>>,
    /// Entries so far: those of the same moment stay in order.
    count: u64,
    links: u64,
    pub(super) delay: Duration,
}

struct Entry(Duration, u64, Event);

enum Event {
    Message { to: End, message: Message },
    Block { to: End, block: Block, damaged: bool },
    UplinkFree { host: usize },
    Timer { host: usize },
    Hashed { host: usize, piece: u32, digests: bool },
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

impl World {
    /// The clock starts at `now`. Host 0 has everything.
    pub(super) fn new(geometry: Geometry, rates: &[(f64, f64)], seed: u64, now: Duration) -> Self {
        let host = |(at, rates): (usize, &(f64, f64))| Host::new(geometry, at == 0, *rates, seed + at as u64);
        let hosts = rates.iter().enumerate().map(host).collect();
        Self { geometry, hosts, now, events: BinaryHeap::new(), count: 0, links: 0, delay: DELAY }
    }

    /// Connects two hosts.
    pub(super) fn connect(&mut self, one: usize, other: usize) {
        self.links += 1;
        let now = self.now;
        let key = |host: usize| PeerKey(u32::try_from(host).unwrap());
        let here = self.hosts[one].strategy.connected(key(other), true, now);
        let there = self.hosts[other].strategy.connected(key(one), true, now);
        self.hosts[one].attach(here, End { host: other, link: there, number: self.links });
        self.hosts[other].attach(there, End { host: one, link: here, number: self.links });
        self.settle(one);
        self.settle(other);
    }

    /// A host is gone, without a word.
    pub(super) fn kill(&mut self, host: usize) {
        self.hosts[host].alive = false;
        for end in std::mem::take(&mut self.hosts[host].links).into_iter().flatten() {
            self.drop_link(end);
        }
    }

    /// A host that was away is there, with nothing. Answers with the time.
    pub(super) fn revive(&mut self, host: usize) -> Duration {
        let (up, down) = (self.hosts[host].up, self.hosts[host].down);
        self.hosts[host] = Host::new(self.geometry, false, (up, down), 77);
        self.now
    }

    /// One end of a link notices that it is gone.
    fn drop_link(&mut self, end: End) {
        let host = &mut self.hosts[end.host];
        if host.end(end.link).is_some_and(|there| there.number == end.number) {
            host.links[end.link.0] = None;
            host.strategy.disconnected(end.link, self.now);
            self.settle(end.host);
        }
    }

    /// Runs until then.
    pub(super) fn run(&mut self, until: Duration) {
        while self.events.peek().is_some_and(|Reverse(Entry(at, ..))| *at <= until)
            && let Some(Reverse(Entry(at, _, event))) = self.events.pop()
        {
            self.now = at;
            self.happen(event);
        }
        self.now = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Message { to, message } => self.arrive(to, |host, now| {
                host.strategy.received(to.link, message, now).expect("nobody breaks a rule here");
            }),
            Event::Block { to, block, damaged } => self.arrive(to, |host, now| {
                let place = (block.piece, block.begin, block.length);
                let fate =
                    host.strategy.block_arrived(to.link, place, now).expect("nobody breaks a rule here");
                if fate == Fate::Keep {
                    host.damaged.retain(|at| *at != (block.piece, block.begin));
                    if damaged {
                        host.damaged.push((block.piece, block.begin));
                    }
                }
            }),
            Event::UplinkFree { host } => {
                self.hosts[host].sending = false;
                self.settle(host);
            }
            Event::Timer { host } => {
                if self.hosts[host].alive && self.hosts[host].timer == self.now {
                    self.hosts[host].timer = Duration::MAX;
                    self.hosts[host].strategy.timers(self.now);
                    self.settle(host);
                }
            }
            Event::Hashed { host, piece, digests } => {
                let verdict = self.hash(host, piece, digests);
                let now = self.now;
                self.hosts[host].strategy.verified(piece, verdict, now);
                self.settle(host);
            }
        }
    }

    /// Something came over a link, if that is still there.
    fn arrive(&mut self, to: End, what: impl FnOnce(&mut Host, Duration)) {
        let now = self.now;
        let host = &mut self.hosts[to.host];
        if host.alive && host.end(to.link).is_some_and(|end| end.number == to.number) {
            host.calls += 1;
            what(host, now);
            self.settle(to.host);
        }
    }

    /// A block's hash is all zeroes if it is right.
    fn hash(&self, host: usize, piece: u32, digests: bool) -> Verdict {
        let damaged = &self.hosts[host].damaged;
        let digest = |number: u32| {
            let begin = self.geometry.block(piece, number).begin;
            [u8::from(damaged.contains(&(piece, begin))); 20]
        };
        let wrong = damaged.iter().any(|(at, _)| *at == piece);
        let blocks = if wrong || digests {
            (0..self.geometry.blocks_of(piece)).map(digest).collect()
        } else {
            Vec::new()
        };
        if wrong { Verdict::Wrong(blocks) } else { Verdict::Right(blocks) }
    }

    /// Carries out what a host decided, and keeps its uplink busy.
    fn settle(&mut self, at: usize) {
        while let Some(action) = self.hosts[at].strategy.action() {
            match action {
                Action::Send(link, message) => {
                    if let Some(to) = self.far(at, link) {
                        self.push(self.now + self.delay, Event::Message { to, message });
                    }
                }
                Action::Verify { piece, digests } => {
                    self.push(self.now + HASHING, Event::Hashed { host: at, piece, digests });
                }
                Action::Ban(peer, _) => self.ban(at, peer),
                Action::Completed => self.hosts[at].completed = Some(self.now),
            }
        }
        self.serve(at);
        let host = &mut self.hosts[at];
        let next = host.strategy.next_timer().max(self.now);
        if host.alive && host.timer > next {
            host.timer = next;
            self.push(next, Event::Timer { host: at });
        }
    }

    fn ban(&mut self, at: usize, peer: PeerKey) {
        self.hosts[at].banned.push(peer);
        let gone = |end: &Option<End>| end.is_some_and(|end| end.host == peer.0 as usize);
        let Some(link) = self.hosts[at].links.iter().position(gone) else { return };
        let Some(there) = self.far(at, LinkId(link)) else { return };
        self.hosts[at].links[link] = None;
        let now = self.now;
        self.hosts[at].strategy.disconnected(LinkId(link), now);
        self.drop_link(there);
    }

    /// The other end of a link, as it is called there.
    fn far(&self, at: usize, link: LinkId) -> Option<End> {
        self.hosts[at].end(link)
    }

    /// Sends the next block if the uplink is free. Links have their turns, as TCP would share the wire.
    fn serve(&mut self, at: usize) {
        let host = &mut self.hosts[at];
        if host.sending || !host.alive || host.mute {
            return;
        }
        let Some(link) = host.next_turn(self.now) else { return };
        let (Some(block), Some(to)) = (host.strategy.next_upload(link, self.now), host.end(link)) else {
            return;
        };
        host.sending = true;
        host.sent += u64::from(block.length);
        let (bytes, damaged) = (f64::from(block.length), host.corrupt);
        let sent = self.now + Duration::from_secs_f64(bytes / host.up);
        let there = &mut self.hosts[to.host];
        let taken = there.down_free.max(sent) + Duration::from_secs_f64(bytes / there.down);
        there.down_free = taken;
        self.push(sent, Event::UplinkFree { host: at });
        self.push(taken + self.delay, Event::Block { to, block, damaged });
    }

    fn push(&mut self, at: Duration, event: Event) {
        self.count += 1;
        self.events.push(Reverse(Entry(at, self.count, event)));
    }
}
