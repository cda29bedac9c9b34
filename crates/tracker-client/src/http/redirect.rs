//! Redirects (RFC 9110, 15.4) of a tracker: a few, and never to where the passkey in the URL could be overheard.

use super::endpoint::endpoint;

/// Redirects that are followed one after the other.
pub(super) const MOST: u32 = 3;

/// The URL that `location` names, as seen from `url`.
pub(super) fn target(url: &str, location: &str) -> Result<String, &'static str> {
    let to = if location.starts_with('/') && !location.starts_with("//") {
        format!("{}{location}", endpoint(url))
    } else {
        location.to_owned()
    };
    let lower = to.to_ascii_lowercase();
    if lower.starts_with("https://") || (lower.starts_with("http://") && !is_https(url)) {
        Ok(to)
    } else if lower.starts_with("http://") {
        Err("it redirects from https to http, where everybody could read the passkey")
    } else {
        Err("it redirects to something that is no http or https URL")
    }
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_a_url_or_nowhere() {
        let from = "http://t:80/k3y/announce?a";
        assert_eq!(target(from, "/other?b"), Ok("http://t:80/other?b".to_owned()));
        assert_eq!(target(from, "https://t/k3y"), Ok("https://t/k3y".to_owned()));
        assert_eq!(target(from, "http://u/k3y"), Ok("http://u/k3y".to_owned()));
        assert_eq!(target("https://t/k3y", "/x"), Ok("https://t/x".to_owned()));
        for (from, location) in [
            ("https://t/k3y", "http://t/k3y"),
            ("HTTPS://t/k3y", "http://t/k3y"),
            (from, "ftp://t/k3y"),
            (from, "//t/k3y"),
            (from, "k3y"),
            (from, ""),
        ] {
            assert!(target(from, location).is_err(), "{location}");
        }
    }
}
