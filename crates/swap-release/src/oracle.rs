//! What must hold for any bytes in the files of a server's state, and on standard input: read, they are written as they
//! were read; and nothing that is read leads out of its folder.

use record::ReleaseId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::site::{HistoryLine, Pending, ReleaseFile};
use crate::host::verbs::want::Wanted;
use crate::order::HookOrder;

/// Reads the bytes as each of them.
pub fn journal(bytes: &[u8]) {
    if let Some(Pending::Stage { release } | Pending::Prune { release }) = same::<Pending>(bytes) {
        assert!(is_name(&release));
    }
    if let Some(file) = same::<ReleaseFile>(bytes) {
        assert!(is_name(file.id()));
    }
    same::<HistoryLine>(bytes);
    same::<HookOrder>(bytes);
    same::<Wanted>(bytes);
}

fn is_name(id: &ReleaseId) -> bool {
    std::path::Path::new(id.as_str()).components().count() == 1 && !id.as_str().starts_with('.')
}

fn same<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(bytes).ok()?;
    let once = serde_json::to_string(&value).unwrap_or_default();
    let again: T = serde_json::from_str(&once).ok()?;
    assert_eq!(serde_json::to_string(&again).unwrap_or_default(), once);
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::site::testing::{id, release};

    /// One of each kind, as this version writes it.
    fn seen() -> Vec<Vec<u8>> {
        use crate::host::site::SwitchKind::Activate;
        let switch = |from| Pending::Switch {
            kind: Activate,
            from,
            to: id("r2"),
            was: record::host::ReleaseState::Staged,
            link: Some("./releases/r1".into()),
            confirmed: true,
        };
        let order = HookOrder {
            name: "x".into(),
            phase: inventory::Phase::AfterSwitch,
            timeout_ms: 5,
            action: crate::order::Action::Command { argv: vec!["true".into(), "ü\"\\".into()] },
        };
        let wanted = Wanted { release: release("r1"), build: None, shared: vec!["files/".into()] };
        let file = ReleaseFile {
            release: release("r1"),
            build: None,
            state: record::host::ReleaseState::Active,
            pinned: true,
            shared: vec!["files".into()],
            sequence: 7,
            follows: Some(id("r0")),
            since: "2026-11-23T10:00:00Z".into(),
            database: None,
            adopted: None,
        };
        let history =
            br#"{"at":"x","what":"staged","release":"r1","from":null,"by":"me","token":3,"detail":"said"}"#;
        vec![
            serde_json::to_vec(&switch(None)).unwrap(),
            serde_json::to_vec(&switch(Some(id("r1")))).unwrap(),
            serde_json::to_vec(&Pending::Adopt {
                release: id("r1"),
                shared: vec!["a".into()],
                moves: Some(vec![crate::host::site::Move {
                    path: "a".into(),
                    inside: "releases/r1/a".into(),
                }]),
                protected: vec![("current".into(), 0o555)],
                directory: true,
                known: false,
            })
            .unwrap(),
            br#"{"operation":"adopt","release":"r1","shared":["a"]}"#.to_vec(),
            serde_json::to_vec(&Pending::Stage { release: id("r1") }).unwrap(),
            serde_json::to_vec(&order).unwrap(),
            serde_json::to_vec(&wanted).unwrap(),
            serde_json::to_vec(&file).unwrap(),
            history.to_vec(),
        ]
    }

    #[test]
    fn what_is_written_is_read_and_every_cut_is_refused() {
        for bytes in seen() {
            journal(&bytes);
            for end in 0..bytes.len() {
                assert!(
                    serde_json::from_slice::<serde_json::Value>(&bytes[..end]).is_err(),
                    "a torn file is no file"
                );
                journal(&bytes[..end]);
            }
        }
        for evil in [
            r#"{"operation":"stage","release":"../../etc"}"#,
            r#"{"operation":"prune","release":".."}"#,
            r#"{"operation":"switch","kind":"activate","from":null,"to":"/etc","confirmed":true}"#,
            r#"{"operation":"stage","release":"r1","more":1}"#,
        ] {
            assert!(serde_json::from_str::<Pending>(evil).is_err(), "{evil}");
        }
    }

    /// What the fuzzer found to take different ways through the readers, in hex, one a line.
    const FOUND: &str = include_str!("journal.hex");

    #[test]
    fn it_holds_for_what_the_fuzzer_found_and_for_all_of_it_with_a_byte_changed() {
        let found: Vec<Vec<u8>> = FOUND.lines().map(|line| hex::decode(line).unwrap()).collect();
        assert!(found.len() > 100);
        for mut input in found {
            journal(&input);
            for at in 0..input.len() {
                let was = std::mem::replace(&mut input[at], b'"');
                journal(&input);
                input[at] = was;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn it_holds_for_damaged_files(which in 0_usize..8, at: usize, byte: u8) {
            let mut bytes = seen().swap_remove(which);
            let at = at % bytes.len();
            bytes[at] = byte;
            journal(&bytes);
        }
    }
}
