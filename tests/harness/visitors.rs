//! Visitors of the site of [`crate::php_site`] while releases go back and forth, and what they saw.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::eventually;
use crate::php_site::HTACCESS_HEADER;

/// What visitors saw.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Answers.
    pub requests: usize,
    /// No answer, or another status than 200.
    pub failed: usize,
    /// Answers with parts of two releases.
    pub mixed: usize,
    /// Whole answers of the former release, asked for and given after the switch was done.
    pub old: usize,
    /// Requests that had to be sent again, since the server had closed a connection that was kept open: as browsers do.
    pub again: usize,
    /// Whole answers of either release.
    pub of: [usize; 2],
    /// A few of those that were not as they should be.
    pub samples: Vec<String>,
}

impl Seen {
    /// No answer failed, was mixed or old, and both releases were seen.
    ///
    /// # Panics
    /// When it was not so.
    #[track_caller]
    pub fn assert_whole(&self, what: &str) {
        let Self { requests, failed, mixed, old, again, of, samples } = self;
        assert!(*again <= requests / 100, "{what}: {again} had to be sent again");
        assert!(
            (*failed, *mixed, *old) == (0, 0, 0) && of.iter().all(|count| *count > 0),
            "{what}: {failed} failed, {mixed} mixed, {old} old, of either release {of:?}:\n{}",
            samples.join("\n--\n")
        );
    }
}

/// Visitors at a time: so many answers are under way in the moment of a switch.
pub const VISITORS: usize = 4;
/// As sites are visited: clean URLs, the front page, a static file.
const PATHS: [&str; 4] = ["/node/1", "/", "/node/2?page=3", "/static.txt"];

/// Asks `url` `requests` times while `switch` is called `switches` times, with `r2`, `r1`, `r2`, ... in turn; `r1` is live
/// before.
pub fn visit(url: &str, requests: usize, switches: usize, switch: &dyn Fn(&str)) -> Seen {
    let (seen, asked, epoch) = (Mutex::new(Seen::default()), AtomicUsize::new(0), AtomicU64::new(0));
    let visitor = || {
        let agent = visitor_agent();
        loop {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            if number >= requests {
                return;
            }
            let before = epoch.load(Ordering::SeqCst);
            let url = format!("{url}{}", PATHS[number % PATHS.len()]);
            let mut answer = ask(&agent, &url);
            let again = matches!(answer, Err(Bad::Connection(_)));
            if again {
                answer = ask(&visitor_agent(), &url);
            }
            let settled = before % 2 == 0 && epoch.load(Ordering::SeqCst) == before;
            let live = usize::try_from(before / 2 % 2).expect("0 or 1");
            let mut seen = seen.lock().expect("no visitor panics");
            seen.requests += 1;
            seen.again += usize::from(again);
            let bad = match answer {
                Err(Bad::Connection(why) | Bad::Answer(why)) => {
                    seen.failed += 1;
                    Some(why)
                }
                Ok((releases, page)) => match releases.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    ["r1"] | ["r2"] => {
                        let of = usize::from(releases.contains("r2"));
                        seen.of[of] += 1;
                        (settled && of != live).then(|| {
                            seen.old += 1;
                            format!("old: {page}")
                        })
                    }
                    _ => {
                        seen.mixed += 1;
                        Some(page)
                    }
                },
            };
            if let Some(bad) = bad.filter(|_| seen.samples.len() < 3) {
                seen.samples.push(bad);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(visitor);
        }
        for number in 0..switches {
            let due = requests * (number + 1) / (switches + 1);
            eventually("the next switch to be due", Duration::from_secs(120), || {
                (asked.load(Ordering::SeqCst) >= due).then_some(())
            });
            epoch.fetch_add(1, Ordering::SeqCst);
            switch(["r2", "r1"][number % 2]);
            epoch.fetch_add(1, Ordering::SeqCst);
        }
    });
    seen.into_inner().expect("no visitor panics")
}

fn visitor_agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .proxy(None)
        .build();
    ureq::Agent::new_with_config(config)
}

/// Why there was no good answer.
enum Bad {
    /// The connection ended before one began.
    Connection(String),
    Answer(String),
}

/// The releases that the parts of an answer are of, and the answer.
fn ask(agent: &ureq::Agent, url: &str) -> Result<(BTreeSet<String>, String), Bad> {
    let mut answer = agent.get(url).call().map_err(|error| match error {
        ureq::Error::Io(_) => Bad::Connection(format!("{url}: {error}")),
        other => Bad::Answer(format!("{url}: {other}")),
    })?;
    let status = answer.status().as_u16();
    let header = answer.headers().get(HTACCESS_HEADER).map(|value| value.to_str().unwrap_or("?").to_owned());
    let body = answer.body_mut().read_to_string().map_err(|error| Bad::Answer(format!("{url}: {error}")))?;
    let page = format!("{url}\n{HTACCESS_HEADER}: {header:?}\n{body}");
    if status != 200 {
        return Err(Bad::Answer(format!("status {status}: {page}")));
    }
    let mut releases: BTreeSet<String> =
        body.lines().filter_map(|line| Some(line.rsplit_once(": ")?.1.to_owned())).collect();
    releases.extend(header);
    Ok((releases, page))
}
