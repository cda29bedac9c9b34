//! The stage from its settings to its exit code.

use cli::{Abort, Console};
use record::{ExitCode, Push, Records};

use crate::Error;
use crate::cli::Settings;
use crate::job::Job;
use crate::push::deliver::{Delivery, company, deliver, limited};
use crate::push::require;
use crate::show::report::{Report, expect_junit};
use crate::show::words::copies;
use crate::show::words::count;

/// Pushes the published release to the selected hosts.
pub(crate) fn run(settings: &Settings, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let (inventory, hosts) = limited(settings)?;
    require::check(&settings.require, &hosts)?;
    let records = Records::new(&settings.records);
    // Rather than after the push.
    records.expect_writable::<Push>()?;
    expect_junit(&settings.junit)?;
    let company = company(settings, &inventory, &hosts)?;
    let (job, input) = Job::load(&records, &inventory, &hosts, settings.stall_timeout, company)?;
    let release = job.release.clone();
    let Delivery { reports, seeder, spared, beside } =
        deliver(settings, &inventory, &hosts, job, console, abort)?;
    let report = Report { hosts: &hosts, reports, seeder, spared, aborted: abort.is_set() };
    console.block(&report.table());
    if let Some(seeder) = &report.seeder {
        console.say(format!("this machine sent {}", copies(seeder.uploaded, release.payload.bytes)));
    }
    let written = report.write(settings, &release, input);
    let outcome = report.outcome(&settings.require, &inventory.rollout);
    beside.end(&hosts, &report.reports, outcome.is_ok(), console);
    written?;
    let missing = outcome?;
    if missing.is_empty() {
        console.say(format!("release {} is staged on {}", release.id, count(hosts.len())));
    } else {
        let names = missing.join(", ");
        console.warn(format!(
            "as many hosts as are required have release {}; it is missing on {names}",
            release.id
        ));
    }
    Ok(ExitCode::Ok)
}
