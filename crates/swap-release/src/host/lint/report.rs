//! What is asked, and what was found.

use std::fmt;
use std::path::PathBuf;

use super::php::{self, Fpm};
use super::running;

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    pub(crate) paths: Vec<PathBuf>,
    /// Only what is about this site.
    pub(crate) deploy_to: Option<PathBuf>,
    /// The header by which `[health]` knows the release.
    pub(crate) header: Option<String>,
    /// Files of process ids that hooks name to reload php-fpm.
    pub(crate) fpm_reload: Vec<PathBuf>,
    /// Each php-fpm of which hooks reset the opcache.
    pub(crate) opcache_reset: Vec<String>,
}

/// What comes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// Visitors get parts of two releases, or the former one.
    Mixes,
    /// Visitors get errors.
    Fails,
    /// Something is taken for a proof that is none, or could not be looked at.
    Unsure,
}

/// A line of a configuration, what it does, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) harm: Harm,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Files that were looked at.
    pub(crate) files: usize,
    /// Files that could not be read.
    pub(crate) closed: usize,
    pub(crate) findings: Vec<Finding>,
    /// To which php-fpm, a socket's path or `host:port`, pages of the site are handed.
    pub(crate) handed_to: Vec<String>,
    /// A web server serves the site by the real path of a release: it follows by `swap-release apache` only.
    pub(crate) by_real_path: bool,
    /// Some configuration serves the site.
    pub(crate) serves: bool,
    /// Where a page is run is decided at each request.
    pub(crate) at_each_request: bool,
    /// Pages of the site are run by mod_php.
    pub(crate) mod_php: bool,
}

impl Report {
    /// Whether all is known of where the pages of the site are run.
    pub(crate) fn is_whole(&self) -> bool {
        self.closed == 0 && !self.at_each_request && (self.mod_php || !self.handed_to.is_empty())
    }

    /// How many findings there are of each kind.
    pub(crate) fn counted(&self) -> String {
        let kinds = [
            (Harm::Mixes, "where visitors get parts of two releases, or the former one"),
            (Harm::Fails, "where they get errors"),
            (Harm::Unsure, "where something proves nothing or is not known"),
        ];
        let count = |harm: Harm| self.findings.iter().filter(|found| found.harm == harm).count();
        let told = kinds.into_iter().map(|(harm, what)| (count(harm), what)).filter(|(count, _)| *count > 0);
        told.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }

    /// A web server's configuration hands the site to this php-fpm.
    pub(crate) fn hands_to(&self, fpm: &str) -> bool {
        self.handed_to.iter().any(|known| php::is_same(known, fpm))
    }

    /// Whether the hooks of php-fpm reach the PHP of the site, and harm nobody.
    pub(super) fn hooks(&mut self, ask: &Ask) {
        let mut found = Vec::new();
        for pid_file in &ask.fpm_reload {
            let cuts = running::process_of(pid_file)
                .and_then(running::fpm_configuration)
                .and_then(|main| Fpm::read(&main));
            if let Some((fpm, what)) =
                cuts.and_then(|fpm| Some((fpm.cuts_off()?, fpm))).map(|(what, fpm)| (fpm, what))
            {
                found.push((fpm.main, fpm.control_timeout.0, what));
            }
        }
        let named = ask.opcache_reset.iter().map(PathBuf::from).chain(ask.fpm_reload.iter().cloned());
        if self.mod_php && self.handed_to.is_empty() {
            for path in named {
                found.push((
                    path,
                    1,
                    "a hook speaks to php-fpm, but mod_php runs this site, and is not reached by it"
                        .to_owned(),
                ));
            }
        } else if !self.handed_to.is_empty() {
            for fpm in ask.opcache_reset.iter().filter(|fpm| !self.hands_to(fpm)) {
                let what = format!(
                    "a hook resets the opcache of this php-fpm, but the web server hands the site to {}, so the hook fails",
                    self.handed_to.join(", ")
                );
                found.push((fpm.into(), 1, what));
            }
        }
        let finding = |(file, line, what)| Finding { file, line, harm: Harm::Fails, what };
        self.findings.extend(found.into_iter().map(finding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_by_what_comes_of_them() {
        let found = |harm| Finding { file: "x".into(), line: 1, harm, what: String::new() };
        let findings = vec![found(Harm::Fails), found(Harm::Mixes), found(Harm::Fails)];
        let told = Report { findings, ..Report::default() }.counted();
        assert_eq!(
            told,
            "1 where visitors get parts of two releases, or the former one, 2 where they get errors"
        );
    }
}
