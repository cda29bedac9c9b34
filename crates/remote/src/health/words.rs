//! Finding a text as a word of its own: a release `1.2` is not in a page that names `1.2.3`.

/// Whether `text` is in `page`, and there is no part of a longer word. A word is made of letters, digits and `_`, and of
/// `.`, `-` and `+` between them: of all that release ids are made of. Where `text` itself begins or ends with something
/// else, such as a `>`, that end needs no boundary.
pub(super) fn contains_word(page: &str, text: &str) -> bool {
    let begins_a_word = text.chars().next().is_some_and(|c| is_letter(c) || is_joint(c));
    let ends_a_word = text.chars().next_back().is_some_and(|c| is_letter(c) || is_joint(c));
    page.match_indices(text).any(|(at, _)| {
        let before = page.get(..at).unwrap_or_default();
        let after = page.get(at + text.len()..).unwrap_or_default();
        let goes_on = begins_a_word && goes_on(before.chars().rev()) || ends_a_word && goes_on(after.chars());
        !goes_on
    })
}

/// Whether the word goes on with these characters. A full stop at the end of a sentence, or the dashes of a comment, do not
/// join anything.
fn goes_on(mut rest: impl Iterator<Item = char>) -> bool {
    rest.find(|c| !is_joint(*c)).is_some_and(is_letter)
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_joint(c: char) -> bool {
    matches!(c, '.' | '-' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_not_found_in_the_name_of_another() {
        for (id, page) in [
            ("r1", "r10"),
            ("r1", "r1.0"),
            ("r1", "xr1"),
            ("1.2", "1.2.3"),
            ("1.2", "0.1.2"),
            ("1.2", "1.2-rc1"),
            ("1.2", "1.2+build"),
            ("1.2", "1.2_1"),
            ("1.2", "1.2--x"),
            ("42-ab", "142-ab"),
            ("42-ab", "42-abc"),
            ("42-ab", "142-abc"),
            ("r1", "\u{e9}r1"),
            ("r1", "r1\u{e9}"),
        ] {
            assert!(!contains_word(page, id), "{id} in {page}");
            let page = format!("<p>release: {page}</p> {page}");
            assert!(!contains_word(&page, id), "{id} in {page}");
            assert!(contains_word(&format!("{page} or {id}"), id), "{id} in {page}");
        }
    }

    #[test]
    fn it_is_found_wherever_a_page_names_it() {
        for page in [
            "1.2",
            "This is 1.2.",
            "1.2, of course",
            "<!--1.2-->",
            "<p>1.2</p>",
            "\"release\":\"1.2\"",
            "/srv/site/releases/1.2/web",
            "release=1.2&x",
            "1.2.3 was before 1.2\n",
            "-1.2-",
        ] {
            assert!(contains_word(page, "1.2"), "{page}");
        }
    }

    #[test]
    fn an_end_that_is_no_part_of_a_word_needs_no_boundary() {
        assert!(contains_word("<h1>Welcome</h1>", ">Welcome<"));
        assert!(contains_word("a{\"status\":\"ok\"}b", "{\"status\":\"ok\"}"));
        assert!(!contains_word("<h1>Welcomes</h1>", ">Welcome"));
        assert!(!contains_word("not broken", "ok"));
        assert!(contains_word("anything", ""));
    }
}
