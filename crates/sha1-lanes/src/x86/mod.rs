//! The kernels for x86-64, and the only place with `unsafe`.
//!
//! It is needed for two things: to load and store vectors, which the intrinsics do through raw pointers, and to call
//! functions that use instructions which not every processor has. For the second, [`Engine`] is the proof.
//!
//! The kernels use no closures where it counts: `array::map` and its like are compiled without the processor feature, so
//! they call a closure that has it instead of taking it in, which costs a third of the speed.

mod avx512;
mod sha_ni;
mod transpose;

use crate::{Block, Engine, State};

/// Compresses at most [`Engine::lanes`] messages of equally many blocks; `false` if no kernel here takes so many or few.
pub(crate) fn compress(engine: Engine, step: &mut [(&mut State, &[Block])]) -> bool {
    match step.len() {
        2 if engine.sha_ni() => sha_ni::<2>(engine, step),
        3 if engine.sha_ni() => sha_ni::<3>(engine, step),
        4 if engine.sha_ni() => sha_ni::<4>(engine, step),
        2..=16 if engine.avx512() => {
            let (mut states, lanes) = gather::<16>(step);
            // SAFETY: an engine says `avx512` only where AVX-512 F and BW were detected (`Engine::best`).
            unsafe { avx512::compress(&mut states, &lanes) };
            scatter(step, &states);
        }
        _ => return false,
    }
    true
}

fn sha_ni<const N: usize>(engine: Engine, step: &mut [(&mut State, &[Block])]) {
    debug_assert!(engine.sha_ni());
    let (mut states, lanes) = gather::<N>(step);
    // SAFETY: called only for engines that say `sha_ni`, which means that SHA, SSSE3 and SSE4.1 were detected.
    unsafe { sha_ni::compress(&mut states, &lanes) };
    scatter(step, &states);
}

/// States and blocks side by side; lanes that nobody needs repeat the first.
fn gather<'a, const N: usize>(step: &[(&mut State, &'a [Block])]) -> ([State; N], [&'a [Block]; N]) {
    let first =
        step.first().map_or((State::default(), <&[Block]>::default()), |(state, blocks)| (**state, *blocks));
    let (mut states, mut lanes) = ([first.0; N], [first.1; N]);
    for (((state, blocks), own), lane) in step.iter().zip(&mut states).zip(&mut lanes) {
        (*own, *lane) = (**state, blocks);
    }
    (states, lanes)
}

/// Brings the new states back to where they came from.
fn scatter<const N: usize>(step: &mut [(&mut State, &[Block])], states: &[State; N]) {
    for ((state, _), new) in step.iter_mut().zip(states) {
        **state = *new;
    }
}

/// Calls a macro for each of the numbers, so that all is straight code with registers in place of arrays.
macro_rules! unroll {
    ($step:ident: $($number:literal)*) => { $( $step!($number); )* };
}
use unroll;
