//! Reading torrents and changing what is around the info dict.

use crate::{plain, plain_info};
use metainfo::{AnnounceUrl, Content, Infohash, Metainfo};

#[test]
fn reads_every_field() {
    let torrent = Metainfo::parse(&plain()).unwrap();
    assert_eq!(torrent.info().name(), "f");
    assert_eq!(torrent.info().content(), &Content::File { length: 3 });
    assert_eq!(torrent.info().piece_length().bytes(), 32768);
    assert_eq!(torrent.info().pieces().len(), 1);
    assert!(!torrent.info().private());
    assert_eq!(torrent.announce().unwrap().expose(), "http://t.example/announce");
    assert_eq!(torrent.info_bytes(), plain_info());
    assert_eq!(torrent.infohash(), Infohash::from_info_bytes(&plain_info()));
    assert_eq!(torrent.to_bytes(), plain());
}

#[test]
fn the_announce_changes_and_nothing_else() {
    let torrent = Metainfo::parse(&plain()).unwrap();
    let url: AnnounceUrl = "http://t.example/0123456789abcdef0123456789abcdef/announce".parse().unwrap();
    let changed = Metainfo::parse(&torrent.with_announce(&url).unwrap().to_bytes()).unwrap();
    assert_eq!(changed.announce(), Some(&url));
    assert_eq!(changed.info_bytes(), torrent.info_bytes());
    assert_eq!(changed.infohash(), torrent.infohash());
    assert!(String::from_utf8_lossy(&changed.to_bytes()).contains("10:created by13:mktorrent 1.1"));
    assert!(!format!("{changed:?}").contains("0123456789abcdef"), "the passkey is shown: {changed:?}");
}

#[test]
fn the_announce_list_comes_and_goes() {
    let torrent = Metainfo::parse(&plain()).unwrap();
    let [a, b, c]: [AnnounceUrl; 3] =
        ["http://a/", "http://b/", "udp://c:1/"].map(|url| url.parse().unwrap());
    let tiers = vec![vec![a.clone(), b], vec![c]];
    let listed = torrent.with_announce_list(&tiers).unwrap();
    let listed = Metainfo::parse(&listed.to_bytes()).unwrap();
    assert_eq!(listed.announce_list(), tiers);
    assert_eq!(listed.announce(), Some(&a));
    // A list left beside the new announce would win over it in every client.
    let single = listed.with_announce(&a).unwrap();
    assert!(single.announce_list().is_empty());
    assert!(!String::from_utf8_lossy(&single.to_bytes()).contains("announce-list"));
    assert_eq!(listed.without_announce_list().infohash(), torrent.infohash());
    assert!(torrent.with_announce_list(&[vec![]]).unwrap().announce_list().is_empty());
}

#[test]
fn keys_unknown_here_keep_their_bytes() {
    let mut info =
        b"d6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaa1:xld1:yi-5eeee".to_vec();
    let torrent = Metainfo::parse(&[b"d4:info".as_slice(), &info, b"3:zzzl1:a1:bee"].concat()).unwrap();
    assert_eq!(torrent.info_bytes(), info);
    let again = torrent.with_announce(&AnnounceUrl::no_tracker()).unwrap().to_bytes();
    assert!(again.ends_with(b"3:zzzl1:a1:bee"));
    assert!(again.windows(info.len()).any(|window| window == info));
    info.push(b'e');
    assert!(Metainfo::parse(&info).is_err());
}

#[test]
fn a_fault_in_a_file_names_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"d4:infodee").unwrap();
    let error = Metainfo::read(file.path()).unwrap_err().to_string();
    assert!(error.contains(&*file.path().to_string_lossy()) && error.contains("info.length"), "{error}");
    let error = Metainfo::read("/nonexistent.torrent".as_ref()).unwrap_err().to_string();
    assert!(error.contains("`/nonexistent.torrent`"), "{error}");
}
