//! One host on its way through the two-phase commit.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent::Conversation;
use cli::Abort;
use inventory::Host;
use record::host::DatabaseUpdate;
use record::{DrupalFacts, HookRun, HostOutcome, ReleaseId, Remains};
use remote::health::Verdict;
use remote::{Interrupt, Outcome, Remote, fan_out};

use crate::fleet::host::Fault;
use crate::order::HookOrder;

/// What a host that is not cut off takes to accept one word.
const RENEWAL: Duration = Duration::from_secs(5);

/// A host, what connects us to it, and what is known so far.
pub(crate) struct HostTask {
    pub(crate) host: Host,
    pub(crate) remote: Option<Box<dyn Remote>>,
    /// `swap-release activate` on the host, waiting for a decision.
    pub(crate) process: Option<Conversation>,
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
    /// What the host warned of during commit or revert.
    pub(crate) remarks: Vec<String>,
    /// Its lock is held by somebody else: not a host that is missing, but another deployment.
    pub(crate) busy: bool,
    /// The release is marked as failed here.
    pub(crate) marked: bool,
    /// It has written down what an undo needs.
    pub(crate) armed: bool,
    /// Its place among those that take over: 0 is the one that runs drush.
    pub(crate) turn: Option<u32>,
    /// It has reverted, and waits for a decision on the caches that all hosts share.
    pub(crate) owes: bool,
    /// What it says that no rebuilding of caches undoes.
    pub(crate) remains: Option<Remains>,
    /// What its last hook found and did to the database.
    pub(crate) found: (Option<DatabaseUpdate>, Option<DrupalFacts>),
    /// What has its servers follow `current`, where the commit has to activate it anew.
    pub(crate) follow: Vec<HookOrder>,
    /// How long it had closed the site to visitors, in seconds.
    pub(crate) closed: Option<f64>,
    renewed: Instant,
}

impl HostTask {
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
            follow: Vec::new(),
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

    /// Renews the lease of the host, if that is `every` ago.
    pub(crate) fn renew(&mut self, every: Duration) {
        let Some(process) = &mut self.process else { return };
        if self.renewed.elapsed() < every {
            return;
        }
        if let Err(error) = process.say("renew", Instant::now() + RENEWAL) {
            self.fail(error);
        }
        self.renewed = Instant::now();
    }

    /// When that is due; a host without a process has no lease.
    pub(crate) fn renews_in(&self, every: Duration) -> Duration {
        let left = every.saturating_sub(self.renewed.elapsed());
        if self.process.is_some() { left } else { every }
    }

    /// Something was just read from the host or written to it, which renews its lease.
    pub(crate) fn touch(&mut self) {
        self.renewed = Instant::now();
    }
}

/// Does one phase on all tasks at the same time, at most `limit`. A task whose thread does not come back after an
/// interrupt is replaced by one of which nothing is known: its host puts itself back when its input ends.
pub(crate) fn each(
    tasks: Vec<HostTask>,
    limit: NonZeroUsize,
    interrupt: &Interrupt,
    phase: impl Fn(&mut HostTask) + Send + Sync + 'static,
) -> Vec<HostTask> {
    let known: Vec<_> =
        tasks.iter().map(|task| (task.host.clone(), task.before.clone(), task.outcome)).collect();
    // Tasks are handed over in slots: fan_out drops what it has not begun, and with it a connection.
    let outcomes = fan_out::<_, _, (), _>(
        tasks,
        limit,
        interrupt,
        |_| {},
        move |mut task, _| {
            phase(&mut task);
            task
        },
    );
    outcomes
        .into_iter()
        .zip(known)
        .map(|(outcome, (host, before, was))| {
            let (outcome, error) = match outcome {
                Outcome::Done(task) => return task,
                // It may have switched in a phase before.
                Outcome::NotBegun => (was, "not begun"),
                Outcome::LeftBehind => (HostOutcome::Unknown, "no answer before the end"),
                Outcome::Panicked => {
                    (HostOutcome::Unknown, "a defect in swap-release ended the work on this host")
                }
            };
            HostTask { before, outcome, error: Some(error.into()), ..HostTask::new(host) }
        })
        .collect()
}

/// Wakes the hosts that wait for the others: one of those is done, or the process is asked to end.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<(Mutex<()>, Condvar)>);

impl Waiting {
    /// Woken by `abort`, too.
    pub(crate) fn new(abort: &Abort) -> Self {
        let this = Self::default();
        let ours = this.clone();
        abort.on_set(move || ours.wake());
        this
    }

    fn wake(&self) {
        let _ordered = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.1.notify_all();
    }

    /// Waits for at most `time` while `is_to_wait` holds; gives whether it still does.
    fn wait(&self, time: Duration, is_to_wait: impl Fn() -> bool) -> bool {
        let guard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_to_wait() {
            let _woken = self.0.1.wait_timeout(guard, time).unwrap_or_else(PoisonError::into_inner);
        }
        is_to_wait()
    }
}

/// Does a phase on the tasks that `turn` names, all at the same time, and meanwhile renews the lease of
/// every host that waits.
pub(crate) fn each_kept(
    tasks: Vec<HostTask>,
    turn: &[bool],
    every: Duration,
    (interrupt, waiting): (&Interrupt, &Waiting),
    phase: impl Fn(&mut HostTask) + Send + Sync + 'static,
) -> Vec<HostTask> {
    let all = NonZeroUsize::new(tasks.len()).unwrap_or(NonZeroUsize::MIN);
    let names: Vec<String> = tasks
        .iter()
        .zip(turn)
        .filter(|(_, turn)| **turn)
        .map(|(task, _)| task.host.name.to_string())
        .collect();
    let left = Arc::new(AtomicUsize::new(names.len()));
    let (ended, waiting) = (interrupt.clone(), waiting.clone());
    each(tasks, all, interrupt, move |task| {
        if names.iter().any(|name| name == task.host.name.as_str()) {
            let _done = CountsDown(&left, &waiting);
            phase(task);
        }
        let is_to_wait = || left.load(Ordering::SeqCst) > 0 && !ended.is_raised();
        while waiting.wait(task.renews_in(every), is_to_wait) {
            task.renew(every);
        }
    })
}

/// Counts down when dropped, also by a panic: nobody waits for ever.
struct CountsDown<'a>(&'a AtomicUsize, &'a Waiting);

impl Drop for CountsDown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.wake();
    }
}
