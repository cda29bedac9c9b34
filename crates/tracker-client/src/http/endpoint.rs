//! What may be shown of a URL.

/// Scheme, host and port of a URL, without what may be a secret.
pub(crate) fn endpoint(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_shows_no_path_and_no_password() {
        assert_eq!(endpoint("https://u:p@t.example:81/k3y/announce?x"), "https://t.example:81");
        assert_eq!(endpoint("http://t?k3y"), "http://t");
    }
}
