//! Whether the web servers of this machine serve whole releases of a site: all of the configuration that applies, as the
//! servers' own programs show it where they can be asked, else as the files say.
//!
//! - `running`: which servers run here, and with which files;
//! - `sources`: what is looked at, and what their programs say;
//! - `nginx`, `apache`, `caddy`, `php`: what the configurations mean, a server each;
//! - `link`: whether a path leads through `current`.

mod apache;
mod caddy;
mod files;
mod link;
mod nginx;
mod php;
pub(crate) mod running;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};

use self::files::Files;
use self::link::{Leads, Link};
pub(crate) use self::php::Fpm;
use self::php::{Pool, Preload};
use self::sources::Source;
use crate::Error;

/// What is said where no configuration that was read serves the site.
pub(crate) const NOTHING_KNOWN: &str = "nothing is known";

/// What is said of a web server that gets a release by its real path, which `fleet-push doctor` looks for.
pub(crate) const BY_REAL_PATH: &str = "by its real path";

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
    fn hooks(&mut self, ask: &Ask) {
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

/// What is known while a configuration is judged.
struct Judge<'a> {
    link: &'a Link,
    header: Option<&'a str>,
    /// Every php-fpm of this machine that can be read.
    fpms: &'a [Fpm],
    report: Report,
}

impl Judge<'_> {
    fn found(&mut self, file: &Path, line: usize, harm: Harm, what: impl Into<String>) {
        let finding = Finding { file: file.to_owned(), line, harm, what: what.into() };
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }

    /// The pool of php-fpm that listens there.
    fn pool(&self, to: &str) -> Option<&Pool> {
        self.fpms.iter().flat_map(|fpm| &fpm.pools).find(|pool| pool.listens_at(to))
    }

    /// What the PHP of this site loads when it starts is of one release for ever, whatever the web server does.
    fn preloads(&mut self, preload: &Preload) {
        if self.link.leads(&preload.script) != Leads::Elsewhere {
            let what = "opcache.preload is run when PHP starts and not again: classes in it stay those of the release that was live \
                        then, and visitors get parts of two releases; take it out";
            self.found(&preload.file, preload.line, Harm::Mixes, what);
        }
    }

    fn hands_to(&mut self, fpm: &str) {
        if !self.report.handed_to.iter().any(|known| known == fpm) {
            self.report.handed_to.push(fpm.to_owned());
        }
    }
}

/// Looks at these files, or at the configuration of what runs here.
pub(crate) fn lint(ask: &Ask) -> Result<Report, Error> {
    let mut files = Files::default();
    let sources = if ask.paths.is_empty() { sources::of_this_machine() } else { sources::named(&ask.paths)? };
    let link = Link::of(ask.deploy_to.as_deref());
    let mut fpms = Vec::new();
    for main in sources::fpm_mains(&sources, ask.paths.is_empty()) {
        fpms.extend(Fpm::of(&main, &mut files));
    }
    let mut judge =
        Judge { link: &link, header: ask.header.as_deref(), fpms: &fpms, report: Report::default() };
    for source in &sources {
        match source {
            Source::Nginx { main, shown } => match shown {
                Some(text) => {
                    let mut shown = Files::shown(text);
                    nginx::judge(main, &mut shown, &mut judge);
                    files.read.append(&mut shown.read);
                }
                None => nginx::judge(main, &mut files, &mut judge),
            },
            Source::Apache { main, root, dump } => {
                apache::judge(main, root, dump.as_ref(), &mut files, &mut judge);
            }
            Source::Caddy { main, adapted } => caddy::judge(main, adapted.as_deref(), &mut files, &mut judge),
            Source::Fpm(_) => {}
        }
    }
    for fpm in &fpms {
        let runs_it = |pool: &Pool| judge.report.handed_to.iter().any(|to| pool.listens_at(to));
        if let Some(preload) = fpm.preload.as_ref().filter(|_| fpm.pools.iter().any(runs_it)) {
            judge.preloads(preload);
        }
    }
    let mut report = judge.report;
    for path in &files.closed {
        let harm = Harm::Unsure;
        let what = "cannot be read, so nobody knows what it says; run swap-release lint as root".to_owned();
        report.findings.push(Finding { file: path.clone(), line: 1, harm, what });
    }
    report.hooks(ask);
    report
        .findings
        .sort_by(|one, other| (one.harm, &one.file, one.line).cmp(&(other.harm, &other.file, other.line)));
    (report.files, report.closed) = (files.read.len(), files.closed.len());
    Ok(report)
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

#[cfg(test)]
mod testing {
    use super::*;

    /// What is found in a configuration of one file, of a site at `/srv/site` that this machine need not have: lines and
    /// harms.
    pub(super) fn findings(name: &str, text: &str, php: &str) -> Vec<(usize, Harm, String)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut paths = vec![path];
        if !php.is_empty() {
            let fpm = folder.path().join("php-fpm.conf");
            std::fs::write(&fpm, php).unwrap();
            paths.push(fpm);
        }
        let ask = Ask {
            paths,
            deploy_to: Some("/srv/site".into()),
            header: Some("X-Release".into()),
            ..Ask::default()
        };
        let report = lint(&ask).unwrap();
        report.findings.into_iter().map(|found| (found.line, found.harm, found.what)).collect()
    }

    pub(super) fn lines(name: &str, text: &str) -> Vec<usize> {
        findings(name, text, "").into_iter().map(|(line, ..)| line).collect()
    }
}
