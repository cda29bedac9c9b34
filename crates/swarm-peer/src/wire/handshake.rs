//! The first 68 bytes in each direction (BEP 3).

use metainfo::Infohash;

use super::Violation;

const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";
/// Fast extension (BEP 6): this bit of the last reserved byte.
const FAST: u8 = 0x04;
/// Ours: "after the handshake I prove that I know the push's key". In a byte that no BEP uses.
const KEYED: u8 = 0x01;
const KEYED_AT: usize = 3;

/// What a peer says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Understands BEP 6.
    pub fast: bool,
    /// Goes on with a nonce and a proof, see [`Proof`](super::Proof).
    pub keyed: bool,
    /// The torrent.
    pub infohash: Infohash,
    /// The sender.
    pub peer_id: PeerId,
}

impl Handshake {
    /// Length in bytes.
    pub const LEN: usize = 68;

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut reserved = [0; 8];
        reserved[7] = if self.fast { FAST } else { 0 };
        reserved[KEYED_AT] = if self.keyed { KEYED } else { 0 };
        let parts = PROTOCOL.iter().chain(&reserved).chain(self.infohash.as_bytes()).chain(&self.peer_id.0);
        let mut bytes = [0; Self::LEN];
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
        bytes
    }

    /// Reads the start of a stream; `None` while bytes are missing. What cannot become a handshake for `expected` is
    /// refused at the first wrong byte of its fixed part, so nobody has to be waited for who speaks something else.
    ///
    /// # Errors
    /// Another protocol, or another torrent.
    pub fn read(bytes: &[u8], expected: &Infohash) -> Result<Option<Self>, Violation> {
        let same = |part: &[u8], from: usize| {
            bytes.get(from..).unwrap_or_default().iter().zip(part).all(|(found, wanted)| found == wanted)
        };
        if !same(PROTOCOL, 0) {
            return Err(Violation("not a BitTorrent handshake"));
        }
        if !same(expected.as_bytes(), 28) {
            return Err(Violation("a handshake for another torrent"));
        }
        let (Some(reserved), Some(peer_id)) =
            (bytes.get(20..28), bytes.get(48..).and_then(<[u8]>::first_chunk))
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            fast: reserved.last().is_some_and(|byte| byte & FAST != 0),
            keyed: reserved.get(KEYED_AT).is_some_and(|byte| byte & KEYED != 0),
            infohash: *expected,
            peer_id: PeerId(*peer_id),
        }))
    }
}

/// The 20 bytes by which a peer is known in a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 20]);

impl PeerId {
    /// Client and version in the style of Azureus, as other clients show it.
    const CLIENT: &[u8; 8] = b"-MK0100-";

    /// Ours: the client, the port that we listen on (a peer that we dialled can then dial us back), and random bytes.
    #[must_use]
    pub fn new(port: u16, random: [u8; 10]) -> Self {
        let mut bytes = [0; 20];
        let parts = Self::CLIENT.iter().copied().chain(port.to_be_bytes()).chain(random);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        Self(bytes)
    }

    /// The port that a peer of our kind listens on.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let (client, rest) = self.0.split_first_chunk::<8>()?;
        let port = rest.first_chunk().copied().map(u16::from_be_bytes);
        port.filter(|port| client == Self::CLIENT && *port != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_wire_and_refuses_others_at_the_first_wrong_byte() {
        let infohash = Infohash::new([7; 20]);
        let sent = Handshake { fast: true, keyed: true, infohash, peer_id: PeerId::new(6891, [9; 10]) };
        let bytes = sent.to_bytes();
        assert_eq!(Handshake::read(&bytes, &infohash), Ok(Some(sent)));
        for end in 0..bytes.len() {
            assert_eq!(Handshake::read(&bytes[..end], &infohash), Ok(None), "{end}");
        }
        assert!(Handshake::read(b"GET", &infohash).is_err());
        assert!(Handshake::read(&bytes[..29], &Infohash::new([8; 20])).is_err());
        assert_eq!(sent.peer_id.port(), Some(6891));
        assert_eq!(PeerId(*b"-TR3000-abcdefghijkl").port(), None);
    }
}
