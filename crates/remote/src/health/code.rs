//! Proof from the code of a Drupal site: a question that no cache can answer, and the release that PHP itself names.
//!
//! What answers it is `shared/drupal.settings.php`, which swap-release writes and settings.php includes.

/// The parameter of the query that makes a question one of its own. What settings.php includes knows it.
pub const QUERY: &str = "mkt-health";
/// The header in which PHP says which release it runs.
pub const HEADER: &str = "X-Mkt-Release";

/// What a 503 means in which PHP names a release. Drupal 7 answers with it when its database is dead, too.
pub const CLOSED: &str = "Drupal is in maintenance mode, or without its database";

/// The address with a value that no question before had.
pub(super) fn never_asked_before(url: &str) -> String {
    let (page, fragment) = url.split_once('#').map_or((url, None), |(page, fragment)| (page, Some(fragment)));
    let mark = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map_or_else(String::new, |fragment| format!("#{fragment}"));
    format!("{page}{mark}{QUERY}={:016x}{fragment}", fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_another_one() {
        let [first, second] = [0, 1].map(|_| never_asked_before("http://10.0.0.1/status"));
        assert!(
            first.starts_with("http://10.0.0.1/status?mkt-health=") && first != second,
            "{first} {second}"
        );
        assert!(never_asked_before("http://a/?q=node").starts_with("http://a/?q=node&mkt-health="));
        assert!(never_asked_before("http://a/x#top").ends_with("#top"));
    }
}
