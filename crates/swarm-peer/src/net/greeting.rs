//! Handshakes and proofs: what happens before a connection counts. Bytes in, bytes out.
//!
//! The one that listens answers only to a handshake for its torrent, and with a key proves itself first: to whoever dials it
//! an answer is worth nothing without the key.

use crate::PushKey;
use crate::wire::{Handshake, Nonce, PeerId, Proof, Side, Violation};

/// One side of a greeting.
#[derive(Debug)]
pub(super) struct Greeting {
    side: Side,
    ours: Handshake,
    nonce: Nonce,
    key: Option<PushKey>,
    /// What the other has said so far.
    theirs: Option<Said>,
}

/// The first words of the other side; the nonce counts only with a key.
type Said = (Handshake, Nonce);

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeted {
    /// The other's.
    pub(super) peer_id: PeerId,
    /// Both sides understand BEP 6.
    pub(super) fast: bool,
}

/// What a step took, and what it came to.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Bytes that were used.
    pub(super) used: usize,
    /// Bytes to send.
    pub(super) reply: Vec<u8>,
    /// Set when the greeting is over.
    pub(super) greeted: Option<Greeted>,
}

impl Greeting {
    /// `nonce` has to be fresh and random if there is a key.
    pub(super) fn new(side: Side, ours: Handshake, nonce: Nonce, key: Option<PushKey>) -> Self {
        Self { side, ours, nonce, key, theirs: None }
    }

    /// What we say first of all: as soon as we are connected if we dialled, else as the answer to a handshake.
    pub(super) fn hello(&self) -> Vec<u8> {
        let nonce: &[u8] = if self.key.is_some() { &self.nonce } else { &[] };
        [&self.ours.to_bytes(), nonce].concat()
    }

    /// Goes on with what has come and was not used yet.
    pub(super) fn step(&mut self, input: &[u8]) -> Result<Step, Violation> {
        let mut step = Step::default();
        let (theirs, their_nonce) = match self.theirs {
            Some(theirs) => theirs,
            None => match self.first_words(input)? {
                Some((theirs, used)) => {
                    step.used = used;
                    self.theirs = Some(theirs);
                    if self.side == Side::Listener {
                        step.reply.extend(self.hello());
                        step.reply.extend(self.proof(theirs));
                    }
                    theirs
                }
                None => return Ok(step),
            },
        };
        if let Some(key) = &self.key {
            let rest = input.get(step.used..).unwrap_or_default();
            let Some(proof) = rest.first_chunk::<{ Proof::LEN }>() else { return Ok(step) };
            step.used += Proof::LEN;
            let other = if self.side == Side::Dialler { Side::Listener } else { Side::Dialler };
            if !self.both((theirs, their_nonce)).holds(other, key, proof) {
                return Err(Violation("no proof that it knows the key of this push"));
            }
            if self.side == Side::Dialler {
                step.reply.extend(self.proof((theirs, their_nonce)));
            }
        }
        step.greeted = Some(Greeted { peer_id: theirs.peer_id, fast: theirs.fast && self.ours.fast });
        Ok(step)
    }

    /// The other's handshake, and its nonce if there is a key, once they are there in full.
    fn first_words(&self, input: &[u8]) -> Result<Option<(Said, usize)>, Violation> {
        let Some(theirs) = Handshake::read(input, &self.ours.infohash)? else { return Ok(None) };
        if theirs.peer_id == self.ours.peer_id {
            return Err(Violation("our own id"));
        }
        if theirs.keyed != self.key.is_some() {
            return Err(Violation("a push with a key, and a peer without one"));
        }
        if self.key.is_none() {
            return Ok(Some(((theirs, Nonce::default()), Handshake::LEN)));
        }
        let nonce = input.get(Handshake::LEN..).unwrap_or_default().first_chunk::<{ size_of::<Nonce>() }>();
        Ok(nonce.map(|nonce| ((theirs, *nonce), Handshake::LEN + nonce.len())))
    }

    fn proof(&self, theirs: Said) -> Vec<u8> {
        self.key.as_ref().map(|key| self.both(theirs).of(self.side, key).to_vec()).unwrap_or_default()
    }

    fn both(&self, (theirs, their_nonce): Said) -> Proof {
        let (us, them) = ((self.ours.peer_id, self.nonce), (theirs.peer_id, their_nonce));
        let (dialler, listener) = if self.side == Side::Dialler { (us, them) } else { (them, us) };
        Proof { infohash: self.ours.infohash, dialler, listener }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metainfo::Infohash;

    fn side(side: Side, key: Option<&PushKey>) -> Greeting {
        let peer_id = PeerId::new(6890, [side as u8; 10]);
        let ours = Handshake { fast: true, keyed: key.is_some(), infohash: Infohash::new([3; 20]), peer_id };
        Greeting::new(side, ours, [side as u8; 16], key.cloned())
    }

    /// Lets two sides talk, in parts of so many bytes, until both are done, one refuses, or nobody says anything.
    fn talk(mut one: Greeting, mut other: Greeting, part: usize) -> [Result<bool, Violation>; 2] {
        let mut wires = [(Vec::new(), one.hello()), (Vec::new(), Vec::new())];
        let mut results = [Ok(false), Ok(false)];
        for _ in 0..1000 {
            for (at, greeting) in [(1, &mut other), (0, &mut one)] {
                let arriving = std::mem::take(&mut wires[1 - at].1);
                let (now, later) = arriving.split_at(part.min(arriving.len()));
                wires[at].0.extend(now);
                wires[1 - at].1 = later.to_vec();
                if results[at] != Ok(false) {
                    continue;
                }
                match greeting.step(&wires[at].0) {
                    Ok(step) => {
                        wires[at].0.drain(..step.used);
                        wires[at].1.extend(step.reply);
                        results[at] = Ok(step.greeted.is_some_and(|greeted| greeted.fast));
                    }
                    Err(violation) => results[at] = Err(violation),
                }
            }
        }
        results
    }

    #[test]
    fn two_of_one_push_meet_however_the_bytes_are_cut() {
        let key = PushKey::random().unwrap();
        for key in [None, Some(&key)] {
            for part in [1, 7, 48, 1000] {
                let met = talk(side(Side::Dialler, key), side(Side::Listener, key), part);
                assert_eq!(met, [Ok(true), Ok(true)], "{part}");
            }
        }
    }

    #[test]
    fn without_the_key_nobody_gets_through() {
        let (key, other) = (PushKey::random().unwrap(), PushKey::random().unwrap());
        for (theirs, ours) in [(None, Some(&key)), (Some(&other), Some(&key)), (Some(&key), None)] {
            let [dialler, listener] = talk(side(Side::Dialler, theirs), side(Side::Listener, ours), 1000);
            assert_ne!(dialler, Ok(true));
            assert_ne!(listener, Ok(true));
        }
        // One that sends our own proof back to us.
        let mut listener = side(Side::Listener, Some(&key));
        let reply = listener.step(&side(Side::Dialler, Some(&key)).hello()).unwrap().reply;
        assert!(listener.step(&reply[reply.len() - Proof::LEN..]).is_err());
    }

    #[test]
    fn our_own_id_is_refused() {
        let (mut listener, mut dialler) = (side(Side::Listener, None), side(Side::Dialler, None));
        dialler.ours.peer_id = listener.ours.peer_id;
        assert_eq!(listener.step(&dialler.hello()).unwrap_err(), Violation("our own id"));
    }
}
