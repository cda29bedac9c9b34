//! The verbs on this server: from a job to a locked, reconciled site and a result for people or programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::{Abort, Console, human};
use fleet::{SharedPath, SharedPaths};
use record::host::{SwitchEvent, VerifyReply};
use record::{AnyRecord, ExitCode, ReleaseId};
use serde::Serialize;

use crate::Error;
use crate::disk::RealDisk;
use crate::drupal;
use crate::fleet::adopt::tell_obstacles;
use crate::hooks::{Switching, kept};
use crate::job::{Lease, PruneJob, ServerJob, ServerVerb};
use crate::lint;
use crate::reader;
use crate::record_file::read_record;
use crate::shared::{SharedFault, expect_links};
use crate::site::{Current, Foreign, HistoryLine, LockedSite, Site, SwitchKind};
use crate::verbs::adopt::Adopted;
use crate::verbs::confirm::{self, Controller};
use crate::verbs::finished::Seen;
use crate::verbs::{
    adopt, apache, finished, manifest, pin, prune, reconcile, repair, retry, settle, stage, status, switch,
    verify, want,
};

/// Good releases that are kept when nobody says how many.
const KEEP: u32 = 5;

/// Does a verb on this server.
pub(crate) fn run(job: ServerJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let disk = RealDisk;
    let site = Site::open(&job.deploy_to, &disk)?;
    let owner = owner(job.owner);
    match job.verb {
        ServerVerb::Stage { payload, record, manifest, shared, json } => {
            let shared = side_by_side(shared)?;
            let AnyRecord { release, build } = read_record(&record)?;
            let locked = site.lock(owner)?;
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
            console.say(format!("`{}` {what}: {} files, {size}, {took}", reply.release, reply.files));
            if json { print(console, &reply) } else { Ok(ExitCode::Ok) }
        }
        ServerVerb::Activate { release, lease, allow_older, force, retry_failed, adopt, shared } => {
            let release = release.ok_or_else(|| Error::Usage("name the release: activate RELEASE".into()))?;
            let shared = side_by_side(shared)?;
            let locked = site.lock(owner)?;
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
                switch::expect_not_older(&locked.site, &release)?;
            }
            if !force {
                switch::expect_same_database(&locked.site, &release)?;
            }
            switch_to(locked, SwitchKind::Activate, &release, lease, console, abort)
        }
        ServerVerb::Rollback { release, lease, force, retry_failed } => {
            let locked = site.lock(owner)?;
            locked.expect_way_back()?;
            let release = release.map_or_else(|| switch::rollback_target(&locked), Ok)?;
            if retry_failed {
                retry::retry(&locked, &release, &|_| !abort.is_set())?;
            }
            if !force {
                switch::expect_same_database(&locked.site, &release)?;
            }
            switch_to(locked, SwitchKind::Rollback, &release, lease, console, abort)
        }
        ServerVerb::MarkFailed { release } => {
            retry::mark_failed(&site.lock(owner)?, &release)?;
            console.say(format!("`{release}` is marked as failed"));
            Ok(ExitCode::Ok)
        }
        ServerVerb::Status { json, shared } => {
            let shared = side_by_side(shared)?;
            let (site, busy) = site.reconcile_if_idle(owner)?;
            let reply = status::status(&site, busy, &shared)?;
            if json {
                return print(console, &reply);
            }
            answer(console, &status::table(&reply))
        }
        ServerVerb::Verify { release, json } => {
            let (site, _) = site.reconcile_if_idle(owner)?;
            verify_release(&site, release, json, console, abort)
        }
        ServerVerb::Manifest { release } => {
            let (site, _) = site.reconcile_if_idle(owner)?;
            manifest::manifest(&site, release.as_ref(), console)
        }
        ServerVerb::Repair { release, payload, json } => {
            let (release, found) = repair_release(site, owner, release, payload, abort)?;
            console.say(match found.differences {
                _ if found.adopted => format!("`{release}` was taken over: nothing says what it has to be"),
                0 => format!("`{release}` is exactly what was built; nothing to repair"),
                count => {
                    format!("`{release}` is exactly what was built again; {count} differences were put right")
                }
            });
            if json { print(console, &found) } else { Ok(ExitCode::Ok) }
        }
        ServerVerb::Adopt { release, shared, from, dry_run: true, json, .. } => {
            let shared = side_by_side(shared)?;
            let (site, _) = site.reconcile_if_idle(owner)?;
            let reply = adopt::preview(&site, &shared, release.as_ref(), from.as_deref())?;
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
        ServerVerb::Adopt { release, shared, from, part_of, dry_run: false, .. } => {
            let shared = side_by_side(shared)?;
            if !site.paths.state().is_dir() {
                // Where not even our own directories can be made, that is told with what helps as well.
                let obstacles = adopt::preview(&site, &shared, release.as_ref(), from.as_deref())?.obstacles;
                if !obstacles.is_empty() {
                    let error = Error::InTheWay { path: site.paths.current(), obstacles };
                    return Err(tell_obstacles(error, console));
                }
            }
            let locked = site.lock(owner)?;
            let _sole = part_of.map(|(run, host)| locked.site.be_sole(&run, &host)).transpose()?;
            adopt_current(&locked, release, &shared, from.as_deref(), console)?;
            Ok(ExitCode::Ok)
        }
        ServerVerb::Want { record, shared } => {
            let shared = side_by_side(shared)?;
            let record = read_record(&record)?;
            let id = record.release.id.clone();
            want::want(&site.lock(owner)?, record, &shared)?;
            console.say(format!("`{id}` is staged as soon as it is downloaded"));
            Ok(ExitCode::Ok)
        }
        ServerVerb::Finished { infohash, place } => {
            match finished::finished(&job.deploy_to, &disk, &infohash, &place, abort)? {
                Seen::NotWanted => console.say(format!("{infohash} is not wanted here")),
                Seen::Here(id) => console.say(format!("`{id}` is here already")),
                Seen::Staged(id) => console.say(format!("`{id}` is staged")),
            }
            Ok(ExitCode::Ok)
        }
        ServerVerb::Pin { release, pinned } => {
            let locked = site.lock(owner)?;
            if locked.site.expect_here(None).is_ok_and(|live| *live.id() == release) {
                locked.expect_way_back()?;
            }
            pin::pin(&locked, &release, pinned)?;
            console.say(format!("`{release}` is {}", if pinned { "pinned" } else { "not pinned" }));
            Ok(ExitCode::Ok)
        }
        ServerVerb::History { json } => history(&site, json, console),
        ServerVerb::Reconcile => reconcile::reconcile(site, owner, console, abort),
        ServerVerb::Settle => settle::settle(&site.lock(owner)?, console),
        ServerVerb::Prune(PruneJob { keep, grace, dry_run, json }) => {
            let keep = usize::try_from(keep.unwrap_or(KEEP)).unwrap_or(usize::MAX);
            let grace = grace.unwrap_or(prune::GRACE);
            let reply = if dry_run {
                prune::dry_run(&site, keep, grace)?
            } else {
                prune::prune(&site.lock(owner)?, keep, grace)?
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
    SharedPaths::new(paths).map_err(|conflict| SharedFault::Conflict(conflict.reason).into())
}

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
    let files = report.files;
    if report.findings.is_empty() {
        console.say(match &ask.deploy_to {
            Some(site) if !report.serves => {
                format!(
                    "{}: of {files} files of web servers none serves `{}`",
                    lint::NOTHING_KNOWN,
                    site.display()
                )
            }
            _ => format!("{files} files, nothing found that mixes releases"),
        });
        return Ok(ExitCode::Ok);
    }
    Err(Error::Lint { what: report.counted(), files })
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

fn switch_to(
    locked: LockedSite<'_>,
    kind: SwitchKind,
    to: &ReleaseId,
    lease: Option<Lease>,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let Some(lease) = lease else {
        let done = switch::switch(&locked, kind, to, None)?;
        drupal::committed(&locked, to, kind == SwitchKind::Activate)?;
        match done.from {
            Some(from) if from == *to => console.say(format!("`{to}` is live already")),
            Some(from) => console.say(format!("`{to}` is live, it was `{from}`")),
            None => console.say(format!("`{to}` is live; there was no release before")),
        }
        return Ok(ExitCode::Ok);
    };
    let sole = lease.swap.as_ref().map(|(swap, host)| locked.site.be_sole(swap, host)).transpose()?;
    locked.expect_way_back()?;
    let from = locked.site.current()?.into_id();
    let result = switch_on_orders(&locked, kind, from.as_ref(), to, &lease, console, abort);
    drop(sole);
    reconcile::wait_for_its_turn(locked, abort);
    match result {
        Ok(()) => Ok(ExitCode::Ok),
        Err(Error::Reverted { .. } | Error::NoGo { .. }) if abort.is_set() => Err(Error::Aborted),
        Err(error) => Err(error),
    }
}

/// Switches as the controller says, and leaves nothing behind that this host can undo now.
fn switch_on_orders(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    from: Option<&ReleaseId>,
    to: &ReleaseId,
    lease: &Lease,
    console: &Console,
    abort: &Abort,
) -> Result<(), Error> {
    let switching = Switching { locked, kind, from, to };
    let mut controller = Controller::on_stdin(lease.within, console, abort, switching);
    let result = switch_in_step(switching, lease.in_step, &mut controller, abort);
    match &result {
        Ok(()) => confirm::say(console, &SwitchEvent::Committed { to: to.clone() }),
        Err(Error::Reverted { why, .. }) => {
            let to = locked.site.current()?.into_id();
            confirm::say(console, &SwitchEvent::Reverted { to, why: why.clone() });
        }
        Err(_) => {}
    }
    let settled = match &result {
        Ok(()) => {
            drupal::committed(locked, to, kind == SwitchKind::Activate).and_then(|()| kept::forget(locked))
        }
        Err(error) => {
            if let Err(error) = controller.after_revert() {
                log::warn!("{error}");
            }
            controller.settle(matches!(error, Error::Reverted { .. }))
        }
    };
    // What it is about stays written down, and the next run does it.
    if let Err(error) = settled {
        log::warn!("{error}");
    }
    // The code is where it stays: no way out leaves the site closed to visitors.
    if let Some(event) = drupal::restore(locked) {
        confirm::say(console, &event);
    }
    if result.is_ok() {
        controller.after_commit();
    }
    result
}

fn switch_in_step(
    switching: Switching<'_>,
    in_step: bool,
    controller: &mut Controller<'_>,
    abort: &Abort,
) -> Result<(), Error> {
    let Switching { locked, kind, to, .. } = switching;
    if in_step {
        switch::expect_ready(locked, &locked.site.expect_known(to)?)?;
        controller.wait_for_go().map_err(|why| Error::NoGo { release: to.clone(), why: why.to_string() })?;
        if abort.is_set() {
            return Err(Error::Aborted);
        }
    }
    switch::switch(locked, kind, to, Some(controller)).map(drop)
}

fn verify_release(
    site: &Site<'_>,
    release: Option<ReleaseId>,
    json: bool,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let file = site.expect_here(release.as_ref())?;
    let release = file.id();
    let reply = verify::verify(site, &file, &|_| !abort.is_set())?;
    if json {
        print(console, &reply)?;
    } else {
        for (what, paths) in
            [("missing", &reply.missing), ("extra", &reply.extra), ("changed", &reply.changed)]
        {
            // Line by line: a path may hold a line end.
            for path in paths {
                answer(console, &format!("{what} {}", cli::sanitize(path)))?;
            }
        }
    }
    if reply.adopted {
        console.say(format!("`{release}` was taken over: it is there, and nothing says what it has to be"));
        Ok(ExitCode::Ok)
    } else if reply.ok {
        console.say(format!("`{release}` is exactly what was built: tree {}", reply.tree_digest));
        Ok(ExitCode::Ok)
    } else {
        Err(verify::drift(&reply))
    }
}

fn repair_release(
    site: Site<'_>,
    owner: String,
    release: Option<ReleaseId>,
    payload: Option<PathBuf>,
    abort: &Abort,
) -> Result<(ReleaseId, VerifyReply), Error> {
    let locked = site.lock(owner)?;
    let file = locked.site.expect_here(release.as_ref())?;
    let release = file.id().clone();
    let found = repair::repair(&locked, &file, payload.as_deref(), &|_| !abort.is_set())?;
    Ok((release, found))
}

/// Takes in what is served, if it is no release yet; named after the time when nobody names it.
fn adopt_current(
    locked: &LockedSite<'_>,
    release: Option<ReleaseId>,
    shared: &SharedPaths,
    from: Option<&Path>,
    console: &Console,
) -> Result<(), Error> {
    let id = match release {
        Some(id) => id,
        // Another tool's release keeps its name.
        None => match locked.site.current() {
            Ok(Current::Foreign(Foreign { link: Some(_), name: Some(name), .. })) => name,
            _ => adopt::name_now().parse().map_err(|error| Error::Usage(format!("{error}")))?,
        },
    };
    match adopt::adopt(locked, &id, shared, from).map_err(|error| tell_obstacles(error, console))? {
        Adopted::Release(id) => {
            console.say(format!("what was served is release `{id}` now, and live as before"));
        }
        Adopted::Nothing => console.say("there is nothing to take in"),
        Adopted::SetAside { target, kept } => console.warn(format!(
            "`current` pointed to `{}`, where nothing is; the link is kept as `{}`",
            target.display(),
            kept.display()
        )),
    }
    Ok(())
}

/// Says what was asked for.
fn answer(console: &Console, text: &str) -> Result<ExitCode, Error> {
    console.answer(text).map_err(|source| Error::write(Path::new("standard output"), source))?;
    Ok(ExitCode::Ok)
}

fn print<T: Serialize>(console: &Console, reply: &T) -> Result<ExitCode, Error> {
    let out = Path::new("standard output");
    let mut line =
        serde_json::to_vec(reply).map_err(|source| Error::State { path: out.to_owned(), source })?;
    line.push(b'\n');
    console.data(&line).map_err(|source| Error::write(out, source))?;
    Ok(ExitCode::Ok)
}

/// Who asks: as given, else the build, else the user.
pub(crate) fn owner(given: Option<String>) -> String {
    given
        .or_else(|| ["BUILD_TAG", "SUDO_USER", "USER"].into_iter().find_map(|name| std::env::var(name).ok()))
        .unwrap_or_else(|| "somebody".into())
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}
