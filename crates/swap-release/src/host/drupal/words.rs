//! What a failed step says: a reason of ours first, and the words of others behind it, marked as such.

pub(super) use remote::drush::{cause, is_true, lists_updates, logs_an_error, ran_deploy_hooks};

/// Lines of a reason that are shown.
const SHOWN: usize = 3;
/// Before a line of somebody else's words in a reason of ours: the reason is what stands without it.
const QUOTE: &str = "  | ";

/// A whole output behind a reason, marked as such.
pub(super) fn quoted(reason: &str, output: &str) -> String {
    let mut text = reason.to_owned();
    for line in remote::drush::plain(output).lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        text.push('\n');
        text.push_str(QUOTE);
        text.push_str(line);
    }
    text
}

/// What is to be shown of a failed step's output: our reason without the words that it quotes, or the last lines.
pub(crate) fn reason(output: &str) -> String {
    let mut lines: Vec<&str> = output
        .lines()
        .filter(|line| !line.starts_with(QUOTE))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .rev()
        .take(SHOWN)
        .collect();
    lines.reverse();
    if lines.is_empty() { "it said nothing".to_owned() } else { lines.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failed_step_our_words_are_shown_and_all_is_kept() {
        let all = quoted("drush updatedb for `https://a`: boom", " [error] boom \n\n table\n");
        assert_eq!(all, "drush updatedb for `https://a`: boom\n  |  [error] boom\n  |  table");
        assert_eq!(
            reason(&format!("{all}\nhalf updated")),
            "drush updatedb for `https://a`: boom; half updated"
        );
        assert_eq!(reason("a\nb\nc\n\nd\n"), "b; c; d");
        assert_eq!(reason("\n"), "it said nothing");
    }
}
