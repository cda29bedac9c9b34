//! Making a release live: at once, or in step with a controller.

use cli::{Abort, Console};
use record::host::SwitchEvent;
use record::{ExitCode, ReleaseId};

use crate::Error;
use crate::host::drupal;
use crate::host::hooks::kept;
use crate::host::job::Lease;
use crate::host::recovery::at_boot;
use crate::host::site::{LockedSite, SwitchKind, Switching};
use crate::host::verbs::confirm::{self, Controller};
use crate::host::verbs::switch;

pub(super) fn switch_to(
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
    locked.expect_way_back()?;
    let from = locked.site.current()?.into_id();
    let result = switch_on_orders(&locked, kind, from.as_ref(), to, &lease, console, abort);
    at_boot::wait_for_its_turn(locked, abort);
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
    let mut controller = Controller::on_stdin(lease.within, console, abort, switching)
        .map_err(|source| Error::Read { path: "standard input".into(), source })?;
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
