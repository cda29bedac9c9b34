//! How peers of one push prove to each other that they know its key, without showing it.
//!
//! After the handshake each side sends 16 random bytes, then an HMAC-SHA-256 (RFC 2104) under the key over: a label, which
//! side it is, the infohash, both peer ids and both nonces. A recorded proof is worth nothing in another connection, and one
//! side's proof cannot be sent back as the other's. The lengths are fixed, so a stranger can make us wait for 48 bytes and
//! nothing more, and gets none of ours but the handshake.

use hmac::{Hmac, KeyInit, Mac};
use metainfo::Infohash;
use sha2::Sha256;

use super::PeerId;
use crate::PushKey;

/// Fresh for each connection.
pub type Nonce = [u8; 16];

/// Who began the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that dialled.
    Dialler,
    /// The one that listened.
    Listener,
}

/// What both sides know before the proofs are exchanged.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// The torrent.
    pub infohash: Infohash,
    /// Peer id and nonce of the one that dialled.
    pub dialler: (PeerId, Nonce),
    /// Peer id and nonce of the one that listened.
    pub listener: (PeerId, Nonce),
}

impl Proof {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// What `side` has to send.
    #[must_use]
    pub fn of(&self, side: Side, key: &PushKey) -> [u8; Self::LEN] {
        self.mac(side, key).map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default()
    }

    /// Whether `proof` is what `side` has to send; takes the same time for every wrong one.
    #[must_use]
    pub fn holds(&self, side: Side, key: &PushKey, proof: &[u8; Self::LEN]) -> bool {
        self.mac(side, key).is_some_and(|mac| mac.verify_slice(proof).is_ok())
    }

    /// An HMAC takes a key of any length: it is never `None`.
    fn mac(&self, side: Side, key: &PushKey) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).ok()?;
        mac.update(b"mkt push 1 ");
        mac.update(match side {
            Side::Dialler => b"dialler ",
            Side::Listener => b"listener",
        });
        mac.update(self.infohash.as_bytes());
        for (peer_id, nonce) in [&self.dialler, &self.listener] {
            mac.update(&peer_id.0);
            mac.update(nonce);
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_for_one_key_side_and_connection_only() {
        let (key, other) = (PushKey::random().unwrap(), PushKey::random().unwrap());
        let ids = [PeerId::new(1, [1; 10]), PeerId::new(2, [2; 10])];
        let proof = Proof {
            infohash: Infohash::new([1; 20]),
            dialler: (ids[0], [3; 16]),
            listener: (ids[1], [4; 16]),
        };
        let sent = proof.of(Side::Dialler, &key);
        assert!(proof.holds(Side::Dialler, &key, &sent));
        assert!(!proof.holds(Side::Listener, &key, &sent));
        assert!(!proof.holds(Side::Dialler, &other, &sent));
        assert!(!proof.holds(Side::Dialler, &key, &[0; 32]));
        let replayed = [
            Proof { infohash: Infohash::new([2; 20]), ..proof },
            Proof { listener: (ids[1], [5; 16]), ..proof },
            Proof { dialler: (ids[0], [5; 16]), ..proof },
            Proof { dialler: (ids[1], [3; 16]), ..proof },
            Proof { dialler: proof.listener, listener: proof.dialler, ..proof },
        ];
        assert!(replayed.iter().all(|elsewhere| !elsewhere.holds(Side::Dialler, &key, &sent)));
    }
}
