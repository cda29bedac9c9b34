//! Who is known, who may come in, whom to dial and when, and who is refused for good.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::strategy::PeerKey;
use crate::wire::PeerId;
use crate::{Allow, Ban, BanReason, Source};

/// The wait after the first failed attempt; doubled after each, up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(4);
/// Of two that are told of each other the one with the higher address waits for the other's call, so that there is one
/// connection and not two, and nothing comes twice. No longer than this, since mostly only one is told, and the whole fleet
/// would begin so much later.
const COURTESY: Duration = Duration::from_millis(25);
/// A connection that lasted this long was a good one: the next attempt starts with the short wait again.
const GOOD: Duration = Duration::from_secs(10);
/// Most addresses that were not introduced.
const STRANGERS: usize = 1024;
/// Breaches of the protocol until a peer is refused.
const STRIKES: u32 = 3;

/// One peer, as long as we run.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) address: SocketAddr,
    pub(super) introduced: bool,
    pub(super) ban: Option<BanReason>,
    /// The connection that counts, by its token.
    pub(super) connected: Option<usize>,
    /// The attempt to connect that is on its way.
    pub(super) dialling: Option<usize>,
    /// When to dial; never for those who were not introduced.
    dial_at: Duration,
    retry: Duration,
    pub(super) downloaded: u64,
    pub(super) uploaded: u64,
    /// It said that it has everything when it was last connected.
    pub(super) complete: bool,
    strikes: u32,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Roster {
    me: SocketAddr,
    allow: Allow,
    known: Vec<Known>,
    by_address: HashMap<SocketAddr, PeerKey>,
    strangers: usize,
}

impl Roster {
    pub(super) fn new(me: SocketAddr, allow: Allow) -> Self {
        Self { me, allow, known: Vec::new(), by_address: HashMap::new(), strangers: 0 }
    }

    /// Somebody to let in and to dial.
    pub(super) fn introduce(&mut self, address: SocketAddr, now: Duration) {
        if address == self.me || address.port() == 0 || address.ip().is_unspecified() {
            return;
        }
        let wait =
            if !self.me.ip().is_unspecified() && self.me > address { COURTESY } else { Duration::ZERO };
        match self.by_address.get(&address).and_then(|key| self.known.get_mut(key.0 as usize)) {
            Some(known) if known.introduced => {}
            Some(known) => (known.introduced, known.dial_at) = (true, now + wait),
            None => {
                self.add(address, true, now + wait);
            }
        }
    }

    fn add(&mut self, address: SocketAddr, introduced: bool, dial_at: Duration) -> Option<PeerKey> {
        let key = PeerKey(u32::try_from(self.known.len()).ok()?);
        self.known.push(Known {
            address,
            introduced,
            ban: None,
            connected: None,
            dialling: None,
            dial_at,
            retry: FIRST_RETRY,
            downloaded: 0,
            uploaded: 0,
            complete: false,
            strikes: 0,
        });
        self.by_address.insert(address, key);
        Some(key)
    }

    pub(super) fn get(&self, key: PeerKey) -> Option<&Known> {
        self.known.get(key.0 as usize)
    }

    pub(super) fn get_mut(&mut self, key: PeerKey) -> Option<&mut Known> {
        self.known.get_mut(key.0 as usize)
    }

    /// Whether a connection from this address may go on to its handshake.
    pub(super) fn lets_in(&self, from: IpAddr) -> bool {
        let mut same = self.known.iter().filter(|known| known.address.ip() == from).peekable();
        let allowed = match &self.allow {
            Allow::Introduced => false,
            Allow::Also(others) => others.contains(&from),
            Allow::Anyone => true,
        };
        // Whoever is banned has all of his address banned, unless an honest peer was introduced on it.
        let spotless = same.peek().is_none() || same.any(|known| known.ban.is_none());
        let introduced = self.known.iter().any(|known| known.introduced && known.address.ip() == from);
        (allowed || introduced) && spotless
    }

    /// Who it is that connected from there and shook hands with this id. `None`: refused.
    pub(super) fn recognise(&mut self, from: SocketAddr, id: &PeerId) -> Option<PeerKey> {
        let said = SocketAddr::new(from.ip(), id.port().unwrap_or_else(|| from.port()));
        if let Some(key) = self.by_address.get(&said).copied() {
            return self.get(key).is_some_and(|known| known.ban.is_none()).then_some(key);
        }
        // A foreign client does not say where it listens: if only one was introduced there, that is it.
        let here = self.keys().filter(|(_, known)| known.introduced && known.address.ip() == from.ip());
        let here: Vec<(PeerKey, &Known)> = here.take(2).collect();
        if let ([(key, known)], None) = (here.as_slice(), id.port())
            && known.connected.is_none()
        {
            return known.ban.is_none().then_some(*key);
        }
        if !self.lets_in(from.ip()) || self.strangers >= STRANGERS {
            return None;
        }
        self.strangers += 1;
        self.add(said, false, Duration::MAX)
    }

    fn keys(&self) -> impl Iterator<Item = (PeerKey, &Known)> {
        (0..).map(PeerKey).zip(&self.known)
    }

    /// Whom to dial now. `complete`: we have everything, and need nobody who has, too.
    pub(super) fn due(&self, complete: bool, now: Duration) -> Vec<PeerKey> {
        let due = self.keys().filter(|(_, known)| known.may_be_dialled(complete) && known.dial_at <= now);
        due.map(|(key, _)| key).collect()
    }

    /// When somebody is to be dialled next.
    pub(super) fn next_dial(&self, complete: bool) -> Option<Duration> {
        self.known.iter().filter(|known| known.may_be_dialled(complete)).map(|known| known.dial_at).min()
    }

    /// An attempt failed, or a connection that lasted so long is gone.
    pub(super) fn lost(&mut self, key: PeerKey, lasted: Duration, now: Duration, jitter: f64) {
        let Some(known) = self.get_mut(key) else { return };
        if lasted >= GOOD {
            known.retry = FIRST_RETRY;
        }
        // Not all at the same moment: half of it to all of it.
        known.dial_at = now + known.retry.mul_f64(0.5 + jitter / 2.0);
        known.retry = (known.retry * 2).min(LONGEST_RETRY);
    }

    /// A breach of the protocol. Answers with the ban if it was the last.
    pub(super) fn strike(&mut self, key: PeerKey, rule: &'static str) -> Option<Ban> {
        let known = self.get_mut(key)?;
        known.strikes += 1;
        if known.strikes < STRIKES { None } else { self.ban(key, BanReason::Protocol { rule }) }
    }

    /// Refused from now on. `None` if that was so already.
    pub(super) fn ban(&mut self, key: PeerKey, reason: BanReason) -> Option<Ban> {
        let known = self.get_mut(key).filter(|known| known.ban.is_none())?;
        known.ban = Some(reason);
        Some(Ban { address: known.address, reason })
    }

    pub(super) fn bans(&self) -> Vec<Ban> {
        let banned =
            self.known.iter().filter_map(|known| Some(Ban { address: known.address, reason: known.ban? }));
        banned.collect()
    }

    pub(super) fn sources(&self) -> Vec<Source> {
        let source = |known: &Known| Source {
            address: known.address,
            connected: known.connected.is_some(),
            complete: known.complete,
            downloaded: known.downloaded,
            uploaded: known.uploaded,
        };
        self.known.iter().map(source).collect()
    }
}

impl Known {
    fn may_be_dialled(&self, complete: bool) -> bool {
        self.introduced
            && self.ban.is_none()
            && self.connected.is_none()
            && self.dialling.is_none()
            && !(complete && self.complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, host], port))
    }

    fn id(port: u16) -> PeerId {
        PeerId::new(port, [1; 10])
    }

    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn only_the_introduced_come_in_and_the_lower_address_calls() {
        let mut roster = Roster::new(at(5, 6890), Allow::Introduced);
        assert!(!roster.lets_in(at(1, 0).ip()));
        for address in [at(1, 6890), at(9, 6890), at(5, 6890), at(9, 6890)] {
            roster.introduce(address, NOW);
        }
        assert_eq!(roster.sources().len(), 2, "not ourselves, and nobody twice");
        assert_eq!(roster.due(false, NOW), [PeerKey(1)]);
        assert_eq!(roster.due(false, NOW + COURTESY), [PeerKey(0), PeerKey(1)]);
        assert!(roster.lets_in(at(1, 0).ip()) && !roster.lets_in(at(2, 0).ip()));
        assert_eq!(roster.recognise(at(1, 40_000), &id(6890)), Some(PeerKey(0)));
        assert_eq!(
            roster.recognise(at(9, 40_000), &PeerId([b'x'; 20])),
            Some(PeerKey(1)),
            "a foreign client"
        );
        assert_eq!(roster.recognise(at(2, 40_000), &id(6890)), None);
    }

    #[test]
    fn waits_are_short_at_first_and_bounded() {
        let mut roster = Roster::new(at(1, 6890), Allow::Introduced);
        roster.introduce(at(2, 6890), NOW);
        let key = PeerKey(0);
        let mut waits = Vec::new();
        for _ in 0..10 {
            roster.lost(key, Duration::ZERO, NOW, 1.0);
            waits.push(roster.next_dial(false).unwrap() - NOW);
        }
        assert_eq!(waits[..3], [100, 200, 400].map(Duration::from_millis));
        assert_eq!(waits[9], LONGEST_RETRY);
        roster.lost(key, GOOD, NOW, 0.0);
        assert_eq!(roster.next_dial(false).unwrap() - NOW, FIRST_RETRY / 2);
        roster.get_mut(key).unwrap().complete = true;
        assert_eq!(roster.next_dial(true), None, "two that have everything need not talk");
    }

    #[test]
    fn a_ban_is_for_an_address_but_not_for_an_honest_neighbour_on_it() {
        let mut roster = Roster::new(at(1, 6890), Allow::Anyone);
        roster.introduce(at(2, 1), NOW);
        let bad = roster.recognise(at(2, 50_000), &id(7)).unwrap();
        let reason = BanReason::BadPiece { piece: 3 };
        assert_eq!(roster.ban(bad, reason), Some(Ban { address: at(2, 7), reason }));
        assert_eq!(roster.ban(bad, reason), None);
        assert_eq!(roster.recognise(at(2, 50_001), &id(7)), None);
        assert!(roster.lets_in(at(2, 0).ip()), "there is an honest one");
        let alone = roster.recognise(at(3, 50_000), &id(7)).unwrap();
        assert!((0..2).all(|_| roster.strike(alone, "x").is_none()));
        assert!(roster.strike(alone, "x").is_some());
        assert!(!roster.lets_in(at(3, 0).ip()));
        assert_eq!(roster.due(false, NOW), [PeerKey(0)], "strangers are not dialled");
    }
}
