//! The manifest's text.

use crate::sandbox::Sandbox;
use payload::{Error, Manifest};

const DIR: &str = r#"{"path":"a","type":"dir","mode":"0755","mtime":1}"#;
const FILE: &str = r#"{"path":"a/f","type":"file","mode":"0644","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","mtime":1}"#;
const LINK: &str = r#"{"path":"a/l","type":"link","target":"f","mtime":1}"#;

fn text(lines: &[&str]) -> String {
    let mut text = format!("{{\"manifest\":1,\"entries\":{}}}\n", lines.len());
    lines.iter().for_each(|line| text.extend([line, "\n"]));
    text
}

#[test]
fn is_written_as_it_is_documented_and_read_back() {
    let text = text(&[DIR, FILE, LINK]);
    let manifest = Manifest::parse(text.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(manifest.to_bytes().unwrap()).unwrap(), text);
}

#[test]
fn names_of_every_kind_survive() {
    let site = Sandbox::new();
    for name in ["a b", "quo\"te", "back\\slash", "new\nline", "tab\t", "ünï", "日本", "\u{1f600}", "\u{7f}"]
    {
        site.file(name, name, 0o644);
    }
    let manifest = site.manifest();
    let bytes = manifest.to_bytes().unwrap();
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), manifest.entries().len() + 1);
    assert_eq!(Manifest::parse(bytes.as_slice()).unwrap(), manifest);
}

#[test]
fn faults_are_named_by_line() {
    let long = format!(r#"{{"path":"{}","type":"dir","mode":"0755","mtime":1}}"#, "x".repeat(70_000));
    for (lines, number) in [
        (vec![DIR, r#"{"path":"b","type":"dir","mode":"0700","mtime":1}"#], 3),
        (vec![r#"{"path":"b","type":"dir","mode":"0755"}"#], 2),
        (vec![r#"{"path":"b","type":"dir","mode":"0755","mtime":-1}"#], 2),
        (vec![r#"{"path":"b","type":"dir","mode":"0755","mtime":1.5}"#], 2),
        (vec![r#"{"path":"b","type":"dir","mode":"0755","mtime":1,"more":1}"#], 2),
        (vec![r#"{"path":"b","path":"c","type":"dir","mode":"0755","mtime":1}"#], 2),
        (vec![r#"{"path":"b","type":"device","mode":"0755","mtime":1}"#], 2),
        (vec![r#"{"path":"b","type":"dir","mode":"0755","size":1,"mtime":1}"#], 2),
        (vec![r#"{"path":"b","type":"link","mtime":1}"#], 2),
        (vec![r#"{"path":"b","type":"file","mode":"0755","size":1,"mtime":1}"#], 2),
        (
            vec![
                r#"{"path":"b","type":"file","mode":"4755","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","mtime":1}"#,
            ],
            2,
        ),
        (vec![r#"{"path":"b","type":"file","mode":"0755","size":0,"sha256":"E3B0","mtime":1}"#], 2),
        (vec!["null"], 2),
        (vec![""], 2),
        (vec![&long], 2),
    ] {
        let error = Manifest::parse(text(&lines).as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Manifest { line, .. } if line == number), "{lines:?}: {error}");
    }
}

#[test]
fn heads_and_ends_are_checked() {
    let good = text(&[DIR, FILE]);
    for bad in [
        "",
        "\n",
        "{}\n",
        "{\"manifest\":2,\"entries\":0}\n",
        "{\"manifest\":1,\"entries\":1000001}\n",
        "{\"manifest\":1,\"entries\":1}\n",
        "{\"manifest\":1,\"entries\":0,\"x\":1}\n",
        good.trim_end(),
        &format!("{good}\n"),
        &format!("{good}{LINK}\n"),
        &good.replace('\n', "\r"),
    ] {
        let error = Manifest::parse(bad.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Manifest { .. }), "{bad:?}: {error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}\n?") {
        let _ = Manifest::parse(text.as_bytes());
    }
}

#[test]
fn more_than_a_million_entries_are_refused_by_the_head_or_by_the_first_line_that_is_too_many() {
    let head = |count: u64| format!("{{\"manifest\":1,\"entries\":{count}}}\n");
    // Endless lines, as a hostile stream has them: what is read is bounded.
    let endless = || std::io::BufReader::new(std::io::repeat(b'x'));
    let refused = |head: String| {
        let text = std::io::Cursor::new([head.as_bytes(), DIR.as_bytes(), b"\n"].concat());
        Manifest::parse(std::io::Read::chain(text, endless())).unwrap_err().to_string()
    };
    assert!(refused(head(payload::MAX_ENTRIES + 1)).contains("more than 1000000 entries"));
    assert!(refused(head(1)).contains("more lines than the 1 entries"));
    assert!(refused(head(payload::MAX_ENTRIES)).contains("too long"));
}
