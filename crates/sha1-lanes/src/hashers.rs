//! Several SHA-1 hashers that are fed together.

use crate::compress::{INITIAL, compress_each};
use crate::{Block, Digest, Engine, State};

/// Hashers for several messages, fed in parts of any length, fastest when the parts are equally long.
///
/// ```
/// use sha1_lanes::{Engine, Hashers};
/// let pieces = ["first piece", "other piece"];
/// let mut hashers = Hashers::new(Engine::best(), pieces.len());
/// hashers.update(|lane| &pieces[lane].as_bytes()[..6]);
/// hashers.update(|lane| &pieces[lane].as_bytes()[6..]);
/// assert_eq!(hashers.finalize()[1][..4], [0xc4, 0x84, 0xd1, 0x96]);
/// ```
#[derive(Clone, Debug)]
pub struct Hashers {
    engine: Engine,
    lanes: Vec<Lane>,
}

/// One message so far.
#[derive(Clone, Debug)]
struct Lane {
    state: State,
    /// Bytes so far; the standard counts bits in 64 bits, so that 2^61 is the end.
    bytes: u64,
    /// The last `bytes % 64` of them, which do not fill a block yet. What follows is padding for [`Lane::close`]: zeroes.
    tail: [Block; 2],
}

impl Hashers {
    /// Hashers for so many messages, each empty so far. Fewer or more than [`Engine::lanes`] is fine.
    #[must_use]
    pub fn new(engine: Engine, messages: usize) -> Self {
        Self { engine, lanes: vec![Lane { state: INITIAL, bytes: 0, tail: [[0; 64]; 2] }; messages] }
    }

    /// Adds to every message. `part` is asked once for each, by its number from 0 on.
    pub fn update<'a>(&mut self, part: impl Fn(usize) -> &'a [u8]) {
        let work = self.lanes.iter_mut().enumerate().map(|(number, lane)| lane.add(part(number))).collect();
        compress_each(self.engine, work);
    }

    /// The digests, in the messages' order.
    #[must_use]
    pub fn finalize(mut self) -> Vec<Digest> {
        compress_each(self.engine, self.lanes.iter_mut().map(Lane::close).collect());
        self.lanes.iter().map(Lane::digest).collect()
    }
}

impl Lane {
    /// Takes bytes in. The blocks that came together are for the caller to compress.
    fn add<'a>(&'a mut self, part: &'a [u8]) -> (&'a mut State, &'a [Block]) {
        let filled = self.filled();
        self.bytes = self.bytes.wrapping_add(part.len() as u64);
        let (tail, _) = self.tail.as_flattened_mut().split_at_mut(64);
        let free = tail.get_mut(filled..).unwrap_or_default();
        let missing = if filled == 0 { 0 } else { free.len() };
        let Some((head, part)) = part.split_at_checked(missing) else {
            copy(free, part);
            return (&mut self.state, &[]);
        };
        if missing > 0 {
            copy(free, head);
            sha1::block_api::compress(&mut self.state, &self.tail[..1]);
        }
        let (blocks, rest) = part.as_chunks();
        self.tail = [[0; 64]; 2];
        copy(self.tail.as_flattened_mut(), rest);
        (&mut self.state, blocks)
    }

    /// Bytes that wait for a full block.
    const fn filled(&self) -> usize {
        (self.bytes % 64) as usize
    }

    /// Pads the message (FIPS 180-4, 5.1.1): a one bit, zeroes, and the length in bits at the end of a block.
    fn close(&mut self) -> (&mut State, &[Block]) {
        let filled = self.filled();
        let blocks = if filled < 56 { 1 } else { 2 };
        let bits = self.bytes.wrapping_mul(8).to_be_bytes();
        let tail = self.tail.as_flattened_mut();
        copy(tail.get_mut(filled..).unwrap_or_default(), &[0x80]);
        copy(tail.get_mut(64 * blocks - 8..).unwrap_or_default(), &bits);
        (&mut self.state, self.tail.get(..blocks).unwrap_or_default())
    }

    fn digest(&self) -> Digest {
        let mut digest = [0; 20];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

/// Writes `from` at the start of `to`; the callers see to it that there is room.
fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// The SHA-1 of every message, in their order. Equally long ones are hashed in lock-step.
#[must_use]
pub fn digest_each(engine: Engine, messages: &[&[u8]]) -> Vec<Digest> {
    let mut hashers = Hashers::new(engine, messages.len());
    hashers.update(|number| messages.get(number).copied().unwrap_or_default());
    hashers.finalize()
}
