//! What an answer says of the release that gave it. Pure.

use inventory::Expected;

use super::code::{CLOSED, HEADER};
use super::words::contains_word;

/// More of a header is not shown.
const LONGEST: usize = 200;

/// An answer, as far as it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers, each with its value as text.
    pub headers: Vec<(String, String)>,
    /// The page, its beginning.
    pub page: String,
    /// Why no more of it could be read.
    pub cut: Option<String>,
}

impl Answer {
    /// The header by which a cache says that it has answered itself, and not asked the site (RFC 9111, 5.1; others by habit).
    fn cache(&self) -> Option<String> {
        let says = |name: &str, value: &str| match name.to_ascii_lowercase().as_str() {
            "age" => value.parse::<u64>().is_ok_and(|age| age > 0),
            "x-cache" | "x-cache-status" | "cf-cache-status" | "x-proxy-cache" | "x-varnish-cache" => {
                value.to_ascii_uppercase().contains("HIT")
            }
            // Two numbers: the second is of the request that filled it.
            "x-varnish" => value.split_whitespace().count() == 2,
            _ => false,
        };
        let said = self.headers.iter().find(|(name, value)| says(name, value.trim()));
        said.map(|(name, value)| format!("{name}: {}", value.trim().chars().take(40).collect::<String>()))
    }
}

/// How a server stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answered as it should; what was seen.
    Good(String),
    /// It answered otherwise; what is wrong with the answer.
    Bad(String),
    /// Nothing answered: no such name, refused, cut off, too late. Why.
    NoAnswer(String),
}

impl Verdict {
    /// The same with the page that it is about, for a check of several pages.
    #[must_use]
    pub fn about(self, url: &str) -> Self {
        match self {
            Self::Good(seen) => Self::Good(seen),
            Self::Bad(why) => Self::Bad(format!("`{url}`: {why}")),
            Self::NoAnswer(why) => Self::NoAnswer(format!("`{url}`: {why}")),
        }
    }
}

/// Whether `answer` is what is wanted.
#[must_use]
pub fn judge(wanted: &Expected, answer: &Answer) -> Verdict {
    let cache = answer.cache().map_or_else(String::new, |header| format!("; a cache answered ({header})"));
    match fault(wanted, answer) {
        None => Verdict::Good(format!("status {}{cache}", answer.status)),
        Some(fault) => Verdict::Bad(fault + &cache),
    }
}

fn fault(wanted: &Expected, answer: &Answer) -> Option<String> {
    let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(HEADER);
    if answer.status != wanted.status {
        let location = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("location");
        let to = answer.headers.iter().find(location).filter(|_| (300..400).contains(&answer.status));
        let to = to.map(|(_, value)| format!(" (to `{}`)", value.chars().take(LONGEST).collect::<String>()));
        let fault = format!("status {}{}, not {}", answer.status, to.unwrap_or_default(), wanted.status);
        let is_closed =
            answer.status == 503 && wanted.release.is_some() && answer.headers.iter().any(|h| named(&h));
        return Some(if is_closed { format!("{fault}: {CLOSED}") } else { fault });
    }
    if let Some(release) = &wanted.release {
        match answer.headers.iter().find(named).map(|(_, value)| value.trim()) {
            None => return Some(format!("PHP does not say which release it runs (no header {HEADER})")),
            Some(found) if found == release => {}
            Some(found) => return Some(format!("PHP runs `{found}`, not `{release}` (header {HEADER})")),
        }
    }
    if let Some((name, expected)) = &wanted.header {
        let values = || {
            answer.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
        };
        match values().next() {
            None => return Some(format!("no header {name}")),
            Some(_) if values().any(|value| value == expected) => {}
            Some(found) if contains_word(found, expected) => {
                return Some(format!("header {name} is `{found}`; `{expected}` is a part of that, not all"));
            }
            Some(found) => return Some(format!("header {name} is `{found}`, not `{expected}`")),
        }
    }
    let expected = wanted.contains.as_ref()?;
    match &answer.cut {
        // What it was cut off at may be the middle of a word.
        Some(_) if contains_word(&format!("{}x", answer.page), expected) => None,
        Some(why) => Some(format!("status {}, but the page cannot be read: {why}", answer.status)),
        None if contains_word(&answer.page, expected) => None,
        None => Some(format!("status {}, but `{expected}` is not in the page", answer.status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], page: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Answer { status, headers: headers.collect(), page: page.to_owned(), cut: None }
    }

    #[test]
    fn a_site_that_is_closed_is_told_from_one_that_does_not_answer_well() {
        let expected = Expected { header: None, contains: None, release: Some("r1".into()), status: 200 };
        let says = |status, headers: &[(&str, &str)]| match judge(&expected, &answer(status, headers, "")) {
            Verdict::Bad(why) => why,
            verdict => panic!("{verdict:?}"),
        };
        assert!(says(503, &[("x-mkt-release", "r0")]).contains(CLOSED));
        assert_eq!(says(503, &[]), "status 503, not 200");
        assert_eq!(says(500, &[(HEADER, "r1")]), "status 500, not 200");
    }

    fn expected() -> Expected {
        Expected {
            status: 200,
            header: Some(("X-Release".into(), "r1".into())),
            contains: Some("release: r1".into()),
            release: None,
        }
    }

    #[test]
    fn all_of_it_must_be_right() {
        let good = answer(200, &[("x-release", " r1 ")], "release: r1\n");
        assert_eq!(judge(&expected(), &good), Verdict::Good("status 200".into()));
        for (answer, why) in [
            (Answer { status: 500, ..good.clone() }, "status 500, not 200"),
            (Answer { headers: vec![], ..good.clone() }, "no header X-Release"),
            (answer(200, &[("X-Release", "r10")], "release: r1"), "header X-Release is `r10`, not `r1`"),
            (answer(200, &[("X-Release", "/srv/r1")], "release: r1"), "a part of that, not all"),
            (answer(200, &[("X-Release", "r1")], "release: r10"), "is not in the page"),
            (
                answer(302, &[("Location", "https://www.example.org/")], ""),
                "302 (to `https://www.example.org/`), not",
            ),
            (
                Answer { page: "release: r".into(), cut: Some("reset".into()), ..good.clone() },
                "cannot be read: reset",
            ),
            // It may have been going to say r10.
            (Answer { cut: Some("reset".into()), page: "release: r1".into(), ..good.clone() }, "read: reset"),
        ] {
            let verdict = judge(&expected(), &answer);
            assert!(matches!(&verdict, Verdict::Bad(text) if text.contains(why)), "{verdict:?}");
        }
    }

    #[test]
    fn what_came_before_a_page_was_cut_off_counts() {
        let page = "<p>release: r1</p> and then";
        let cut = Answer { cut: Some("timeout".into()), ..answer(200, &[("X-Release", "r1")], page) };
        assert_eq!(judge(&expected(), &cut), Verdict::Good("status 200".into()));
    }

    #[test]
    fn php_itself_names_the_release() {
        let expected = Expected { status: 200, header: None, contains: None, release: Some("r2".into()) };
        assert_eq!(
            judge(&expected, &answer(200, &[("x-mkt-release", "r2")], "")),
            Verdict::Good("status 200".into())
        );
        for (headers, why) in [
            (&[][..], "PHP does not say which release it runs"),
            (&[("X-Mkt-Release", "r1")], "PHP runs `r1`, not `r2`"),
            (&[("X-Mkt-Release", "r2 r1")], "PHP runs `r2 r1`"),
            (&[("X-Mkt-Release", "r20")], "PHP runs `r20`"),
        ] {
            let verdict = judge(&expected, &answer(200, headers, ""));
            assert!(matches!(&verdict, Verdict::Bad(text) if text.contains(why)), "{verdict:?}");
        }
    }

    #[test]
    fn a_cache_that_answers_is_told() {
        let expected = Expected { status: 200, header: None, contains: None, release: Some("r2".into()) };
        for (header, value, cache) in [
            ("Age", "12", true),
            ("Age", "0", false),
            ("X-Cache", "HIT from edge", true),
            ("X-Cache", "MISS", false),
            ("X-Varnish", "32770 3", true),
            ("X-Varnish", "32770", false),
        ] {
            let old = judge(&expected, &answer(200, &[("X-Mkt-Release", "r1"), (header, value)], ""));
            assert!(
                matches!(&old, Verdict::Bad(why) if why.contains("a cache answered") == cache),
                "{old:?}"
            );
            let good = judge(&expected, &answer(200, &[("X-Mkt-Release", "r2"), (header, value)], ""));
            assert!(
                matches!(&good, Verdict::Good(seen) if seen.contains("a cache answered") == cache),
                "{good:?}"
            );
        }
    }

    #[test]
    fn of_a_header_that_comes_twice_one_may_be_right() {
        let twice = answer(200, &[("X-Release", "cache"), ("X-Release", "r1")], "release: r1");
        assert_eq!(judge(&expected(), &twice), Verdict::Good("status 200".into()));
    }
}
