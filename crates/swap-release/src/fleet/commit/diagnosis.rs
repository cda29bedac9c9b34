//! What a failed health check says of the release, when all that was asked is known. Pure.

use remote::health::Verdict;

use super::host_task::HostTask;

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Diagnosis {
    /// The release answered badly wherever it was asked, and the former one answers well there.
    Bad,
    /// Nothing is known against it.
    Inconclusive {
        /// Why, for the message.
        why: String,
        /// The check itself seems to be wrong.
        suspects_check: bool,
    },
}

/// One host that was asked.
struct Asked<'a> {
    host: &'a str,
    release: &'a Verdict,
    /// What the former release said to the same; none if it was not asked.
    former: Option<&'a Verdict>,
}

/// Looks at the tasks that were asked; `None` if all of them were well.
pub(super) fn diagnose(tasks: &[HostTask]) -> Option<Diagnosis> {
    let asked = |task| {
        let HostTask { host, finding, former, .. }: &HostTask = task;
        Some(Asked { host: host.name.as_str(), release: finding.as_ref()?, former: former.as_ref() })
    };
    weigh(&tasks.iter().filter_map(asked).collect::<Vec<_>>())
}

fn weigh(asked: &[Asked<'_>]) -> Option<Diagnosis> {
    let is_good = |verdict: &Verdict| matches!(verdict, Verdict::Good(_));
    let names = |wanted: &dyn Fn(&Asked<'_>) -> bool| {
        asked.iter().filter(|asked| wanted(asked)).map(|asked| asked.host).collect::<Vec<_>>()
    };
    let ill = names(&|asked| !is_good(asked.release));
    if ill.is_empty() {
        return None;
    }
    let spared = |why: String| Some(Diagnosis::Inconclusive { why, suspects_check: false });
    let as_bad =
        names(&|asked| !is_good(asked.release) && asked.former.is_some_and(|former| !is_good(former)));
    if !as_bad.is_empty() {
        let on = if as_bad.len() == ill.len() { String::new() } else { format!(" on {}", as_bad.join(", ")) };
        let why = format!("the former release fails the same check{on}: look at [health]");
        return Some(Diagnosis::Inconclusive { why, suspects_check: true });
    }
    let silent = names(&|asked| matches!(asked.release, Verdict::NoAnswer(_)));
    if !silent.is_empty() {
        return spared(format!("nothing answered on {}, so nothing is held against it", silent.join(", ")));
    }
    let well = names(&|asked| is_good(asked.release));
    if !well.is_empty() {
        return spared(format!("it is healthy on {}, so nothing is held against it", well.join(", ")));
    }
    let alone = names(&|asked| asked.former.is_none());
    if !alone.is_empty() {
        let on = alone.join(", ");
        return spared(format!(
            "no former release can be asked the same on {on}, so nothing is held against it"
        ));
    }
    Some(Diagnosis::Bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Verdict {
        Verdict::Good("status 200".into())
    }
    fn bad() -> Verdict {
        Verdict::Bad("status 500, not 200".into())
    }
    fn none() -> Verdict {
        Verdict::NoAnswer("refused".into())
    }

    fn diagnosis(asked: &[(Verdict, Option<Verdict>)]) -> Option<Diagnosis> {
        let names = ["a", "b", "c"];
        let asked = names.iter().zip(asked).map(|(host, (release, former))| Asked {
            host,
            release,
            former: former.as_ref(),
        });
        weigh(&asked.collect::<Vec<_>>())
    }

    #[test]
    fn a_release_is_bad_when_it_answers_badly_everywhere_and_the_former_one_does_not() {
        assert_eq!(diagnosis(&[]), None);
        assert_eq!(diagnosis(&[(good(), None), (good(), None)]), None);
        assert_eq!(diagnosis(&[(bad(), Some(good()))]), Some(Diagnosis::Bad));
        assert_eq!(diagnosis(&[(bad(), Some(good())), (bad(), Some(good()))]), Some(Diagnosis::Bad));
    }

    #[test]
    fn all_else_says_nothing_against_it() {
        for (asked, says, check) in [
            (vec![(none(), Some(good()))], "nothing answered on a", false),
            (vec![(bad(), Some(good())), (none(), Some(good()))], "nothing answered on b", false),
            (vec![(good(), None), (bad(), Some(good()))], "healthy on a", false),
            (vec![(bad(), Some(bad()))], "the former release fails the same check: look at [health]", true),
            (vec![(none(), Some(none()))], "fails the same check: look at", true),
            (vec![(bad(), Some(good())), (bad(), Some(bad()))], "the same check on b: look", true),
            (vec![(bad(), None)], "no former release can be asked", false),
        ] {
            let diagnosis = diagnosis(&asked);
            let Some(Diagnosis::Inconclusive { why, suspects_check }) = &diagnosis else {
                panic!("{asked:?}: {diagnosis:?}")
            };
            assert!(why.contains(says) && *suspects_check == check, "{diagnosis:?}");
        }
    }
}
