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
mod judge;
mod link;
mod nginx;
mod php;
mod report;
pub(crate) mod running;
mod sources;

use self::files::Files;
use self::judge::Judge;
use self::link::Link;
pub(crate) use self::php::Fpm;
use self::php::Pool;
pub(crate) use self::report::{Ask, Report};
use self::report::{Finding, Harm};
use self::sources::Source;
use crate::Error;

/// What is said where no configuration that was read serves the site.
pub(crate) const NOTHING_KNOWN: &str = "nothing is known";

/// What is said of a web server that gets a release by its real path, which `fleet-push doctor` looks for.
pub(crate) const BY_REAL_PATH: &str = "by its real path";

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
