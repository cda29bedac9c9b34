//! The magnet link of a torrent (BEP 9).

use std::fmt::Write;

use metainfo::Metainfo;

/// Infohash, name and size; with `reveal` the trackers too, which may hold a passkey.
pub(crate) fn magnet(torrent: &Metainfo, reveal: bool) -> String {
    let info = torrent.info();
    let mut link =
        format!("magnet:?xt=urn:btih:{}&dn={}&xl={}", torrent.infohash(), encoded(info.name()), info.bytes());
    let tiers = torrent.announce_list().iter().flatten();
    let mut trackers: Vec<_> = torrent.announce().into_iter().chain(tiers).collect();
    trackers.retain(|url| reveal && !url.is_no_tracker());
    let mut seen = std::collections::HashSet::new();
    for url in trackers.into_iter().map(metainfo::AnnounceUrl::expose).filter(|url| seen.insert(*url)) {
        link += "&tr=";
        link += &encoded(url);
    }
    for url in torrent.web_seeds() {
        link += "&ws=";
        link += &encoded(&url);
    }
    link
}

/// Percent-encoding of all but the unreserved characters (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encoded("a-1._~ü &=/"), "a-1._~%C3%BC%20%26%3D%2F");
    }
}
