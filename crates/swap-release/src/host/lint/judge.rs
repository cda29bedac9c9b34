//! What is known while a configuration is judged.

use std::path::Path;

use super::link::{Leads, Link};
use super::php::{Fpm, Pool, Preload};
use super::report::{Finding, Harm, Report};

/// What is known while a configuration is judged.
pub(super) struct Judge<'a> {
    pub(super) link: &'a Link,
    pub(super) header: Option<&'a str>,
    /// Every php-fpm of this machine that can be read.
    pub(super) fpms: &'a [Fpm],
    pub(super) report: Report,
}

impl Judge<'_> {
    pub(super) fn found(&mut self, file: &Path, line: usize, harm: Harm, what: impl Into<String>) {
        let finding = Finding { file: file.to_owned(), line, harm, what: what.into() };
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }

    /// The pool of php-fpm that listens there.
    pub(super) fn pool(&self, to: &str) -> Option<&Pool> {
        self.fpms.iter().flat_map(|fpm| &fpm.pools).find(|pool| pool.listens_at(to))
    }

    /// What the PHP of this site loads when it starts is of one release for ever, whatever the web server does.
    pub(super) fn preloads(&mut self, preload: &Preload) {
        if self.link.leads(&preload.script) != Leads::Elsewhere {
            let what = "opcache.preload is run when PHP starts and not again: classes in it stay those of the release that was live \
                        then, and visitors get parts of two releases; take it out";
            self.found(&preload.file, preload.line, Harm::Mixes, what);
        }
    }

    pub(super) fn hands_to(&mut self, fpm: &str) {
        if !self.report.handed_to.iter().any(|known| known == fpm) {
            self.report.handed_to.push(fpm.to_owned());
        }
    }
}
