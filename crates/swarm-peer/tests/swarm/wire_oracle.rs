//! What must hold of the reader of messages for any input; shared with the fuzzer.

use swarm_peer::wire::{BLOCK, Block, Incoming, piece_header, read, write};

/// No message is longer than its kind allows: of this torrent none is longer than a block with its header, or what is passed
/// over.
const LONGEST: usize = 4 + 64 * 1024;

/// Fails if the reader breaks a promise. The first byte chooses how many pieces the torrent has.
pub(crate) fn check(input: &[u8]) {
    let Some((pieces, mut rest)) = input.split_first() else { return };
    let pieces = u32::from(*pieces) + 1;
    while let Ok(Some((incoming, used))) = read(rest, pieces) {
        assert!((4..=rest.len().min(LONGEST)).contains(&used));
        let (taken, after) = rest.split_at(used);
        let mut again = Vec::new();
        match incoming {
            Incoming::Message(message) => write(&message, &mut again),
            Incoming::Piece { piece, begin, data } => {
                assert!((1..=BLOCK as usize).contains(&data.len()));
                piece_header(Block { piece, begin, length: u32::try_from(data.len()).unwrap() }, &mut again);
                again.extend(data);
            }
            Incoming::Unknown => again.extend(taken),
        }
        assert_eq!(again, taken, "what was read is what was there, byte for byte");
        for end in [0, 3, 4, used / 2, used - 1].into_iter().filter(|end| *end < used) {
            assert_eq!(read(&taken[..end], pieces), Ok(None), "a part is waited for");
        }
        rest = after;
    }
}
