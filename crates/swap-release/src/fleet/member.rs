//! One host on its way through the two-phase commit.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::host::Fault;
use fleet::health::Verdict;
use fleet::{Host, Interrupt, Outcome, Process, Remote, fan_out};
use record::host::DatabaseUpdate;
use record::{DrupalFacts, HookRun, HostOutcome, ReleaseId, Remains};

/// How often a waiting member looks whether the others are done.
const GLANCE: Duration = Duration::from_millis(20);
/// What a host that is not cut off takes to accept one word.
const RENEWAL: Duration = Duration::from_secs(5);

/// A host, what connects us to it, and what is known so far.
pub(crate) struct Member {
    pub(crate) host: Host,
    pub(crate) remote: Option<Box<dyn Remote>>,
    /// `swap-release activate` on the host, waiting for the word.
    pub(crate) process: Option<Box<dyn Process>>,
    pub(crate) before: Option<ReleaseId>,
    pub(crate) after: Option<ReleaseId>,
    /// The name here of what all are led to, where it is another: see `own_name`.
    pub(crate) own: Option<ReleaseId>,
    /// Those of the two that were taken over here, and do not know what we call them; and where they lie.
    pub(crate) adopted: Vec<(ReleaseId, String)>,
    pub(crate) outcome: HostOutcome,
    /// Counted from 1.
    pub(crate) batch: Option<u32>,
    pub(crate) switched_at: Option<Instant>,
    /// What the health check saw last, for people.
    pub(crate) health: Option<String>,
    /// What it found of the release; none if the host was not asked.
    pub(crate) finding: Option<Verdict>,
    /// What the former release said to the same, when it was back.
    pub(crate) former: Option<Verdict>,
    pub(crate) hooks: Vec<HookRun>,
    pub(crate) error: Option<String>,
    /// What helps with that, as far as the host says so.
    pub(crate) hint: Option<String>,
    /// What its web servers will do to visitors.
    pub(crate) warnings: Vec<String>,
    /// What the host warned of while it was told to commit or to go back.
    pub(crate) remarks: Vec<String>,
    /// Its lock is held by somebody else: not a host that is missing, but another deployment.
    pub(crate) busy: bool,
    /// The release is marked as failed here.
    pub(crate) marked: bool,
    /// It has written down what an undo needs.
    pub(crate) armed: bool,
    /// Its place among those that take over: 0 is the one that runs drush.
    pub(crate) turn: Option<u32>,
    /// It is back, and waits for our word on the caches that all hosts share.
    pub(crate) owes: bool,
    /// What it says that no rebuilding of caches undoes.
    pub(crate) remains: Option<Remains>,
    /// What its last hook found and did to the database.
    pub(crate) found: (Option<DatabaseUpdate>, Option<DrupalFacts>),
    /// How long it had closed the site to visitors, in seconds.
    pub(crate) closed: Option<f64>,
    renewed: Instant,
}

impl Member {
    pub(crate) fn new(host: Host) -> Self {
        Self {
            host,
            remote: None,
            process: None,
            before: None,
            after: None,
            own: None,
            adopted: Vec::new(),
            outcome: HostOutcome::Untouched,
            batch: None,
            switched_at: None,
            health: None,
            finding: None,
            former: None,
            hooks: Vec::new(),
            error: None,
            hint: None,
            warnings: Vec::new(),
            remarks: Vec::new(),
            busy: false,
            marked: false,
            armed: false,
            turn: None,
            owes: false,
            remains: None,
            found: (None, None),
            closed: None,
            renewed: Instant::now(),
        }
    }

    /// Nothing went wrong here so far, or the others go without it.
    pub(crate) fn is_good(&self) -> bool {
        self.error.is_none() || self.is_left_out()
    }

    /// Whether the others go without it.
    pub(crate) fn is_left_out(&self) -> bool {
        self.outcome == HostOutcome::LeftOut
    }

    pub(crate) fn fail(&mut self, error: impl ToString) {
        // The first fault is the cause; what comes after is its consequence.
        self.error.get_or_insert_with(|| error.to_string());
    }

    /// The same, with what helps.
    pub(crate) fn fail_by(&mut self, fault: &Fault) {
        if self.error.is_none() {
            self.hint = fault.hint();
        }
        self.fail(fault);
    }

    /// Tells the host that we live, when it has not heard of us for `every`.
    pub(crate) fn renew(&mut self, every: Duration) {
        let Some(process) = &mut self.process else { return };
        if self.renewed.elapsed() < every {
            return;
        }
        if let Err(error) = process.write(b"renew\n", Instant::now() + RENEWAL) {
            self.fail(error);
        }
        self.renewed = Instant::now();
    }

    /// The host has just been heard or told something.
    pub(crate) fn touch(&mut self) {
        self.renewed = Instant::now();
    }
}

/// Does one phase on all members at the same time, at most `limit`. A member whose thread does not come back after an
/// interrupt is replaced by one of which nothing is known: its host puts itself back when its input ends.
pub(crate) fn each(
    members: Vec<Member>,
    limit: NonZeroUsize,
    interrupt: &Interrupt,
    phase: impl Fn(&mut Member) + Send + Sync + 'static,
) -> Vec<Member> {
    let known: Vec<_> =
        members.iter().map(|member| (member.host.clone(), member.before.clone(), member.outcome)).collect();
    // Members are handed over in slots: fan_out drops what it has not begun, and with it a connection.
    let outcomes = fan_out::<_, _, (), _>(
        members,
        limit,
        interrupt,
        |_| {},
        move |mut member, _| {
            phase(&mut member);
            member
        },
    );
    outcomes
        .into_iter()
        .zip(known)
        .map(|(outcome, (host, before, was))| {
            let (outcome, error) = match outcome {
                Outcome::Done(member) => return member,
                // It may have switched in a phase before.
                Outcome::NotBegun => (was, "not begun"),
                Outcome::LeftBehind => (HostOutcome::Unknown, "no answer before the end"),
                Outcome::Panicked => {
                    (HostOutcome::Unknown, "a defect in swap-release ended the work on this host")
                }
            };
            Member { before, outcome, error: Some(error.into()), ..Member::new(host) }
        })
        .collect()
}

/// Does a phase on the members that `turn` names, all at the same time, and meanwhile lets every host that waits know
/// that we live.
pub(crate) fn each_kept(
    members: Vec<Member>,
    turn: &[bool],
    every: Duration,
    interrupt: &Interrupt,
    phase: impl Fn(&mut Member) + Send + Sync + 'static,
) -> Vec<Member> {
    let all = NonZeroUsize::new(members.len()).unwrap_or(NonZeroUsize::MIN);
    let names: Vec<String> = members
        .iter()
        .zip(turn)
        .filter(|(_, turn)| **turn)
        .map(|(member, _)| member.host.name.to_string())
        .collect();
    let left = Arc::new(AtomicUsize::new(names.len()));
    let ended = interrupt.clone();
    each(members, all, interrupt, move |member| {
        if names.iter().any(|name| name == member.host.name.as_str()) {
            let _done = CountsDown(&left);
            phase(member);
        }
        while left.load(Ordering::SeqCst) > 0 && !ended.is_raised() {
            member.renew(every);
            thread::sleep(GLANCE);
        }
    })
}

/// Counts down when dropped, also by a panic: nobody waits for ever.
struct CountsDown<'a>(&'a AtomicUsize);

impl Drop for CountsDown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
