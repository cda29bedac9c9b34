//! The compression function (FIPS 180-4, 6.1.2) for any number of messages, shared out over lanes.

use crate::{Block, Engine, State};

/// What a message starts from (FIPS 180-4, 5.3.1).
pub(crate) const INITIAL: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// Takes every message forward by its blocks. Those with as many blocks as another go in lock-step.
pub(crate) fn compress_each<'a>(engine: Engine, mut work: Vec<(&'a mut State, &'a [Block])>) {
    work.retain(|(_, blocks)| !blocks.is_empty());
    work.sort_by_key(|(_, blocks)| blocks.len());
    for alike in work.chunk_by_mut(|(_, one), (_, other)| one.len() == other.len()) {
        let mut rest = alike;
        while !rest.is_empty() {
            let Some((step, after)) = rest.split_at_mut_checked(engine.step(rest.len()).max(1)) else {
                break;
            };
            compress_step(engine, step);
            rest = after;
        }
    }
}

/// One step of at most [`Engine::lanes`] messages of equally many blocks.
fn compress_step(engine: Engine, step: &mut [(&mut State, &[Block])]) {
    #[cfg(target_arch = "x86_64")]
    if crate::x86::compress(engine, step) {
        return;
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = engine;
    for (state, blocks) in step {
        sha1::block_api::compress(state, blocks);
    }
}
