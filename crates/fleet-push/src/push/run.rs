//! The stage from its settings to its exit code.

use cli::{Abort, Console};
use record::{ExitCode, Push, Records};

use crate::Error;
use crate::job::Job;
use crate::push::deliver::{Delivery, deliver, limited};
use crate::push::outcome::outcome;
use crate::push::peer_policy::peer_policy;
use crate::push::require::{self, Require};
use crate::push::settings::PushSettings;
use crate::show::report::{Report, expect_junit};
use crate::show::words::copies;
use crate::show::words::count;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct PushRequest {
    pub(crate) settings: PushSettings,
    /// How many hosts must be staged.
    pub(crate) require: Vec<Require>,
}

/// Pushes the published release to the selected hosts.
pub(crate) fn run(request: &PushRequest, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let PushRequest { settings, require } = request;
    let (inventory, hosts) = limited(settings)?;
    require::check(require, &hosts)?;
    let records = Records::new(&settings.records);
    // Rather than after the push.
    records.expect_writable::<Push>()?;
    expect_junit(&settings.junit)?;
    let peers = peer_policy(settings, &inventory, &hosts)?;
    let (job, input) = Job::load(&records, &inventory, &hosts, settings.stall_timeout, peers)?;
    let release = job.release.clone();
    let Delivery { reports, seeder, spared, files } =
        deliver(settings, &inventory, &hosts, job, console, abort)?;
    let report = Report { hosts: &hosts, reports, seeder, spared, aborted: abort.is_set() };
    console.block(&report.table());
    if let Some(seeder) = &report.seeder {
        console.say(format!("this machine sent {}", copies(seeder.uploaded, release.payload.bytes)));
    }
    let written = report.write(&records, &settings.junit, &release, input);
    let result = outcome(&report, require, &inventory.rollout);
    files.end(&hosts, &report.reports, result.is_ok(), console);
    written?;
    let missing = result?;
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
