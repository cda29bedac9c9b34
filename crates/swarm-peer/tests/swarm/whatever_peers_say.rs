//! The strategy among peers that say and send whatever they like, in any order: it asks nobody for what he has not offered,
//! bans nobody who is honest, and completes from the one peer that is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bit_vec::BitVec;
use proptest::prelude::*;
use swarm_peer::strategy::{self, Action, Fate, Geometry, LinkId, PeerKey, Verdict};
use swarm_peer::wire::{BLOCK, Block, Message, Violation};

const PIECES: u32 = 5;
/// The last piece and its last block are short.
const SIZE: u64 = 4 * 65_536 + 20_000;
/// Peers that mean harm, or know no better.
const STRANGERS: usize = 3;
const HONEST: PeerKey = PeerKey(99);

/// What one of them does.
#[derive(Clone, Debug)]
enum Step {
    Say(Message),
    /// Sends what it was asked for, right or damaged.
    Serve {
        damaged: bool,
    },
    /// Sends what it was not asked for.
    Intrude(u32, u32, u32),
    /// Goes, and comes back.
    Leave {
        fast: bool,
    },
    /// Nothing, for so many seconds. Meanwhile the honest one, if he is there, sends a block each second.
    Wait(u64),
}

fn any_block() -> impl Strategy<Value = Block> {
    let (begin, length) =
        (prop_oneof![Just(0), Just(BLOCK), 0..70_000_u32], prop_oneof![Just(BLOCK), 0..20_000_u32]);
    (0..=PIECES, begin, length).prop_map(|(piece, begin, length)| Block { piece, begin, length })
}

fn any_message() -> impl Strategy<Value = Message> {
    let pieces = prop_oneof![4 => Just(PIECES as usize), 1 => 0..12_usize];
    let bitfield = pieces.prop_flat_map(|pieces| prop::collection::vec(any::<bool>(), pieces));
    prop_oneof![
        1 => Just(Message::KeepAlive),
        1 => Just(Message::Choke),
        4 => Just(Message::Unchoke),
        1 => Just(Message::Interested),
        1 => Just(Message::NotInterested),
        4 => (0..=PIECES).prop_map(Message::Have),
        2 => bitfield.prop_map(|bits| Message::Bitfield(BitVec::from_fn(bits.len(), |at| bits[at]))),
        2 => any_block().prop_map(Message::Request),
        1 => any_block().prop_map(Message::Cancel),
        1 => (0..=PIECES).prop_map(Message::Suggest),
        2 => Just(Message::HaveAll),
        1 => Just(Message::HaveNone),
        2 => any_block().prop_map(Message::Reject),
        1 => (0..=PIECES).prop_map(Message::AllowedFast),
    ]
}

fn any_step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        6 => any_message().prop_map(Step::Say),
        6 => any::<bool>().prop_map(|damaged| Step::Serve { damaged }),
        1 => (0..=PIECES, 0..70_000_u32, 0..20_000_u32).prop_map(|(p, b, l)| Step::Intrude(p, b, l)),
        1 => any::<bool>().prop_map(|fast| Step::Leave { fast }),
        2 => (0..12_u64).prop_map(Step::Wait),
    ];
    (0..STRANGERS, step)
}

/// One connection as the other side knows it.
struct Far {
    link: LinkId,
    offered: BitVec,
    asked: BTreeSet<Block>,
}

/// The strategy, and everybody it knows.
struct Table {
    strategy: strategy::Strategy,
    now: Duration,
    peers: BTreeMap<PeerKey, Far>,
    banned: BTreeSet<PeerKey>,
    /// Blocks on disk that are not right.
    damaged: BTreeSet<(u32, u32)>,
    completed: bool,
}

impl Table {
    fn new(seed: u64) -> Self {
        let geometry = Geometry::new(SIZE, 65_536).unwrap();
        let strategy = strategy::Strategy::new(geometry, BitVec::from_elem(PIECES as usize, false), seed);
        let (peers, banned, damaged) = Default::default();
        Self { strategy, now: Duration::ZERO, peers, banned, damaged, completed: false }
    }

    fn connect(&mut self, peer: PeerKey, fast: bool) {
        if !self.banned.contains(&peer) {
            let link = self.strategy.connected(peer, fast, self.now);
            let offered = BitVec::from_elem(PIECES as usize, false);
            self.peers.insert(peer, Far { link, offered, asked: BTreeSet::new() });
            self.act();
        }
    }

    fn hang_up(&mut self, peer: PeerKey) {
        if let Some(far) = self.peers.remove(&peer) {
            self.strategy.disconnected(far.link, self.now);
            self.act();
        }
    }

    /// As the driver does: who breaks a rule is hung up on.
    fn heard(&mut self, peer: PeerKey, result: Result<(), Violation>) {
        assert!(result.is_ok() || peer != HONEST, "{result:?}");
        if result.is_err() {
            self.hang_up(peer);
        }
        self.act();
    }

    fn say(&mut self, peer: PeerKey, message: Message) {
        let Some(far) = self.peers.get_mut(&peer) else { return };
        match &message {
            Message::Have(piece) if *piece < PIECES => far.offered.set(*piece as usize, true),
            Message::Bitfield(bits) if bits.len() == far.offered.len() => drop(far.offered.or(bits)),
            Message::HaveAll => far.offered.fill(true),
            _ => {}
        }
        let result = self.strategy.received(far.link, message, self.now);
        self.heard(peer, result);
    }

    fn send(&mut self, peer: PeerKey, (piece, begin, length): (u32, u32, u32), damaged: bool) {
        let Some(far) = self.peers.get_mut(&peer) else { return };
        far.asked.remove(&Block { piece, begin, length });
        let result = self.strategy.block_arrived(far.link, (piece, begin, length), self.now);
        if result == Ok(Fate::Keep) {
            if damaged {
                self.damaged.insert((piece, begin));
            } else {
                self.damaged.remove(&(piece, begin));
            }
        }
        self.heard(peer, result.map(drop));
    }

    fn serve(&mut self, peer: PeerKey, damaged: bool) {
        let next = self.peers.get(&peer).and_then(|far| far.asked.first().copied());
        if let Some(block) = next {
            self.send(peer, (block.piece, block.begin, block.length), damaged);
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while self.strategy.next_timer() <= until {
            self.now = self.now.max(self.strategy.next_timer());
            self.strategy.timers(self.now);
            self.act();
        }
        self.now = until;
    }

    fn act(&mut self) {
        while let Some(action) = self.strategy.action() {
            match action {
                Action::Send(link, message) => self.said(link, message),
                Action::Verify { piece, digests } => {
                    let verdict = self.hash(piece, digests);
                    self.strategy.verified(piece, verdict, self.now);
                }
                Action::Ban(peer, _) => {
                    assert_ne!(peer, HONEST);
                    self.banned.insert(peer);
                    self.hang_up(peer);
                }
                Action::Completed => self.completed = true,
            }
        }
    }

    fn said(&mut self, link: LinkId, message: Message) {
        let Some(far) = self.peers.values_mut().find(|far| far.link == link) else { return };
        match message {
            Message::Request(block) => {
                assert!(far.offered.get(block.piece as usize) == Some(true), "{block:?} was not offered");
                assert!(self.strategy.geometry().holds(block));
                assert!(far.asked.insert(block) || far.asked.len() < 1000, "too much is on request");
            }
            Message::Cancel(block) => drop(far.asked.remove(&block)),
            _ => {}
        }
    }

    fn hash(&self, piece: u32, digests: bool) -> Verdict {
        let blocks = self.strategy.geometry().blocks_of(piece);
        let wrong = self.damaged.iter().any(|(at, _)| *at == piece);
        let digest = |number| [u8::from(self.damaged.contains(&(piece, number * BLOCK))); 20];
        let all = if wrong || digests { (0..blocks).map(digest).collect() } else { Vec::new() };
        if wrong { Verdict::Wrong(all) } else { Verdict::Right(all) }
    }
}

/// Who deals with strangers that do these steps, and an honest peer that comes before or after them.
fn after(seed: u64, late: bool, steps: Vec<(usize, Step)>) -> Table {
    let mut table = Table::new(seed);
    let stranger = |number: usize| PeerKey(u32::try_from(number).unwrap());
    (0..STRANGERS).for_each(|number| table.connect(stranger(number), number > 0));
    let arrive = |table: &mut Table| {
        table.connect(HONEST, true);
        table.say(HONEST, Message::HaveAll);
        table.say(HONEST, Message::Unchoke);
    };
    if !late {
        arrive(&mut table);
    }
    for (number, step) in steps {
        let peer = stranger(number);
        match step {
            Step::Say(message) => table.say(peer, message),
            Step::Serve { damaged } => table.serve(peer, damaged),
            Step::Intrude(piece, begin, length) => table.send(peer, (piece, begin, length), true),
            Step::Leave { fast } => {
                table.hang_up(peer);
                table.connect(peer, fast);
            }
            Step::Wait(seconds) => (0..seconds).for_each(|_| {
                table.serve(HONEST, false);
                table.wait(Duration::from_secs(1));
            }),
        }
    }
    if late {
        arrive(&mut table);
    }
    // Now only the honest one does anything; the others have taken requests and keep silent.
    for _ in 0..6_000 {
        table.serve(HONEST, false);
        table.wait(Duration::from_millis(20));
    }
    table
}

proptest! {
    // So many that each of the faults it has found is found again in most runs.
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn it_completes_from_the_one_that_is_honest(
        seed: u64,
        late: bool,
        steps in prop::collection::vec(any_step(), 0..120),
    ) {
        let table = after(seed, late, steps);
        prop_assert!(table.completed && table.strategy.is_complete(), "stands still");
        prop_assert!(table.damaged.is_empty(), "kept what is damaged");
    }
}

#[test]
fn whoever_chokes_keeps_no_doubtful_piece_to_himself() {
    let (right, damaged) = (Step::Serve { damaged: false }, Step::Serve { damaged: true });
    let steps = [
        (1, Step::Say(Message::Unchoke)),
        (1, Step::Say(Message::Have(2))),
        (2, Step::Say(Message::Unchoke)),
        (2, Step::Say(Message::Have(0))),
        (0, Step::Wait(1)),
        (2, right.clone()),
        (2, right.clone()),
        (1, Step::Say(Message::HaveAll)),
        (2, damaged),
        (1, right.clone()),
        (2, right.clone()),
        (1, right.clone()),
        (1, right.clone()),
        (1, Step::Say(Message::Choke)),
        (1, right),
    ];
    assert!(after(0, true, steps.to_vec()).completed, "stands still");
}
