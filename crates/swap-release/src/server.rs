//! The verbs on this server: from a job to a locked, reconciled site and a result for people or programs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use cli::{Abort, Console, human};
use record::host::SwitchEvent;
use record::{AnyRecord, ExitCode, ReleaseId};
use serde::Serialize;

use crate::Error;
use crate::disk::RealDisk;
use crate::job::{Lease, ServerJob, ServerVerb};
use crate::site::{HistoryLine, LockedSite, Site, SwitchKind};
use crate::verbs::confirm::{self, Controller};
use crate::verbs::{pin, prune, stage, status, switch, verify};

/// Good releases that are kept when nobody says how many.
const KEEP: u32 = 5;

/// A record is a few kilobytes, a push record of 10,000 hosts some megabytes.
const LARGEST_RECORD: u64 = 64 * 1024 * 1024;

/// Does a verb on this server.
pub(crate) fn run(job: ServerJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let disk = RealDisk;
    let site = Site::open(&job.deploy_to, &disk)?;
    let owner = owner(job.owner);
    match job.verb {
        ServerVerb::Stage { payload, record, manifest, shared, json } => {
            let AnyRecord { release, build } = read_record(&record)?;
            let locked = site.lock(owner)?;
            let progress = console.progress("staging", release.bytes);
            let tell = |bytes| {
                progress.advance(bytes);
                !abort.is_set()
            };
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
        ServerVerb::Activate { release, lease, allow_older } => {
            let release = release.ok_or_else(|| Error::Usage("name the release: activate RELEASE".into()))?;
            let locked = site.lock(owner)?;
            if !allow_older {
                switch::expect_not_older(&locked.site, &release)?;
            }
            switch_to(&locked, SwitchKind::Activate, &release, lease, console, abort)
        }
        ServerVerb::Rollback { release, lease } => {
            let locked = site.lock(owner)?;
            let release = release.map_or_else(|| switch::rollback_target(&locked), Ok)?;
            switch_to(&locked, SwitchKind::Rollback, &release, lease, console, abort)
        }
        ServerVerb::Status { json } => {
            let (site, busy) = site.reconcile_if_idle(owner)?;
            let reply = status::status(&site, busy)?;
            if json {
                return print(console, &reply);
            }
            console.block(&status::table(&reply));
            Ok(ExitCode::Ok)
        }
        ServerVerb::Verify { release, json } => {
            let (site, _) = site.reconcile_if_idle(owner)?;
            verify_release(&site, release, json, console, abort)
        }
        ServerVerb::Pin { release, pinned } => {
            pin::pin(&site.lock(owner)?, &release, pinned)?;
            console.say(format!("`{release}` is {}", if pinned { "pinned" } else { "not pinned" }));
            Ok(ExitCode::Ok)
        }
        ServerVerb::History { json } => history(&site, json, console),
        ServerVerb::Reconcile => {
            let locked = site.lock(owner)?;
            let live = locked.site.current()?.into_id();
            console.say(match live {
                Some(id) => format!("nothing is pending; `{id}` is live"),
                None => "nothing is pending; no release is live".into(),
            });
            Ok(ExitCode::Ok)
        }
        ServerVerb::Prune { keep, grace } => {
            let keep = usize::try_from(keep.unwrap_or(KEEP)).unwrap_or(usize::MAX);
            let pruned = prune::prune(&site.lock(owner)?, keep, grace.unwrap_or(prune::GRACE))?;
            for release in &pruned.removed {
                console.say(format!("removed `{release}`"));
            }
            for path in &pruned.left {
                console.warn(format!("`{}` could not be deleted; it is out of the way", path.display()));
            }
            Ok(ExitCode::Ok)
        }
    }
}

fn history(site: &Site<'_>, json: bool, console: &Console) -> Result<ExitCode, Error> {
    let lines = site.history()?;
    if json {
        for line in &lines {
            print(console, line)?;
        }
    } else {
        let rows: Vec<Vec<String>> = lines.into_iter().map(HistoryLine::cells).collect();
        console.block(&cli::table(&["at", "what", "release", "from", "by"], &rows));
    }
    Ok(ExitCode::Ok)
}

fn switch_to(
    locked: &LockedSite<'_>,
    kind: SwitchKind,
    to: &ReleaseId,
    lease: Option<Lease>,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let Some(Lease { within, in_step }) = lease else {
        let done = switch::switch(locked, kind, to, None)?;
        match done.from {
            Some(from) if from == *to => console.say(format!("`{to}` is live already")),
            Some(from) => console.say(format!("`{to}` is live, it was `{from}`")),
            None => console.say(format!("`{to}` is live, the first release here")),
        }
        return Ok(ExitCode::Ok);
    };
    let mut controller = Controller::on_stdin(within, console, abort);
    if in_step {
        switch::expect_ready(locked, &locked.site.expect_known(to)?)?;
        let from = locked.site.current()?.into_id();
        controller.wait_for_go(from.as_ref(), to).map_err(|why| match abort.is_set() {
            true => Error::Aborted,
            false => Error::NoGo { release: to.clone(), why },
        })?;
    }
    match switch::switch(locked, kind, to, Some(&mut controller)) {
        Ok(done) => {
            confirm::say(console, &SwitchEvent::Committed { to: done.to });
            Ok(ExitCode::Ok)
        }
        Err(Error::Reverted { release, why, live }) => {
            let to = locked.site.current()?.into_id();
            confirm::say(console, &SwitchEvent::Reverted { to, why: why.clone() });
            Err(if abort.is_set() { Error::Aborted } else { Error::Reverted { release, why, live } })
        }
        Err(error) => Err(error),
    }
}

fn verify_release(
    site: &Site<'_>,
    release: Option<ReleaseId>,
    json: bool,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let nothing = || Error::NothingBefore { why: "no release is live, so none can be verified".into() };
    let release = match release {
        Some(release) => release,
        None => site.current()?.into_id().ok_or_else(nothing)?,
    };
    let reply = verify::verify(site, &site.expect_known(&release)?, &|_| !abort.is_set())?;
    if json {
        print(console, &reply)?;
    } else {
        for (what, paths) in
            [("missing", &reply.missing), ("extra", &reply.extra), ("changed", &reply.changed)]
        {
            for path in paths {
                console.say(format!("{what} {path}"));
            }
        }
    }
    if reply.ok {
        console.say(format!("`{release}` is exactly what was built: tree {}", reply.tree_digest));
        Ok(ExitCode::Ok)
    } else {
        Err(verify::drift(&reply))
    }
}

fn print<T: Serialize>(console: &Console, reply: &T) -> Result<ExitCode, Error> {
    let out = Path::new("standard output");
    let mut line =
        serde_json::to_vec(reply).map_err(|source| Error::State { path: out.to_owned(), source })?;
    line.push(b'\n');
    console.data(&line).map_err(|source| Error::write(out, source))?;
    Ok(ExitCode::Ok)
}

/// A record of any stage; `-` is standard input.
fn read_record(path: &Path) -> Result<AnyRecord, Error> {
    let mut bytes = Vec::new();
    let read = |source| Error::Record(record::Error::Read { path: path.to_owned(), source });
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(record::Error::Missing { path: path.to_owned() }.into());
            }
            Err(source) => return Err(read(source)),
        }
    };
    reader.take(LARGEST_RECORD).read_to_end(&mut bytes).map_err(read)?;
    Ok(record::any_record(&bytes, path)?)
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
