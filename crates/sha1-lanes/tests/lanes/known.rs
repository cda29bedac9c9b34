//! Answers that others published: the examples of FIPS 180 and of RFC 3174.

use sha1_lanes::{Engine, digest_each};

fn all(message: &[u8], expected: &str) {
    for engine in Engine::available() {
        for count in 1..=17 {
            let found = digest_each(engine, &vec![message; count]);
            assert_eq!(found.len(), count);
            assert!(
                found.iter().all(|digest| hex::encode(digest) == expected),
                "{engine} x {count}: {found:?}"
            );
        }
    }
}

#[test]
fn the_examples_of_the_standard() {
    all(b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    all(b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    all(
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    );
    all(
        b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "a49b2446a02c645bf419f995b67091253a04a259",
    );
    all(&b"01234567".repeat(80), "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

#[test]
fn a_million_times_a() {
    all(&[b'a'; 1_000_000], "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}
