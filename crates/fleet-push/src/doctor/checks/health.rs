//! `health`: the check of `[health]` passes on what is live now. One that fails already would put back the next release, too.

use record::{Check, RemedyCommand};
use remote::Argv;
use remote::health::Verdict as Answer;

use crate::doctor::Subject;
use crate::doctor::live::Live;
use crate::doctor::remedy::{fault, here, ok, on_host, unknown};
use crate::doctor::seen::Seen;

const NAME: &str = "health";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    if subject.health.is_none() {
        return Some(unknown(
            NAME,
            "there is no [health] in fleet.toml: nobody would ask whether a release works",
        ));
    }
    let live = seen.live.as_ref()?;
    let page = live.page.as_ref().map_or("its command", |(url, _)| url.as_str());
    let commands = || vec![ask_by_hand(subject, live)];
    Some(match (&live.health, live.is_live) {
        (Answer::Good(text), true) => ok(NAME, format!("`{page}`: {text}")),
        (Answer::NoAnswer(why), _) => fault(
            NAME,
            format!("`{page}` does not answer: {why}"),
            "is the web server up, and is that its address and port? `url` in [health] of fleet.toml asks each server itself",
            commands(),
        ),
        (Answer::Bad(why), true) => fault(
            NAME,
            format!("what is live fails the check that will decide about the next release: `{page}`: {why}"),
            "correct [health] in fleet.toml (`host` for a server of several sites), or the site",
            commands(),
        ),
        // An empty site has no right answer yet.
        (Answer::Good(_) | Answer::Bad(_), false) => {
            ok(NAME, format!("`{page}` answers; nothing is live yet that it could be asked about"))
        }
    })
}

/// The same question, for a person.
fn ask_by_hand(subject: &Subject<'_>, live: &Live) -> RemedyCommand {
    match &live.page {
        Some((url, name)) => {
            let argv = Argv::new("curl").args(["-sS", "-i", "--max-time", "10"]);
            let argv = name.iter().fold(argv, |argv, name| argv.arg("-H").arg(format!("Host: {name}")));
            here(&argv.arg(url))
        }
        None => on_host(&Argv::new("ls").args(["-ld", "--", &format!("{}/current", subject.host.deploy_to)])),
    }
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};
    use crate::doctor::live::Served;

    #[test]
    fn what_fails_today_is_told_and_an_empty_site_is_no_failure() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Unknown, "nobody would ask");
        let health = World::health("url = \"http://{address}/\"");
        let subject = Subject { health: Some(&health), ..world.subject() };
        assert_eq!(check(&subject, &seen), None, "it did not say what is live");
        let page = Some(("http://10.0.0.11/".to_owned(), Some("www.example.org".to_owned())));
        let mut with = |answer: Answer, is_live| {
            seen.live = Some(Live { health: answer, page: page.clone(), is_live, served: Served::Yes });
            check(&subject, &seen).unwrap()
        };
        assert_eq!(with(Answer::Good("status 200".into()), true).verdict, Verdict::Ok);
        assert_eq!(with(Answer::Bad("status 403, not 200".into()), false).verdict, Verdict::Ok);
        let curl = "curl -sS -i --max-time 10 -H 'Host: www.example.org' http://10.0.0.11/";
        assert_says(
            &with(Answer::Bad("status 404".into()), true),
            Verdict::Fault,
            "what is live fails",
            curl,
        );
        for is_live in [true, false] {
            let told = with(Answer::NoAnswer("Connection refused".into()), is_live);
            assert_says(&told, Verdict::Fault, "does not answer", "is the web server up");
        }
    }
}
