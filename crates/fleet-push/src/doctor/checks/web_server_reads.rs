//! `web-server-reads`: whoever nginx, Apache or php-fpm run as can enter every directory on the way to a release. By mode
//! bits: access lists are not looked at, so it is never more than a warning.

use fleet::Argv;
use record::Check;

use crate::doctor::Subject;
use crate::doctor::look::{Way, WebUser};
use crate::doctor::remedy::{as_root, ok, unknown, warning};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-reads";

pub(super) fn check(_: &Subject<'_>, seen: &Seen) -> Option<Check> {
    let look = &seen.look;
    if look.web.is_empty() {
        return Some(unknown(NAME, "no web server runs there as a user of its own"));
    }
    for user in &look.web {
        if let Some(closed) = look.way.iter().find(|directory| !may_enter(user, directory)) {
            return Some(warning(
                NAME,
                format!(
                    "`{}`, whom the web server runs as, may not enter `{}` by its mode",
                    user.name, closed.path
                ),
                "let it in, unless an access list does",
                [as_root(&Argv::new("chmod").args(["o+x", "--", &closed.path]))],
            ));
        }
    }
    let names: Vec<&str> = look.web.iter().map(|user| user.name.as_str()).collect();
    Some(ok(NAME, format!("{} can enter the releases", names.join(", "))))
}

fn may_enter(user: &WebUser, directory: &Way) -> bool {
    // The first class that fits decides (path_resolution(7)).
    let shift = match () {
        () if user.uid == directory.uid => 6,
        () if user.groups.contains(&directory.gid) => 3,
        () => 0,
    };
    directory.mode >> shift & 1 == 1
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn every_directory_on_the_way_counts() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen).unwrap().verdict, Verdict::Unknown);
        seen.look.web = vec![WebUser { name: "www-data".into(), uid: 33, groups: vec![33, 50] }];
        let way = |mode, uid, gid, path: &str| Way { mode, uid, gid, path: path.into() };
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
    }
}
