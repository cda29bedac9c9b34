//! What visitors of a site see while something happens to it.

use std::collections::BTreeMap;
use std::time::Instant;

/// What a page said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Every part is of this release.
    Of(String),
    /// Maintenance mode.
    Closed,
    /// Parts of several releases, or a part is missing.
    Mixed(String),
    /// Another status.
    Broken(String),
}

/// What visitors saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) of: BTreeMap<String, usize>,
    pub(crate) closed: usize,
    pub(crate) mixed: Vec<String>,
    pub(crate) broken: Vec<String>,
    closed_from: Option<Instant>,
    closed_until: Option<Instant>,
}

impl Tally {
    pub(crate) fn add(&mut self, sent: Instant, answer: Answer) {
        match answer {
            Answer::Of(id) => *self.of.entry(id).or_default() += 1,
            Answer::Closed => {
                self.closed += 1;
                self.closed_from.get_or_insert(sent);
                self.closed_until = Some(Instant::now());
            }
            Answer::Mixed(what) => self.mixed.push(what),
            Answer::Broken(what) => self.broken.push(what),
        }
    }

    /// Nobody saw an error, or parts of two releases.
    #[track_caller]
    pub(crate) fn assert_whole(&self) {
        assert!(self.broken.is_empty() && self.mixed.is_empty(), "{self}");
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds =
            self.closed_from.zip(self.closed_until).map_or(0.0, |(from, until)| (until - from).as_secs_f64());
        let all = self.of.values().sum::<usize>() + self.closed + self.mixed.len() + self.broken.len();
        write!(
            f,
            "{all} asked, {:?}, {} closed within {seconds:.1} s, {} broken, {} mixed",
            self.of,
            self.closed,
            self.broken.len(),
            self.mixed.len()
        )?;
        for what in self.broken.iter().chain(&self.mixed).take(3) {
            write!(f, "\n  {what}")?;
        }
        Ok(())
    }
}
