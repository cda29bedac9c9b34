//! Two to four messages, each in registers of its own, by the SHA extensions.

use super::unroll;
use crate::{Block, State};
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_extract_epi32, _mm_loadu_si128, _mm_set_epi8, _mm_set_epi32,
    _mm_sha1msg1_epu32, _mm_sha1msg2_epu32, _mm_sha1nexte_epu32, _mm_sha1rnds4_epu32, _mm_shuffle_epi8,
    _mm_xor_si128,
};

/// One message.
#[derive(Clone, Copy)]
struct Lane {
    /// a, b, c and d, a in the highest position.
    abcd: __m128i,
    /// What abcd was four rounds ago: its a, turned by 30 bits, is e (SHA1NEXTE).
    before: __m128i,
    /// The last sixteen words of the schedule, four a register.
    words: [__m128i; 4],
}

/// Takes `N` messages forward by as many blocks as the shortest has.
///
/// SHA1RNDS4 does four rounds, but only one chain of it at a time: its latency is what limits a single message. Here the
/// same four rounds of every message follow each other, so that one works while the others wait.
#[target_feature(enable = "sha,ssse3,sse4.1")]
pub(super) fn compress<const N: usize>(states: &mut [State; N], lanes: &[&[Block]; N]) {
    let count = lanes.iter().map(|blocks| blocks.len()).min().unwrap_or_default();
    let zero = _mm_set_epi32(0, 0, 0, 0);
    let (mut abcd, mut e) = ([zero; N], [zero; N]);
    for (state, (abcd, last)) in states.iter().zip(abcd.iter_mut().zip(&mut e)) {
        let [a, b, c, d, e] = state.map(u32::cast_signed);
        (*abcd, *last) = (_mm_set_epi32(a, b, c, d), _mm_set_epi32(e, 0, 0, 0));
    }
    for block in 0..count {
        let mut all = [Lane { abcd: zero, before: zero, words: [zero; 4] }; N];
        for lane in 0..N {
            // SAFETY: `block` is less than `count`, which is the length of the shortest.
            let words = words(unsafe { lanes[lane].get_unchecked(block) });
            let with_e = _mm_add_epi32(e[lane], words[0]);
            let new = _mm_sha1rnds4_epu32::<0>(abcd[lane], with_e);
            all[lane] = Lane { abcd: new, before: abcd[lane], words };
        }
        macro_rules! four_rounds {
            ($group:literal, $function:literal) => {
                for lane in &mut all {
                    if $group >= 4 {
                        lane.next_words::<{ $group % 4 }>();
                    }
                    let with_e = _mm_sha1nexte_epu32(lane.before, lane.words[$group % 4]);
                    lane.before = lane.abcd;
                    lane.abcd = _mm_sha1rnds4_epu32::<$function>(lane.abcd, with_e);
                }
            };
        }
        macro_rules! choose {
            ($group:literal) => {
                four_rounds!($group, 0);
            };
        }
        unroll!(choose: 1 2 3 4);
        macro_rules! parity {
            ($group:literal) => {
                four_rounds!($group, 1);
            };
        }
        unroll!(parity: 5 6 7 8 9);
        macro_rules! majority {
            ($group:literal) => {
                four_rounds!($group, 2);
            };
        }
        unroll!(majority: 10 11 12 13 14);
        macro_rules! last {
            ($group:literal) => {
                four_rounds!($group, 3);
            };
        }
        unroll!(last: 15 16 17 18 19);
        for (lane, (abcd, e)) in all.iter().zip(abcd.iter_mut().zip(&mut e)) {
            *e = _mm_sha1nexte_epu32(lane.before, *e);
            *abcd = _mm_add_epi32(*abcd, lane.abcd);
        }
    }
    for (state, (abcd, e)) in states.iter_mut().zip(abcd.into_iter().zip(e)) {
        *state = [
            _mm_extract_epi32::<3>(abcd).cast_unsigned(),
            _mm_extract_epi32::<2>(abcd).cast_unsigned(),
            _mm_extract_epi32::<1>(abcd).cast_unsigned(),
            _mm_extract_epi32::<0>(abcd).cast_unsigned(),
            _mm_extract_epi32::<3>(e).cast_unsigned(),
        ];
    }
}

impl Lane {
    /// Four more words of the schedule, over the oldest four, which are at `AT`.
    #[target_feature(enable = "sha")]
    #[inline]
    fn next_words<const AT: usize>(&mut self) {
        let [.., older, newer, newest] = [AT, (AT + 1) % 4, (AT + 2) % 4, (AT + 3) % 4];
        let two = _mm_sha1msg1_epu32(self.words[AT], self.words[older]);
        self.words[AT] = _mm_sha1msg2_epu32(_mm_xor_si128(two, self.words[newer]), self.words[newest]);
    }
}

/// The sixteen words of a block in the order that the SHA instructions want: the first in the highest position.
#[target_feature(enable = "ssse3")]
#[inline]
fn words(block: &Block) -> [__m128i; 4] {
    let turn = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let (quarters, _) = block.as_chunks::<16>();
    macro_rules! quarter {
        ($n:literal) => {
            // SAFETY: a quarter is 16 bytes that may be read; MOVDQU asks for no alignment.
            _mm_shuffle_epi8(unsafe { _mm_loadu_si128(quarters[$n].as_ptr().cast()) }, turn)
        };
    }
    [quarter!(0), quarter!(1), quarter!(2), quarter!(3)]
}
