//! From `[tracker]` as typed to a tracker that has all that its mode needs, and nothing that it does not know.

use super::place::Place;
use crate::file::TrackerTable;
use crate::{Announce, Error, Reload, Tracker, TrackerMode};

/// Checks the keys against the mode.
pub(super) fn tracker(at: &Place<'_>, table: TrackerTable) -> Result<Tracker, Error> {
    let mode = table.mode.unwrap_or_default();
    let reload = match (table.pid_file, table.reload) {
        (Some(_), Some(_)) => return Err(at.refuse("tracker.reload", "`tracker.pid_file` is given, too")),
        (Some(file), None) => Some(Reload::PidFile(at.local_path(&file))),
        (None, Some(argv)) if argv.is_empty() => {
            return Err(at.refuse("tracker.reload", "the command is empty"));
        }
        (None, argv) => argv.map(Reload::Command),
    };
    let tracker = Tracker {
        mode,
        announce: table.announce,
        introduce: table.introduce.unwrap_or(true),
        ca_file: table.ca_file.map(|file| at.local_path(&file)),
        update: table.update,
        secret: at.secret("tracker.secret", table.secret_file, table.secret_env)?,
        freeleech: table.freeleech,
        whitelist: table.whitelist.map(|file| at.local_path(&file)),
        reload,
        site: table.site,
        username: table.username,
        password: at.secret("tracker.password", table.password_file, table.password_env)?,
        token: at.secret("tracker.token", table.token_file, table.token_env)?,
        session_file: table.session_file.map(|file| at.local_path(&file)),
        title: table.title,
        tags: table.tags,
        description: table.description,
    };
    check_urls(at, &tracker)?;
    check_keys(at, &tracker)?;
    Ok(tracker)
}

fn check_urls(at: &Place<'_>, tracker: &Tracker) -> Result<(), Error> {
    let (needs, name) = (tracker.mode != TrackerMode::None, name(tracker.mode));
    match &tracker.announce {
        None if needs => {
            let reason = format!("the key is missing; mode \"{name}\" needs it");
            return Err(at.refuse("tracker.announce", reason));
        }
        Some(_) if !needs => {
            return Err(at.refuse("tracker.announce", "mode \"none\" has no announce URL"));
        }
        _ => {}
    }
    if !needs && !tracker.introduce {
        return Err(at.refuse("tracker.introduce", "without a tracker nobody else could introduce the hosts"));
    }
    for (key, url) in [("tracker.update", &tracker.update), ("tracker.site", &tracker.site)] {
        let Some(url) = url else { continue };
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let plain = |rest: &str| {
            let graphic = rest.bytes().all(|byte| byte.is_ascii_graphic());
            !rest.is_empty() && graphic && !rest.contains(['@', '?', '#'])
        };
        // Not repeated: somebody may have put a secret there.
        if !rest.is_some_and(plain) {
            return Err(at.refuse(key, "http:// or https:// with a host is expected, without user or query"));
        }
    }
    let keyed = tracker.announce.as_ref().is_some_and(Announce::needs_passkey);
    match tracker.mode {
        TrackerMode::Ocelot | TrackerMode::Gazelle | TrackerMode::GazelleOps if !keyed => {
            let reason = format!("mode \"{name}\" needs `{{passkey}}` in it, where each host's own goes");
            Err(at.refuse("tracker.announce", reason))
        }
        TrackerMode::Opentracker if keyed => {
            Err(at.refuse("tracker.announce", "opentracker knows no passkeys"))
        }
        _ => Ok(()),
    }
}

/// Every key that only some modes know, whether it is given, and the modes that take and those that need it.
fn check_keys(at: &Place<'_>, tracker: &Tracker) -> Result<(), Error> {
    use TrackerMode::{Gazelle, GazelleOps, Ocelot, Opentracker};
    const SITES: &[TrackerMode] = &[Gazelle, GazelleOps];
    const UPDATES: &[TrackerMode] = &[Ocelot, Gazelle, GazelleOps];
    const NONE: &[TrackerMode] = &[];
    const TRACKERS: &[TrackerMode] = &[TrackerMode::Announce, Opentracker, Ocelot, Gazelle, GazelleOps];
    let rules: [(&str, bool, &[TrackerMode], &[TrackerMode]); 14] = [
        ("ca_file", tracker.ca_file.is_some(), TRACKERS, NONE),
        ("update", tracker.update.is_some(), UPDATES, NONE),
        ("secret_file", tracker.secret.is_some(), UPDATES, &[Ocelot]),
        ("freeleech", tracker.freeleech.is_some(), UPDATES, NONE),
        ("whitelist", tracker.whitelist.is_some(), &[Opentracker], &[Opentracker]),
        ("pid_file", tracker.reload.is_some(), &[Opentracker], &[Opentracker]),
        ("site", tracker.site.is_some(), SITES, SITES),
        ("username", tracker.username.is_some(), &[Gazelle], &[Gazelle]),
        ("password_file", tracker.password.is_some(), &[Gazelle], &[Gazelle]),
        ("session_file", tracker.session_file.is_some(), &[Gazelle], &[Gazelle]),
        ("token_file", tracker.token.is_some(), &[GazelleOps], &[GazelleOps]),
        ("title", tracker.title.is_some(), SITES, NONE),
        ("tags", tracker.tags.is_some(), SITES, NONE),
        ("description", tracker.description.is_some(), SITES, NONE),
    ];
    let name = name(tracker.mode);
    for (key, given, takes, needs) in rules {
        if given && !takes.contains(&tracker.mode) {
            return Err(at.refuse(&format!("tracker.{key}"), format!("mode \"{name}\" does not know it")));
        }
        if !given && needs.contains(&tracker.mode) {
            let or = match key.strip_suffix("_file") {
                Some("pid") => " (or `tracker.reload`, a command)".to_owned(),
                Some(other) if other != "session" => format!(" (or `tracker.{other}_env`)"),
                _ => String::new(),
            };
            let reason = format!("the key is missing; mode \"{name}\" needs it{or}");
            return Err(at.refuse(&format!("tracker.{key}"), reason));
        }
    }
    Ok(())
}

fn name(mode: TrackerMode) -> &'static str {
    match mode {
        TrackerMode::None => "none",
        TrackerMode::Announce => "announce",
        TrackerMode::Opentracker => "opentracker",
        TrackerMode::Ocelot => "ocelot",
        TrackerMode::Gazelle => "gazelle",
        TrackerMode::GazelleOps => "gazelle-ops",
    }
}
