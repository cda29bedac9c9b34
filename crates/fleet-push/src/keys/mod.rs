//! `fleet-push keys scan`: what keys the hosts show, and adding those that somebody vouches for.
//!
//! A man in the middle is let in by habit: by a `yes` to a question, by a scan that writes what it saw. So nothing here adds
//! a key because it was seen. Its fingerprint must come from outside: on the command line, from a file, or typed at a question that
//! does not show it. And what has changed is not added at all.

mod accept;
mod ask;
mod report;
mod target;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use cli::{Abort, Console};
use record::ExitCode;
use remote::{Event, Interrupt, KnownHost, Outcome, Standing, add_known_hosts, fan_out, scan_host_keys};

use self::accept::Accepted;
use self::report::Report;
use self::target::{Seen, Target, targets};
use crate::Error;
use crate::hosts::reach::Reach;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) reach: Reach,
    pub(crate) add: bool,
    pub(crate) accept: Vec<String>,
    pub(crate) hash: bool,
    pub(crate) json: bool,
}

/// Who says which keys may be added.
enum Approver {
    /// Nobody: they are only shown.
    Nobody,
    /// Fingerprints that were named.
    Named(Accepted),
    /// Somebody at the terminal.
    Person,
}

/// Looks, adds what is vouched for, and tells.
pub(crate) fn scan(scan: &Scan, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let approver = approver(scan)?;
    let inventory = scan.reach.inventory()?;
    let hosts = scan.reach.choose(&inventory)?;
    let options = scan.reach.unchecked_options(&Interrupt::from(abort.flag()))?;
    let mut report = Report::default();
    // Those who are on the way to others first: only through a trusted one can anything be seen.
    for wave in targets(&hosts) {
        let (asked, dialled) = (options.clone(), wave.iter().map(|target| target.host.clone()).collect());
        let outcomes = fan_out(
            dialled,
            scan.reach.parallel,
            &Interrupt::from(abort.flag()),
            |_: Event<()>| (),
            move |host, _| scan_host_keys(&host, &asked),
        );
        if abort.is_set() {
            return Err(Error::Aborted);
        }
        let mut seen: Vec<Seen> =
            wave.into_iter().zip(outcomes).map(|(target, outcome)| settle(target, outcome)).collect();
        let decided = decide(&approver, &mut seen, console, abort);
        // What was decided before an abort was decided.
        add(&mut seen, scan.hash, console)?;
        decided?;
        report.add(seen);
    }
    if let Approver::Named(accepted) = &approver {
        for fingerprint in accepted.not_among(&report.fingerprints()) {
            console.warn(format!("no host shows the key {fingerprint}, which --accept names"));
        }
    }
    report.tell(scan.json, console)
}

fn approver(scan: &Scan) -> Result<Approver, Error> {
    match (scan.add, scan.accept.is_empty()) {
        (false, _) => Ok(Approver::Nobody),
        (true, false) => Ok(Approver::Named(Accepted::load(&scan.accept)?)),
        (true, true) if io::stdin().is_terminal() && io::stderr().is_terminal() => Ok(Approver::Person),
        (true, true) => Err(Error::NobodyToAsk),
    }
}

fn settle(target: Target, outcome: Outcome<Result<remote::HostKeyScan, remote::HostError>>) -> Seen {
    match outcome.done() {
        Some(result) => Seen::new(target, result),
        None => Seen::defect(target),
    }
}

/// Marks the keys that are to be added.
fn decide(approver: &Approver, seen: &mut [Seen], console: &Console, abort: &Abort) -> Result<(), Error> {
    for seen in seen.iter_mut().filter(|seen| seen.may_be_added_to()) {
        match approver {
            Approver::Nobody => {}
            Approver::Named(accepted) => seen.choose(|fingerprint| accepted.has(fingerprint)),
            // A host that is trusted already is not worth a question.
            Approver::Person if seen.is_trusted() => {}
            Approver::Person => match ask::ask(seen, console, abort)? {
                ask::Answer::Fingerprints(typed) => {
                    seen.choose(|fingerprint| typed.iter().any(|one| one == fingerprint));
                }
                ask::Answer::Nothing => {}
                ask::Answer::End => return Ok(()),
            },
        }
    }
    Ok(())
}

/// Writes what was decided, each file once.
fn add(seen: &mut [Seen], hash: bool, console: &Console) -> Result<(), Error> {
    let mut files: BTreeMap<PathBuf, Vec<KnownHost>> = BTreeMap::new();
    for seen in seen.iter() {
        for key in seen.keys.iter().filter(|key| key.chosen && key.seen.standing == Standing::New) {
            let host = &seen.target.host;
            let (name, port) = host.known_as();
            let line = KnownHost { address: name.clone(), port, key: key.seen.key.clone() };
            let lines = files.entry(seen.known_hosts.clone()).or_default();
            // An sshd to which two ways lead is seen twice.
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    for (file, lines) in &files {
        add_known_hosts(file, lines, hash)?;
        let count = if lines.len() == 1 { "1 key".to_owned() } else { format!("{} keys", lines.len()) };
        console.say(format!("added {count} to {}", file.display()));
    }
    for seen in seen {
        seen.chosen_is_added();
    }
    Ok(())
}
