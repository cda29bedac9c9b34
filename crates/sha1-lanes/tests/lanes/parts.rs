//! Messages that come in parts.

use proptest::prelude::*;
use sha1::{Digest, Sha1};
use sha1_lanes::{Engine, Hashers};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn cuts_do_not_matter(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..20),
        cuts in prop::collection::vec(0_usize..200, 0..8),
    ) {
        for engine in Engine::available() {
            let mut hashers = Hashers::new(engine, messages.len());
            let mut from = 0;
            for cut in cuts.iter().copied().chain([600]) {
                hashers.update(|lane| {
                    let message = &messages[lane];
                    &message[from.min(message.len())..(from + cut).min(message.len())]
                });
                from += cut;
            }
            let expected: Vec<[u8; 20]> = messages.iter().map(|message| Sha1::digest(message).into()).collect();
            prop_assert_eq!(hashers.finalize(), expected);
        }
    }
}

#[test]
fn a_part_is_asked_for_once_a_message() {
    let asked = std::cell::RefCell::new(Vec::new());
    let mut hashers = Hashers::new(Engine::best(), 3);
    hashers.update(|lane| {
        asked.borrow_mut().push(lane);
        b"x"
    });
    assert_eq!(asked.into_inner(), [0, 1, 2]);
    assert!(hashers.finalize().iter().all(|digest| *digest == <[u8; 20]>::from(Sha1::digest(b"x"))));
}
