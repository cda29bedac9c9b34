//! Sixteen blocks, one a register, turned into sixteen words of the message schedule, one a register.

use crate::Block;
use std::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_set4_epi32, _mm512_shuffle_epi8, _mm512_shuffle_i32x4,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Word `t` of the result holds word `t` of block `index` of all lanes, that of lane `n` at position `n`, in the
/// processor's byte order.
///
/// VPSHUFB turns the bytes round, VPUNPCKLDQ and its like transpose four by four within 128 bits, VSHUFI32X4 the
/// quarters between registers: 64 shuffles, where VPGATHERDD would fetch each of the 256 words by itself.
///
/// # Safety
/// Every lane has more than `index` blocks.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
pub(super) unsafe fn words(lanes: &[&[Block]; 16], index: usize) -> [__m512i; 16] {
    let big_endian = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    macro_rules! row {
        ($lane:literal) => {
            // SAFETY: passed on to the caller.
            _mm512_shuffle_epi8(unsafe { load(lanes[$lane], index) }, big_endian)
        };
    }
    // Each group: for four lanes, word 4q + r of quarter q, in register r.
    let [a, b, c, d] = four_by_four([row!(0), row!(1), row!(2), row!(3)]);
    let [e, f, g, h] = four_by_four([row!(4), row!(5), row!(6), row!(7)]);
    let [i, j, k, l] = four_by_four([row!(8), row!(9), row!(10), row!(11)]);
    let [m, n, o, p] = four_by_four([row!(12), row!(13), row!(14), row!(15)]);
    let [w0, w4, w8, w12] = quarters([a, e, i, m]);
    let [w1, w5, w9, w13] = quarters([b, f, j, n]);
    let [w2, w6, w10, w14] = quarters([c, g, k, o]);
    let [w3, w7, w11, w15] = quarters([d, h, l, p]);
    [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15]
}

/// # Safety
/// There are more than `index` blocks.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load(blocks: &[Block], index: usize) -> __m512i {
    // SAFETY: the caller promises the block; it is 64 bytes that may be read, and VMOVDQU32 asks for no alignment.
    unsafe { _mm512_loadu_si512(blocks.get_unchecked(index).as_ptr().cast()) }
}

/// Transposes 4 x 4 words in each 128-bit quarter.
#[target_feature(enable = "avx512f")]
#[inline]
fn four_by_four([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_low, ab_high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    let (cd_low, cd_high) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// Transposes 4 x 4 quarters: result `q` has quarter `q` of all four.
#[target_feature(enable = "avx512f")]
#[inline]
fn quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    // 0x44 takes quarters 0 and 1 of either, 0xee quarters 2 and 3; 0x88 the even ones, 0xdd the odd ones.
    let (ab_low, ab_high) = (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0xee>(a, b));
    let (cd_low, cd_high) = (_mm512_shuffle_i32x4::<0x44>(c, d), _mm512_shuffle_i32x4::<0xee>(c, d));
    [
        _mm512_shuffle_i32x4::<0x88>(ab_low, cd_low),
        _mm512_shuffle_i32x4::<0xdd>(ab_low, cd_low),
        _mm512_shuffle_i32x4::<0x88>(ab_high, cd_high),
        _mm512_shuffle_i32x4::<0xdd>(ab_high, cd_high),
    ]
}
