//! Which release a fleet serves, by what its hosts say. A pure function.

use std::collections::BTreeMap;

use record::{ExitCode, HostOutcome, Outcome, ReleaseId, Swap};

/// Names of hosts in one message.
const NAMED: usize = 10;

/// What a host serves: a release, or none; `None` where it could not be asked.
pub(super) type Current<'a> = Option<Option<&'a ReleaseId>>;

/// There is no such release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Divided {
    /// Who serves what.
    pub(super) why: String,
    /// How the program ends.
    pub(super) code: ExitCode,
}

/// The release that more than half of all hosts serve. Where a quorum let fewer go live, it is the release of the last
/// swap, if that was committed and every host that it left on the release serves it still.
pub(super) fn live(hosts: &[(&str, Current<'_>)], swap: Option<&Swap>) -> Result<ReleaseId, Divided> {
    let mut counts: BTreeMap<&ReleaseId, Vec<&str>> = BTreeMap::new();
    for (name, current) in hosts {
        if let Some(Some(id)) = current {
            counts.entry(id).or_default().push(name);
        }
    }
    if let Some((id, _)) = counts.iter().find(|(_, names)| names.len() * 2 > hosts.len()) {
        return Ok((*id).clone());
    }
    if let Some(swap) = swap.filter(|swap| still_holds(swap, hosts)) {
        return Ok(swap.to.clone());
    }
    let none: Vec<&str> =
        hosts.iter().filter(|(_, current)| *current == Some(None)).map(|(name, _)| *name).collect();
    let away: Vec<&str> =
        hosts.iter().filter(|(_, current)| current.is_none()).map(|(name, _)| *name).collect();
    let code = if counts.is_empty() { ExitCode::NoHostSucceeded } else { ExitCode::Mixed };
    let mut parts: Vec<String> =
        counts.into_iter().map(|(id, names)| format!("`{id}` is live on {}", list(&names))).collect();
    if !none.is_empty() {
        parts.push(format!("no release is live on {}", list(&none)));
    }
    if !away.is_empty() {
        parts.push(format!("{} cannot be asked", list(&away)));
    }
    Err(Divided { why: parts.join("; "), code })
}

/// Whether the swap is what the fleet stands by: somebody it switched is heard, and nobody it switched went elsewhere.
fn still_holds(swap: &Swap, hosts: &[(&str, Current<'_>)]) -> bool {
    let switched = |name: &str| {
        swap.hosts.iter().any(|host| host.name == name && host.outcome == HostOutcome::Committed)
    };
    let mut heard = hosts
        .iter()
        .filter(|(name, _)| switched(name))
        .filter_map(|(_, current)| *current)
        .map(|current| current == Some(&swap.to))
        .peekable();
    swap.outcome == Outcome::Committed && heard.peek().is_some() && heard.all(|serves| serves)
}

/// So many names that a person reads them.
pub(super) fn list(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).copied().collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use record::{SwappedHost, Verb};

    use super::*;

    fn id(text: &str) -> ReleaseId {
        text.parse().unwrap()
    }

    /// `-` cannot be asked, the empty word serves none.
    fn of(hosts: &[(&str, &str)], swap: Option<&Swap>) -> Result<String, Divided> {
        let ids: Vec<Option<Option<ReleaseId>>> = hosts
            .iter()
            .map(|(_, word)| (*word != "-").then(|| (!word.is_empty()).then(|| id(word))))
            .collect();
        let hosts: Vec<(&str, Current<'_>)> =
            hosts.iter().zip(&ids).map(|((name, _), id)| (*name, id.as_ref().map(Option::as_ref))).collect();
        live(&hosts, swap).map(|id| id.to_string())
    }

    fn swap(to: &str, outcome: Outcome, hosts: &[(&str, HostOutcome)]) -> Swap {
        let host = |(name, outcome): &(&str, HostOutcome)| SwappedHost {
            name: (*name).to_owned(),
            address: "10.0.0.1".into(),
            before: None,
            after: None,
            outcome: *outcome,
            batch: None,
            switched_after_ms: None,
            health: None,
            former_health: None,
            marked_failed: false,
            error: None,
        };
        Swap {
            verb: Verb::Activate,
            to: id(to),
            outcome,
            judgement: None,
            spread_ms: None,
            hooks: Vec::new(),
            hosts: hosts.iter().map(host).collect(),
            closed_seconds: None,
            undone: None,
        }
    }

    #[test]
    fn more_than_half_of_all_hosts_decide() {
        assert_eq!(of(&[("a", "r2"), ("b", "r1"), ("c", "r2")], None).as_deref(), Ok("r2"));
        assert_eq!(of(&[("a", "r2"), ("b", "-"), ("c", "r2")], None).as_deref(), Ok("r2"));
        assert_eq!(of(&[("a", "r2"), ("b", ""), ("c", "r2")], None).as_deref(), Ok("r2"), "a new host");
        assert_eq!(of(&[("a", "r1")], None).as_deref(), Ok("r1"));
    }

    #[test]
    fn a_mixed_fleet_is_told_host_by_host() {
        let divided = of(&[("a", "r2"), ("b", "r1"), ("c", "r2"), ("d", ""), ("e", "-")], None).unwrap_err();
        assert_eq!(
            divided.why,
            "`r1` is live on b; `r2` is live on a, c; no release is live on d; e cannot be asked"
        );
        assert_eq!(divided.code, ExitCode::Mixed);
        let names: Vec<String> = (0..30).map(|number| format!("web{number}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "-")).collect();
        let divided = of(&many, None).unwrap_err();
        assert!(divided.why.ends_with("web9 and 20 more cannot be asked"), "{}", divided.why);
        assert_eq!(divided.code, ExitCode::NoHostSucceeded);
    }

    #[test]
    fn a_swap_that_few_went_along_with_decides_as_long_as_they_stand_by_it() {
        use HostOutcome::{Committed as Yes, LeftOut as Out};
        let half = swap("r2", Outcome::Committed, &[("a", Yes), ("b", Out)]);
        assert_eq!(of(&[("a", "r2"), ("b", "r1")], Some(&half)).as_deref(), Ok("r2"));
        assert!(of(&[("a", "-"), ("b", "r1")], Some(&half)).is_err(), "nobody can say so");
        assert!(of(&[("a", "r3"), ("b", "r1")], Some(&half)).is_err(), "the record is an old one");
        let refused = swap("r2", Outcome::Refused, &[("a", Yes)]);
        assert!(of(&[("a", "r2"), ("b", "r1")], Some(&refused)).is_err());
        // The record of the release before never goes against what most serve, nor against one of its own.
        let before = swap("r1", Outcome::Committed, &[("a", Yes), ("b", Yes)]);
        assert!(of(&[("a", "r2"), ("b", "r1")], Some(&before)).is_err());
        assert_eq!(of(&[("a", "r2"), ("b", "r1"), ("c", "r2")], Some(&before)).as_deref(), Ok("r2"));
    }
}
