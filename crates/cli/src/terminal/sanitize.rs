//! Text from hosts, trackers and file names is hostile until it has been through here.

/// The longest text that is passed on, in characters.
const LONGEST: usize = 4000;

/// Makes text safe for a terminal and a log: control characters (so also ESC and CR), line breaks and the characters
/// that reorder a line are shown as escapes; over-long text is cut.
#[must_use]
pub fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            out.push_str("...");
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            c if c.is_control() || reorders(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Bidirectional controls can make a line read as something else (Unicode Standard Annex 9); line and paragraph
/// separators break lines in some viewers; zero-width characters hide differences.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(sanitize("a\x1b[31mb\rc\u{202e}d"), "a\\u{1b}[31mb\\u{d}c\\u{202e}d");
        assert_eq!(sanitize("one\ntwo"), "one\\ntwo");
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        assert_eq!(sanitize("Straße `x` — ok"), "Straße `x` — ok");
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(sanitize(&"x".repeat(10_000)).len(), LONGEST + 3);
    }
}
