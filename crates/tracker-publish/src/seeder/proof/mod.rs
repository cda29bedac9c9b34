//! Proof that a peer would get every piece from the seeder: dial it, shake hands, read its bitfield (BEP 3).
//!
//! What answers at the address is not trusted: messages are bounded in size and number, the whole in time.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use cli::Abort;
use metainfo::Infohash;

use crate::error::NoProof;

/// How the wire protocol begins.
const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";
/// Protocol, 8 reserved bytes, infohash, peer id.
const HANDSHAKE: usize = 68;
/// Message id of a bitfield.
const BITFIELD: u8 = 5;
/// Messages before the bitfield that are skipped; BEP 3 allows none but keep-alives.
const SKIPPED: usize = 16;
/// Time for one connection attempt.
const CONNECT: Duration = Duration::from_secs(2);
/// How long one read waits before it looks at the clock and the abort flag.
const SLICE: Duration = Duration::from_millis(100);
/// How long attempts are repeated after faults that may pass.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before the next attempt.
const AGAIN: Duration = Duration::from_millis(250);

/// Asks the peer at `address` until it has shown all `pieces` pieces of the torrent, or `limit` has passed.
pub(crate) fn prove(
    address: SocketAddr,
    infohash: Infohash,
    pieces: u64,
    limit: Duration,
    abort: &Abort,
) -> Result<(), NoProof> {
    let started = Instant::now();
    let patience = PATIENCE.min(limit);
    loop {
        let attempt = Attempt { deadline: started + limit, limit, abort };
        match attempt.run(address, infohash, pieces) {
            Err(reason) if reason.may_pass() && started.elapsed() + AGAIN < patience => {
                log::debug!("peer {address}: {reason}; trying again");
                abort.sleep(AGAIN).map_err(|_| NoProof::Aborted)?;
            }
            outcome => return outcome,
        }
    }
}

struct Attempt<'a> {
    deadline: Instant,
    limit: Duration,
    abort: &'a Abort,
}

impl Attempt<'_> {
    fn run(&self, address: SocketAddr, infohash: Infohash, pieces: u64) -> Result<(), NoProof> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let timeout = left.clamp(Duration::from_millis(1), CONNECT);
        let mut stream = TcpStream::connect_timeout(&address, timeout).map_err(NoProof::Connect)?;
        stream.set_read_timeout(Some(SLICE)).map_err(NoProof::Stream)?;
        stream.set_write_timeout(Some(CONNECT)).map_err(NoProof::Stream)?;
        stream.write_all(&handshake(infohash)).map_err(NoProof::Stream)?;
        self.shake(&mut stream, infohash)?;
        count(&self.bitfield(&mut stream, pieces)?, pieces)
    }

    fn shake(&self, stream: &mut impl Read, infohash: Infohash) -> Result<(), NoProof> {
        let mut answer = [0; HANDSHAKE];
        self.read(stream, &mut answer)?;
        let (protocol, rest) = answer.split_at(PROTOCOL.len());
        if protocol != PROTOCOL {
            return Err(NoProof::NotAPeer("what answers does not speak BitTorrent".to_owned()));
        }
        let theirs = rest.get(8..8 + Infohash::LEN).unwrap_or_default();
        if theirs != infohash.as_bytes() {
            return Err(NoProof::NotAPeer("it answered for another infohash".to_owned()));
        }
        Ok(())
    }

    /// The bitfield message's content.
    fn bitfield(&self, stream: &mut impl Read, pieces: u64) -> Result<Vec<u8>, NoProof> {
        let expected = pieces.div_ceil(8);
        for _ in 0..SKIPPED {
            let mut length = [0; 4];
            self.read(stream, &mut length)?;
            let length = u64::from(u32::from_be_bytes(length));
            // A keep-alive: what a client sends first that has nothing at all.
            if length == 0 {
                continue;
            }
            if length > expected + 1 {
                return Err(NoProof::NotAPeer(format!(
                    "it sent a message of {length} bytes before its bitfield"
                )));
            }
            let mut message = vec![0; usize::try_from(length).unwrap_or_default()];
            self.read(stream, &mut message)?;
            match message.split_first() {
                Some((&BITFIELD, bits)) if bits.len() as u64 == expected => return Ok(bits.to_vec()),
                Some((&BITFIELD, bits)) => {
                    let what = format!("its bitfield has {} bytes instead of {expected}", bits.len());
                    return Err(NoProof::NotAPeer(what));
                }
                _ => {}
            }
        }
        Err(NoProof::NotAPeer("it sent no bitfield".to_owned()))
    }

    fn read(&self, stream: &mut impl Read, buffer: &mut [u8]) -> Result<(), NoProof> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.abort.is_set() {
                return Err(NoProof::Aborted);
            }
            if Instant::now() >= self.deadline {
                return Err(NoProof::Silent(self.limit));
            }
            match stream.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => return Err(NoProof::Closed),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Err(NoProof::Closed),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(NoProof::Stream(error)),
            }
        }
        Ok(())
    }
}

/// Our half: no extensions, and a peer id in the style of BEP 20 that is the same in every run, as nobody keeps it.
fn handshake(infohash: Infohash) -> Vec<u8> {
    let mut bytes = PROTOCOL.to_vec();
    bytes.extend([0; 8]);
    bytes.extend(infohash.as_bytes());
    bytes.extend(b"-TP0001-");
    bytes.extend(format!("{:012}", std::process::id()).bytes());
    bytes
}

/// Whether all of the first `pieces` bits are set, and none of the spare ones.
fn count(bits: &[u8], pieces: u64) -> Result<(), NoProof> {
    let have: u64 = bits.iter().map(|byte| u64::from(byte.count_ones())).sum();
    let spare = bits.len() as u64 * 8 - pieces;
    let last = bits.last().copied().unwrap_or_default();
    if u64::from(last.trailing_zeros()) < spare {
        return Err(NoProof::NotAPeer("its bitfield has bits for pieces that do not exist".to_owned()));
    }
    if have == pieces { Ok(()) } else { Err(NoProof::Incomplete { have, pieces }) }
}

#[cfg(test)]
mod tests;
