//! `web-server-serves`: what visitors get is `current`. Proved by a release that says its own name, or else by a file that is put
//! there for a moment and asked for.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::live::Served;
use crate::doctor::remedy::{fault, ok, on_host, unknown};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-serves";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let live = seen.live.as_ref()?;
    let current = format!("{}/current", subject.host.deploy_to);
    let (url, name) = live.page.as_ref()?;
    Some(match &live.served {
        Served::Yes => ok(NAME, format!("`{current}` is what is served")),
        Served::Untold(why) => unknown(NAME, format!("whether `{current}` is served cannot be told: {why}")),
        Served::No(said) => {
            let by = name.as_ref().map_or_else(String::new, |name| format!(" as `{name}`"));
            let lint = Argv::new(subject.host.swap_release.as_str()).arg("lint");
            fault(
                NAME,
                format!(
                    "`{url}`{by} is not `{current}`: a file that was put there did not come back ({said})"
                ),
                format!(
                    "let the document root of the site be {current} or the directory of its index.php in it, and reload the web \
                     server; or say by `host` in [health] which of its sites is meant"
                ),
                [on_host(&lint)],
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use record::Verdict;
    use remote::health::Verdict as Answer;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};
    use crate::doctor::live::Live;

    #[test]
    fn a_file_that_does_not_come_back_is_told() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen), None);
        let mut with = |served: Served| {
            let health = Answer::Good("status 200".into());
            let page = Some(("http://10.0.0.11/".to_owned(), Some("www.example.org".to_owned())));
            seen.live = Some(Live { health, page, is_live: true, served });
            check(&world.subject(), &seen).unwrap()
        };
        assert_eq!(with(Served::Yes).verdict, Verdict::Ok);
        assert_eq!(with(Served::Untold("nothing is live yet".into())).verdict, Verdict::Unknown);
        let told = with(Served::No("status 404, not 200".into()));
        assert_says(
            &told,
            Verdict::Fault,
            "`http://10.0.0.11/` as `www.example.org` is not `/srv/site/current`",
            "document root",
        );
    }
}
