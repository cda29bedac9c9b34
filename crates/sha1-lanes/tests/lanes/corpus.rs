//! What the fuzzer does, for a few thousand inputs that are the same in every run.

use crate::oracle::check;

#[test]
fn pseudo_random_cases() {
    // Marsaglia's xorshift.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..4000 {
        let input: Vec<u8> = (0..160)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        check(&input);
    }
}

#[test]
fn inputs_that_end_early() {
    for length in 0..64 {
        check(&vec![0xff; length]);
        check(&vec![0x29; length]);
    }
}
