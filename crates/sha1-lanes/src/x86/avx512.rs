//! Sixteen messages in the sixteen 32-bit positions of AVX-512 registers.

use super::transpose::words;
use super::unroll;
use crate::{Block, State};
use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_loadu_si512, _mm512_rol_epi32, _mm512_set1_epi32, _mm512_storeu_si512,
    _mm512_ternarylogic_epi32, _mm512_xor_si512,
};

// The functions of FIPS 180-4, 4.1.1, as VPTERNLOGD wants them: bit 4b + 2c + d is the answer for these b, c and d.
/// b ? c : d
const CHOOSE: i32 = 0xca;
const PARITY: i32 = 0x96;
const MAJORITY: i32 = 0xe8;

/// Takes sixteen messages forward by as many blocks as the shortest has.
///
/// Per round 4 VPADDD, 2 VPROLD, 1 VPTERNLOGD, and from round 16 on VPTERNLOGD, VPXORD and VPROLD for the schedule
/// (FIPS 180-4, 6.1.2), for sixteen messages at once. All in registers: 16 of schedule, 5 of state.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn compress(states: &mut [State; 16], lanes: &[&[Block]; 16]) {
    let [mut h0, mut h1, mut h2, mut h3, mut h4] = load(states);
    let count = lanes.iter().map(|blocks| blocks.len()).min().unwrap_or_default();
    for block in 0..count {
        // SAFETY: `block` is less than `count`, which is the length of the shortest.
        let mut w = unsafe { words(lanes, block) };
        let (mut a, mut b, mut c, mut d, mut e) = (h0, h1, h2, h3, h4);
        // Sums up what does not depend on the round before first: the chain from round to round is VPROLD, VPADDD.
        macro_rules! round {
            ($f:ident, $k:ident, $word:expr) => {
                let early = _mm512_add_epi32(_mm512_add_epi32(e, $k), $word);
                let sum = _mm512_add_epi32(early, _mm512_ternarylogic_epi32::<$f>(b, c, d));
                (e, d, c, b) = (d, c, _mm512_rol_epi32::<30>(b), a);
                a = _mm512_add_epi32(sum, _mm512_rol_epi32::<5>(a));
            };
        }
        // Word t of the schedule replaces word t - 16.
        macro_rules! next_word {
            ($t:expr) => {{
                let three =
                    _mm512_ternarylogic_epi32::<PARITY>(w[$t % 16], w[($t + 2) % 16], w[($t + 8) % 16]);
                w[$t % 16] = _mm512_rol_epi32::<1>(_mm512_xor_si512(three, w[($t + 13) % 16]));
                w[$t % 16]
            }};
        }
        let k = _mm512_set1_epi32(0x5a82_7999);
        macro_rules! first {
            ($t:literal) => {
                round!(CHOOSE, k, w[$t]);
            };
        }
        macro_rules! choose {
            ($t:literal) => {
                round!(CHOOSE, k, next_word!($t));
            };
        }
        unroll!(first: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        unroll!(choose: 16 17 18 19);
        let k = _mm512_set1_epi32(0x6ed9_eba1);
        macro_rules! parity {
            ($t:literal) => {
                round!(PARITY, k, next_word!($t));
            };
        }
        unroll!(parity: 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
        let k = _mm512_set1_epi32(0x8f1b_bcdc_u32.cast_signed());
        macro_rules! majority {
            ($t:literal) => {
                round!(MAJORITY, k, next_word!($t));
            };
        }
        unroll!(majority: 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
        let k = _mm512_set1_epi32(0xca62_c1d6_u32.cast_signed());
        macro_rules! last {
            ($t:literal) => {
                round!(PARITY, k, next_word!($t));
            };
        }
        unroll!(last: 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
        h0 = _mm512_add_epi32(h0, a);
        h1 = _mm512_add_epi32(h1, b);
        h2 = _mm512_add_epi32(h2, c);
        h3 = _mm512_add_epi32(h3, d);
        h4 = _mm512_add_epi32(h4, e);
    }
    store(states, [h0, h1, h2, h3, h4]);
}

/// Register `r` holds word `r` of all states.
#[target_feature(enable = "avx512f")]
fn load(states: &[State; 16]) -> [__m512i; 5] {
    let mut words = [[0_u32; 16]; 5];
    for (lane, state) in states.iter().enumerate() {
        words.iter_mut().zip(state).for_each(|(words, word)| words[lane] = *word);
    }
    let mut registers = [_mm512_set1_epi32(0); 5];
    for (register, words) in registers.iter_mut().zip(&words) {
        // SAFETY: sixteen words are 64 bytes that may be read; VMOVDQU32 asks for no alignment.
        *register = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
    }
    registers
}

#[target_feature(enable = "avx512f")]
fn store(states: &mut [State; 16], registers: [__m512i; 5]) {
    let mut words = [[0_u32; 16]; 5];
    for (words, register) in words.iter_mut().zip(registers) {
        // SAFETY: sixteen words are 64 bytes that may be written; VMOVDQU32 asks for no alignment.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), register) };
    }
    for (lane, state) in states.iter_mut().enumerate() {
        state.iter_mut().zip(&words).for_each(|(word, words)| *word = words[lane]);
    }
}
