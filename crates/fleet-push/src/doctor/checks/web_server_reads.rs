//! `web-server-reads`: whoever nginx, Apache, Caddy or php-fpm run as can enter every directory on the way to a release and to
//! what is shared. A fault if nobody who answers visitors can, and a health check would ask for a page; else a warning, since
//! a server may have web servers for other sites.

use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::{Serves, WebUser};
use crate::doctor::remedy::{as_root, fault, ok, unknown, warning};
use crate::doctor::rights::{ENTER, Rights};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-reads";

pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let look = &seen.look;
    let Some(first) = look.web.first() else {
        return Some(unknown(NAME, "no web server runs there, as far as can be seen"));
    };
    let shut = |user: &WebUser| look.way.iter().find(|directory| directory.allow(user, ENTER) == Some(false));
    let kept_out: Vec<(&WebUser, &Rights)> =
        look.web.iter().filter_map(|user| Some((user, shut(user)?))).collect();
    let Some((user, closed)) = kept_out.first() else {
        return Some(ok(NAME, format!("`{}` can enter the releases", first.name)));
    };
    let found = format!("`{}`, whom a web server runs as, may not enter `{}`", user.name, closed.path);
    let commands = [as_root(&Argv::new("chmod").args(["o+x", "--", &closed.path]))];
    let mut front = look.web.iter().filter(|user| user.serves != Serves::Php).peekable();
    let is_asked = subject.health.is_some_and(|health| health.url.is_some());
    if is_asked && front.peek().is_some() && front.all(|user| shut(user).is_some()) {
        return Some(fault(NAME, found, "let it in: what is live there could not be served", commands));
    }
    Some(warning(NAME, found, "let it in, if this site is its own", commands))
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good, web_user};
    use crate::doctor::rights::List;

    #[test]
    fn every_directory_on_the_way_counts() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Unknown);
        let www = web_user("www-data", 33, Serves::Both);
        seen.look.web = vec![WebUser { groups: vec![33, 50], ..www }];
        let way = |mode, uid, gid, path: &str| Rights { mode, uid, gid, list: List::None, path: path.into() };
        seen.look.way = vec![
            way(0o755, 0, 0, "/"),
            way(0o710, 1001, 50, "/srv"),
            way(0o100, 33, 33, "/srv/site"),
            way(0o701, 1001, 7, "/srv/site/releases"),
        ];
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Ok);
        seen.look.way.push(way(0o1750, 1001, 7, "/srv/x y"));
        let told = check(&world.subject(), &seen).unwrap();
        assert_says(&told, Verdict::Warning, "/srv/x y", "chmod o+x -- '/srv/x y'");
        // With a health check that asks for a page, nobody could be well.
        let health = World::health("url = \"http://{address}/\"");
        let subject = Subject { health: Some(&health), ..world.subject() };
        let told = check(&subject, &seen).unwrap();
        assert_says(&told, Verdict::Fault, "may not enter", "chmod o+x -- '/srv/x y'");
        seen.look.web.push(web_user("caddy", 0, Serves::Front));
        assert_eq!(check(&subject, &seen).unwrap().verdict, Verdict::Warning, "another one can");
    }
}
