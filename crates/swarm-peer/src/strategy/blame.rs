//! Who sent what was wrong.

use std::collections::BTreeMap;

use super::PeerKey;

/// SHA-1 of one block.
pub type BlockDigest = [u8; 20];

/// Blocks that are remembered for one piece, over all its failures.
const MOST: usize = 16 * 1024;

/// Pieces that came with a wrong hash from several peers. Which of them lied shows when the piece has come whole: those
/// whose blocks differ from it.
#[derive(Debug, Default)]
pub(crate) struct Blame {
    doubts: BTreeMap<u32, Vec<(u32, BlockDigest, PeerKey)>>,
}

impl Blame {
    /// Whether the piece failed before and has not come right since.
    pub(crate) fn doubts(&self, piece: u32) -> bool {
        self.doubts.contains_key(&piece)
    }

    /// A piece had a wrong hash. `senders` and `blocks` are in the order of its blocks. Answers with the culprit if there is
    /// only one who can be it.
    pub(crate) fn failed(
        &mut self,
        piece: u32,
        senders: &[PeerKey],
        blocks: &[BlockDigest],
    ) -> Option<PeerKey> {
        let doubt = self.doubts.entry(piece).or_default();
        let first = senders.first().copied();
        if first.is_some() && senders.iter().all(|sender| Some(*sender) == first) {
            return first;
        }
        let room = MOST.saturating_sub(doubt.len());
        let seen =
            (0_u32..).zip(blocks).zip(senders).map(|((number, digest), sender)| (number, *digest, *sender));
        doubt.extend(seen.take(room));
        None
    }

    /// A piece has the right hash now. Answers with those who had sent other bytes for a block of it.
    pub(crate) fn came_right(&mut self, piece: u32, blocks: &[BlockDigest]) -> Vec<PeerKey> {
        let doubt = self.doubts.remove(&piece).unwrap_or_default();
        let differs = |number: u32, digest: &BlockDigest| {
            blocks.get(number as usize).is_some_and(|right| right != digest)
        };
        let mut guilty: Vec<PeerKey> = doubt
            .iter()
            .filter(|(number, digest, _)| differs(*number, digest))
            .map(|(.., peer)| *peer)
            .collect();
        guilty.sort_unstable();
        guilty.dedup();
        guilty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_is_guilty_at_once_and_of_several_the_one_that_differs() {
        let mut blame = Blame::default();
        let (a, b, c) = (PeerKey(1), PeerKey(2), PeerKey(3));
        assert_eq!(blame.failed(7, &[a, a], &[[0; 20], [1; 20]]), Some(a));
        assert_eq!(blame.failed(8, &[a, b, c], &[[0; 20], [1; 20], [2; 20]]), None);
        assert!(blame.doubts(8));
        assert_eq!(blame.came_right(8, &[[0; 20], [9; 20], [2; 20]]), [b]);
        assert!(!blame.doubts(8));
        assert_eq!(blame.came_right(9, &[]), []);
    }
}
