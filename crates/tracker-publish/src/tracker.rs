//! How peers find each other: the announce URL that goes into the torrent, or the one that stands for none.

use metainfo::AnnounceUrl;
use record::TrackerMode;

use crate::error::Error;

/// Length from which a run of letters and digits in a URL is taken for a passkey: those of Gazelle and Ocelot have 32.
const PASSKEY: usize = 32;

/// The tracker, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tracker {
    /// `fleet-push` introduces the peers.
    None,
    /// A tracker that needs no registration.
    Announce(AnnounceUrl),
}

impl Tracker {
    /// A tracker by its announce URL.
    ///
    /// # Errors
    /// If it is not one, or holds what looks like a passkey: the record carries the URL to every later stage.
    pub(crate) fn announce(url: &str) -> Result<Self, Error> {
        let url: AnnounceUrl = url.parse().map_err(Error::Announce)?;
        if url.is_no_tracker() {
            Ok(Self::None)
        } else if holds_secret(url.expose()) {
            Err(Error::Passkey { url })
        } else {
            Ok(Self::Announce(url))
        }
    }

    /// What the torrent says.
    pub(crate) fn url(&self) -> AnnounceUrl {
        match self {
            Self::None => AnnounceUrl::no_tracker(),
            Self::Announce(url) => url.clone(),
        }
    }

    /// What the record says: never a secret, since [`Tracker::announce`] refuses those.
    pub(crate) fn recorded(&self) -> (TrackerMode, Option<String>) {
        match self {
            Self::None => (TrackerMode::None, None),
            Self::Announce(url) => (TrackerMode::Announce, Some(url.expose().to_owned())),
        }
    }
}

/// Whether a URL has a user and password, or a token as long as a passkey after its host.
fn holds_secret(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let dashed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'%' | b'.');
    authority.contains('@')
        || runs(tail, plain).any(|run| run.len() >= PASSKEY)
        // A UUID or base64url; words joined by dashes are not meant, so a digit must be in it.
        || runs(tail, dashed).any(|run| run.len() >= PASSKEY && run.iter().any(u8::is_ascii_digit))
}

fn runs(text: &str, belongs: impl Fn(&u8) -> bool) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(move |byte| !belongs(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_refused_and_never_shown() {
        for url in [
            "http://t.example:2710/0123456789abcdef0123456789abcdef/announce",
            "http://t.example/announce?passkey=ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF",
            "https://t.example/announce/6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "http://user:pass@t.example/announce",
            "udp://t.example:80/a/0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            let error = Tracker::announce(url).unwrap_err();
            assert!(matches!(error, Error::Passkey { .. }), "{url}: {error}");
            let shown = format!("{error} {error:?}");
            for secret in ["0123456789abcdef", "ABCDEFGH", "6f9619ff", "pass@"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn open_trackers_are_taken_as_they_are() {
        for url in [
            "http://10.0.0.5:6969/announce",
            "udp://tracker.example:80",
            "https://t.example/the-tracker-of-our-production-web-servers/announce",
            "http://abcdefghijklmnopqrstuvwxyz0123456789.example/announce",
        ] {
            let tracker = Tracker::announce(url).unwrap();
            assert_eq!(tracker.recorded(), (TrackerMode::Announce, Some(url.to_owned())));
            assert_eq!(tracker.url().expose(), url);
        }
        assert!(matches!(Tracker::announce("ftp://t.example/"), Err(Error::Announce(_))));
    }

    #[test]
    fn the_url_that_stands_for_no_tracker_is_no_tracker() {
        assert_eq!(Tracker::announce(metainfo::NO_TRACKER_ANNOUNCE).unwrap(), Tracker::None);
        assert_eq!(Tracker::None.url().expose(), metainfo::NO_TRACKER_ANNOUNCE);
        assert_eq!(Tracker::None.recorded(), (TrackerMode::None, None));
    }
}
