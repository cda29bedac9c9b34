//! One host on its way through the two-phase commit.

use std::num::NonZeroUsize;
use std::time::Instant;

use fleet::{Host, Interrupt, Outcome, Process, Remote, fan_out};
use record::{HostOutcome, ReleaseId};

/// A host, what connects us to it, and what is known so far.
pub(crate) struct Member {
    pub(crate) host: Host,
    pub(crate) remote: Option<Box<dyn Remote>>,
    /// `swap-release activate` on the host, waiting for the word.
    pub(crate) process: Option<Box<dyn Process>>,
    pub(crate) before: Option<ReleaseId>,
    pub(crate) after: Option<ReleaseId>,
    pub(crate) outcome: HostOutcome,
    pub(crate) switched_at: Option<Instant>,
    pub(crate) health: Option<String>,
    pub(crate) error: Option<String>,
}

impl Member {
    pub(crate) fn new(host: Host) -> Self {
        Self {
            host,
            remote: None,
            process: None,
            before: None,
            after: None,
            outcome: HostOutcome::Untouched,
            switched_at: None,
            health: None,
            error: None,
        }
    }

    /// Nothing went wrong here so far.
    pub(crate) fn is_good(&self) -> bool {
        self.error.is_none()
    }

    pub(crate) fn fail(&mut self, error: impl ToString) {
        // The first fault is the cause; what comes after is its consequence.
        self.error.get_or_insert_with(|| error.to_string());
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
    let known: Vec<(Host, Option<ReleaseId>)> =
        members.iter().map(|member| (member.host.clone(), member.before.clone())).collect();
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
        .map(|(outcome, (host, before))| {
            let (outcome, error) = match outcome {
                Outcome::Done(member) => return member,
                Outcome::NotBegun => (HostOutcome::Untouched, "not begun"),
                Outcome::LeftBehind => (HostOutcome::Unknown, "no answer before the end"),
                Outcome::Panicked => {
                    (HostOutcome::Unknown, "a defect in swap-release ended the work on this host")
                }
            };
            Member { before, outcome, error: Some(error.into()), ..Member::new(host) }
        })
        .collect()
}
