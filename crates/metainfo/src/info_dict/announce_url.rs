//! A tracker's announce URL, which may carry a passkey.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Stands in the `.torrent` when there is no tracker.
///
/// rtorrent refuses a torrent without any announce URL when DHT is off ("Could not find any trackers"). Port 1 of
/// the loopback answers "connection refused" at once, on every host, without a packet leaving it; peers are then
/// introduced by other means.
pub const NO_TRACKER_ANNOUNCE: &str = "http://127.0.0.1:1/announce";

/// Longest URL taken, in bytes.
const MAX_BYTES: usize = 2048;

/// The URL a client announces to: `http`, `https` or `udp`, with a host.
///
/// Gazelle and Ocelot put the user's passkey into the path, so `Display` and `Debug` show scheme and host only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AnnounceUrl(String);

impl AnnounceUrl {
    /// The whole URL, passkey included: for the `.torrent` itself, never for a log, a record or an error.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The URL that stands for "no tracker", see [`NO_TRACKER_ANNOUNCE`].
    #[must_use]
    pub fn no_tracker() -> Self {
        Self(NO_TRACKER_ANNOUNCE.into())
    }

    /// Whether this is [`NO_TRACKER_ANNOUNCE`].
    #[must_use]
    pub fn is_no_tracker(&self) -> bool {
        self.0 == NO_TRACKER_ANNOUNCE
    }
}

/// Scheme and host of a URL, or nothing of a text that has no such parts; `user:password@` is left out too.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "...".into() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let tail = if rest.len() > authority.len() { "/..." } else { "" };
    format!("{scheme}://{host}{tail}").chars().take(120).flat_map(char::escape_debug).collect()
}

impl fmt::Display for AnnounceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&redacted(&self.0))
    }
}

impl fmt::Debug for AnnounceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AnnounceUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |reason| Err(Error::Announce { url: redacted(text), reason });
        if text.len() > MAX_BYTES {
            return refuse("longer than 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("only printable ASCII without spaces is allowed");
        }
        let Some((scheme, rest)) = text.split_once("://") else { return refuse("scheme://host expected") };
        if !["http", "https", "udp"].contains(&scheme) {
            return refuse("the scheme must be http, https or udp");
        }
        if rest
            .split(['/', '?', '#'])
            .next()
            .is_none_or(|authority| authority.is_empty() || authority.starts_with(':'))
        {
            return refuse("the host is missing");
        }
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_the_passkey() {
        let url: AnnounceUrl =
            "https://user:pw@tracker.example:34000/0123456789abcdef/announce".parse().unwrap();
        for shown in [url.to_string(), format!("{url:?}")] {
            assert_eq!(shown, "https://tracker.example:34000/...");
        }
        assert!(url.expose().contains("0123456789abcdef"));
        let error = "ftp://tracker.example/0123456789abcdef".parse::<AnnounceUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("0123456789abcdef"));
        let error = "0123456789abcdef".parse::<AnnounceUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn refuses_what_is_no_announce_url() {
        for bad in [
            "",
            "tracker/announce",
            "file:///etc/passwd",
            "http:///announce",
            "http://:80/",
            "http://a b/",
            "udp://h\n",
        ] {
            assert!(bad.parse::<AnnounceUrl>().is_err(), "{bad}");
        }
        assert!(format!("http://a/{}", "x".repeat(MAX_BYTES)).parse::<AnnounceUrl>().is_err());
    }

    #[test]
    fn the_dummy_is_a_url_of_its_own_kind() {
        let dummy: AnnounceUrl = NO_TRACKER_ANNOUNCE.parse().unwrap();
        assert_eq!(dummy, AnnounceUrl::no_tracker());
        assert!(dummy.is_no_tracker());
    }
}
