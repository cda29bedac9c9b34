//! The verbs on this server: from a job to a locked, reconciled site and a result for people or programs.

mod adopt;
mod answer;
mod reader;
mod record_file;
mod switch;
mod tree;
mod web_servers;

use std::time::Duration;

use cli::{Abort, Console, human};
use inventory::{SharedPath, SharedPaths};
use record::{AnyRecord, ExitCode};

use self::adopt::adopt_current;
use self::answer::{answer, print};
use self::record_file::read_record;
use self::switch::switch_to;
use self::tree::{repair_release, verify_release};
pub(crate) use self::web_servers::{apache, lint};
use crate::Error;
use crate::host::disk::RealDisk;
use crate::host::events::{self, Seen};
use crate::host::job::{PruneJob, ServerJob, ServerVerb};
use crate::host::recovery::{self, at_boot};
use crate::host::shared::expect_links;
use crate::host::site::{HistoryLine, Site, SwitchKind, owner};
use crate::host::verbs::adopt::{preview, tell_obstacles};
use crate::host::verbs::switch::{expect_not_older, expect_same_database, rollback_target};
use crate::host::verbs::{manifest, pin, prune, retry, settle, stage, status, want};

/// Good releases that are kept when nobody says how many.
const KEEP: u32 = 5;

/// Does a verb on this server.
pub(crate) fn run(job: ServerJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let disk = RealDisk;
    let site = Site::open(&job.deploy_to, &disk)?.for_run(job.part_of);
    let owner = owner(job.owner);
    match job.verb {
        ServerVerb::Stage { payload, record, manifest, shared, json } => {
            let shared = side_by_side(shared)?;
            let AnyRecord { release, build } = read_record(&record)?;
            let locked = recovery::lock(site, owner)?;
            if json {
                reader::abort_without_reader(abort);
            }
            let progress = console.progress("staging", release.bytes);
            let tell = |bytes| {
                progress.advance(bytes);
                !abort.is_set()
            };
            if payload.parent() == Some(&*locked.site.paths.incoming()) {
                locked.leave_to_its_client(&release)?;
            }
            let request = stage::Request {
                release: &release,
                build: build.as_ref(),
                payload: &payload,
                manifest: manifest.as_deref(),
                shared: &shared,
            };
            let reply = stage::stage(&locked, &request, &tell)?;
            drop(progress);
            let took = human::seconds(Duration::from_secs_f64(reply.seconds));
            let what = if reply.already { "was staged already and is whole" } else { "is staged" };
            let size = human::bytes(reply.bytes);
            let files = human::count(reply.files, "file", "files");
            console.say(format!("`{}` {what}: {files}, {size}, {took}", reply.release));
            if json { print(console, &reply) } else { Ok(ExitCode::Ok) }
        }
        ServerVerb::Activate { release, lease, allow_older, force, retry_failed, adopt, shared } => {
            let release = release.ok_or_else(|| Error::Usage("name the release: activate RELEASE".into()))?;
            let shared = side_by_side(shared)?;
            let locked = recovery::lock(site, owner)?;
            if adopt {
                adopt_current(&locked, None, &shared, None, console)?;
            }
            let file = locked.site.expect_known(&release)?;
            // What was taken over has its shared paths as they were.
            if file.adopted.is_none() {
                expect_links(&locked.site, &file)?;
            }
            if retry_failed {
                retry::retry(&locked, &release, &|_| !abort.is_set())?;
            }
            if !allow_older {
                expect_not_older(&locked.site, &release)?;
            }
            if !force {
                expect_same_database(&locked.site, &release)?;
            }
            switch_to(locked, SwitchKind::Activate, &release, lease, console, abort)
        }
        ServerVerb::Rollback { release, lease, force, retry_failed } => {
            let locked = recovery::lock(site, owner)?;
            locked.expect_way_back()?;
            let release = release.map_or_else(|| rollback_target(&locked), Ok)?;
            if retry_failed {
                retry::retry(&locked, &release, &|_| !abort.is_set())?;
            }
            if !force {
                expect_same_database(&locked.site, &release)?;
            }
            switch_to(locked, SwitchKind::Rollback, &release, lease, console, abort)
        }
        ServerVerb::MarkFailed { release } => {
            retry::mark_failed(&recovery::lock(site, owner)?, &release)?;
            console.say(format!("`{release}` is marked as failed"));
            Ok(ExitCode::Ok)
        }
        ServerVerb::Status { json, shared } => {
            let shared = side_by_side(shared)?;
            let (site, busy) = recovery::reconcile_if_idle(site, owner)?;
            let reply = status::status(&site, busy, &shared)?;
            if json {
                return print(console, &reply);
            }
            answer(console, &status::table(&reply))
        }
        ServerVerb::Verify { release, json } => {
            let (site, _) = recovery::reconcile_if_idle(site, owner)?;
            verify_release(&site, release, json, console, abort)
        }
        ServerVerb::Manifest { release } => {
            let (site, _) = recovery::reconcile_if_idle(site, owner)?;
            manifest::manifest(&site, release.as_ref(), console)
        }
        ServerVerb::Repair { release, payload, json } => {
            let (release, found) = repair_release(site, owner, release, payload, abort)?;
            console.say(match found.differences {
                _ if found.adopted => format!("`{release}` was taken over: nothing says what it has to be"),
                0 => format!("`{release}` is exactly what was built; nothing to repair"),
                count => {
                    let count = human::count(count, "difference was", "differences were");
                    format!("`{release}` is exactly what was built again; {count} put right")
                }
            });
            if json { print(console, &found) } else { Ok(ExitCode::Ok) }
        }
        ServerVerb::Adopt { release, shared, from, dry_run: true, json, .. } => {
            let shared = side_by_side(shared)?;
            let (site, _) = recovery::reconcile_if_idle(site, owner)?;
            let reply = preview(&site, &shared, release.as_ref(), from.as_deref())?;
            if json {
                return print(console, &reply);
            }
            for path in &reply.moves {
                answer(console, &cli::sanitize(&format!("`{path}` moves to shared/")))?;
            }
            if reply.obstacles.is_empty() {
                return answer(console, "nothing is in the way");
            }
            let error = Error::InTheWay { path: site.paths.current(), obstacles: reply.obstacles };
            Err(tell_obstacles(error, console))
        }
        ServerVerb::Adopt { release, shared, from, dry_run: false, .. } => {
            let shared = side_by_side(shared)?;
            if !site.paths.state().is_dir() {
                // Where not even our own directories can be made, that is reported with its remedy as well.
                let obstacles = preview(&site, &shared, release.as_ref(), from.as_deref())?.obstacles;
                if !obstacles.is_empty() {
                    let error = Error::InTheWay { path: site.paths.current(), obstacles };
                    return Err(tell_obstacles(error, console));
                }
            }
            let locked = recovery::lock(site, owner)?;
            adopt_current(&locked, release, &shared, from.as_deref(), console)?;
            Ok(ExitCode::Ok)
        }
        ServerVerb::Want { record, shared } => {
            let shared = side_by_side(shared)?;
            let record = read_record(&record)?;
            let id = record.release.id.clone();
            want::want(&recovery::lock(site, owner)?, record, &shared)?;
            console.say(format!("`{id}` is staged as soon as it is downloaded"));
            Ok(ExitCode::Ok)
        }
        ServerVerb::Finished { infohash, place } => {
            match events::finished(&job.deploy_to, &disk, &infohash, &place, abort)? {
                Seen::NotWanted => console.say(format!("{infohash} is not wanted here")),
                Seen::Here(id) => console.say(format!("`{id}` is here already")),
                Seen::Staged(id) => console.say(format!("`{id}` is staged")),
            }
            Ok(ExitCode::Ok)
        }
        ServerVerb::Pin { release, pinned } => {
            let locked = recovery::lock(site, owner)?;
            if locked.site.expect_here(None).is_ok_and(|live| *live.id() == release) {
                locked.expect_way_back()?;
            }
            pin::pin(&locked, &release, pinned)?;
            console.say(format!("`{release}` is {}", if pinned { "pinned" } else { "not pinned" }));
            Ok(ExitCode::Ok)
        }
        ServerVerb::History { json } => history(&site, json, console),
        ServerVerb::Reconcile => at_boot::reconcile(site, owner, console, abort),
        ServerVerb::Settle => settle::settle(&recovery::lock(site, owner)?, console),
        ServerVerb::Prune(PruneJob { keep, grace, dry_run, json }) => {
            let keep = usize::try_from(keep.unwrap_or(KEEP)).unwrap_or(usize::MAX);
            let grace = grace.unwrap_or(prune::GRACE);
            let reply = if dry_run {
                prune::dry_run(&site, keep, grace)?
            } else {
                prune::prune(&recovery::lock(site, owner)?, keep, grace)?
            };
            if json {
                return print(console, &reply);
            }
            let lines = reply.lines();
            if lines.is_empty() {
                console.say("nothing to remove");
            }
            for line in lines {
                answer(console, &cli::sanitize(&line))?;
            }
            reply.warnings().into_iter().for_each(|line| console.warn(line));
            Ok(ExitCode::Ok)
        }
    }
}

/// The values of `--shared`, which must be able to stand side by side.
fn side_by_side(paths: Vec<SharedPath>) -> Result<SharedPaths, Error> {
    SharedPaths::new(paths).map_err(|conflict| Error::shared_conflict(conflict.reason))
}

fn history(site: &Site<'_>, json: bool, console: &Console) -> Result<ExitCode, Error> {
    let lines = site.history()?;
    if json {
        for line in &lines {
            print(console, line)?;
        }
    } else {
        let rows: Vec<Vec<String>> = lines.into_iter().map(HistoryLine::cells).collect();
        answer(console, &cli::table(&["at", "what", "release", "from", "by"], &rows))?;
    }
    Ok(ExitCode::Ok)
}
