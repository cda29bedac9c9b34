//! The verbs about web servers, which need no site.

use cli::{Console, human};
use record::ExitCode;

use super::answer::answer;
use crate::Error;
use crate::host::lint;
use crate::host::verbs::apache;

/// Has Apache serve the live release.
pub(crate) fn apache(ask: &apache::Ask, console: &Console) -> Result<ExitCode, Error> {
    console.say(apache::apache(ask)?);
    Ok(ExitCode::Ok)
}

/// Looks at the configuration of web servers.
pub(crate) fn lint(ask: &lint::Ask, console: &Console) -> Result<ExitCode, Error> {
    let report = lint::lint(ask)?;
    for finding in &report.findings {
        answer(console, &cli::sanitize(&finding.to_string()))?;
    }
    if report.by_real_path {
        console.say(format!("{}: Apache", lint::BY_REAL_PATH));
    }
    let files = human::count(report.files, "file", "files");
    if report.findings.is_empty() {
        console.say(match &ask.deploy_to {
            Some(site) if !report.serves => {
                format!("{}: of {files} of web servers none serves `{}`", lint::NOTHING_KNOWN, site.display())
            }
            _ => format!("{files}, nothing found that mixes releases"),
        });
        return Ok(ExitCode::Ok);
    }
    Err(Error::lint(&report.counted(), report.files))
}
