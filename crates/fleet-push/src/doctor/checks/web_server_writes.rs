//! `web-server-writes`: whoever runs the site's PHP can write to each shared directory and to the directories in it, so that
//! uploads and generated files have a place. As root it is tried; else modes and access lists are read as the kernel does.
//! A release goes live without it, so it is a warning.

use cli::human;
use record::{Check, RemedyCommand};
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::{Kind, Serves, WebUser};
use crate::doctor::remedy::{as_root, ok, unknown, warning};
use crate::doctor::rights::{List, Rights, WRITE};
use crate::doctor::seen::Seen;

const NAME: &str = "web-server-writes";

/// One check for each shared directory that is not as it should be; else one for all.
pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Vec<Check> {
    let directories: Vec<(usize, String)> = subject
        .shared
        .iter()
        .enumerate()
        .filter(|(number, path)| {
            let is_there = !matches!(seen.look.shared.get(number), None | Some(Kind::Missing));
            path.is_directory() && (is_there || !path.is_when_there())
        })
        .map(|(number, path)| (number, format!("{}/shared/{}", subject.host.deploy_to, path.path())))
        .collect();
    if directories.is_empty() {
        return Vec::new();
    }
    let users = run_php(&seen.look.web);
    let Some(first) = users.first() else {
        return vec![unknown(NAME, "nobody runs PHP there, as far as can be seen")];
    };
    let mut checks: Vec<Check> =
        directories.iter().filter_map(|(number, place)| one(subject, seen, &users, *number, place)).collect();
    if checks.is_empty() {
        checks.push(ok(
            NAME,
            format!(
                "`{}` can write to {}",
                first.name,
                human::count(directories.len(), "shared directory", "shared directories")
            ),
        ));
    }
    checks
}

/// php-fpm where there is one; else Apache itself.
fn run_php(web: &[WebUser]) -> Vec<&WebUser> {
    let with = |serves: Serves| web.iter().filter(|user| user.serves == serves).collect::<Vec<_>>();
    let php = with(Serves::Php);
    if php.is_empty() { with(Serves::Both) } else { php }
}

/// What is wrong with one; several pools may run there, and one that can write is enough.
fn one(subject: &Subject<'_>, seen: &Seen, users: &[&WebUser], number: usize, place: &str) -> Option<Check> {
    let (look, user) = (&seen.look, subject.host.user.as_str());
    let php = users.first()?;
    if matches!(look.shared.get(&number), Some(Kind::Missing)) {
        if users.iter().any(|php| Some(php.uid) == look.uid || php.uid == 0) {
            return None;
        }
        let above = look.above.get(&number).map_or("", String::as_str);
        return Some(warning(
            NAME,
            format!(
                "`{place}` is not there: the first release makes it, and `{}`, who runs PHP, could not write to it",
                php.name
            ),
            "make it, for both",
            make(user, php, above, place),
        ));
    }
    let tried: Vec<bool> =
        users.iter().filter_map(|php| look.tried.get(&(number, php.uid)).copied()).collect();
    let dirs = look.dirs.get(&number).map_or(&[][..], Vec::as_slice);
    let refuses = |dir: &Rights| users.iter().all(|php| dir.allow(php, WRITE) == Some(false));
    let refused: Vec<&Rights> = dirs.iter().filter(|dir| refuses(dir)).collect();
    let tried_in_vain = !tried.is_empty() && !tried.contains(&true);
    let first = refused.first().copied().or_else(|| dirs.first().filter(|_| tried_in_vain))?;
    let more = match refused.len() {
        0 | 1 => String::new(),
        number => {
            format!(" (and to {} in it)", human::count(number - 1, "more directory", "more directories"))
        }
    };
    Some(warning(
        NAME,
        format!("`{}`, who runs PHP there, cannot write to `{}`{more}", php.name, first.path),
        "let both write to it",
        open(php, first, place),
    ))
}

/// The directories of the way that are missing are the account's own.
fn make(user: &str, php: &WebUser, above: &str, place: &str) -> Vec<RemedyCommand> {
    let mut commands = Vec::new();
    if let Some(missing) = place.strip_prefix(above).filter(|_| !above.is_empty()) {
        let missing = missing.trim_start_matches('/');
        let between = missing.match_indices('/').filter_map(|(at, _)| missing.get(..at));
        let between: Vec<String> = between.map(|part| format!("{above}/{part}")).collect();
        if !between.is_empty() {
            let argv = Argv::new("install").args(["-d", "-o", user, "-m", "755", "--"]);
            commands.push(as_root(&argv.args(between)));
        }
    }
    let argv = Argv::new("install").args(["-d", "-o", user, "-g", &php.group, "-m", "2775", "--", place]);
    commands.push(as_root(&argv));
    commands
}

/// By the group, or where there is an access list by an entry of its own: what the list says of the user goes before.
fn open(php: &WebUser, first: &Rights, place: &str) -> Vec<RemedyCommand> {
    if first.list == List::None {
        return vec![
            as_root(&Argv::new("chgrp").args(["-R", "--", &php.group, place])),
            as_root(&Argv::new("chmod").args(["-R", "ug+rwX", "--", place])),
            as_root(&Argv::new("chmod").args(["g+s", "--", place])),
        ];
    }
    let entry = format!("u:{}:rwX", php.name);
    let default = format!("d:u:{}:rwX", php.name);
    vec![as_root(&Argv::new("setfacl").args(["-R", "-m", &entry, "-m", &default, "--", place]))]
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good, web_user};

    const PLACE: &str = "/srv/site/shared/files";

    #[test]
    fn who_runs_php_must_be_able_to_write() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen)[0].verdict, Verdict::Unknown);
        seen.look.web = vec![web_user("caddy", 900, Serves::Front), web_user("www-data", 33, Serves::Php)];
        let with = |seen: &mut Seen, dirs: &[&str]| {
            seen.look.dirs = [(0, dirs.iter().filter_map(|value| Rights::read(value)).collect())].into();
            check(&world.subject(), seen)
        };
        let good = format!("2775 1001 33 - {PLACE}");
        assert_eq!(with(&mut seen, &[&good])[0].verdict, Verdict::Ok);
        let told =
            with(&mut seen, &[&good, &format!("755 0 0 - {PLACE}/css"), &format!("755 0 0 - {PLACE}/js")]);
        assert_says(
            &told[0],
            Verdict::Warning,
            "files/css` (and to 1 more",
            &format!("chgrp -R -- www-data {PLACE}"),
        );
        let listed = format!("775 1001 33 user::rwx,user:33:r-x,group::rwx,mask::rwx,other::r-x {PLACE}");
        let told = with(&mut seen, &[&listed]);
        assert_says(&told[0], Verdict::Warning, "cannot write", "setfacl -R -m u:www-data:rwX");
        // What was tried goes before what is read, and a second pool that can is enough.
        seen.look.tried = [((0, 33), false)].into();
        assert_says(&with(&mut seen, &[&good])[0], Verdict::Warning, "cannot write", "chmod g+s");
        seen.look.tried.clear();
        seen.look.web.push(web_user("site", 1001, Serves::Php));
        assert_eq!(with(&mut seen, &[&format!("755 1001 1001 - {PLACE}")])[0].verdict, Verdict::Ok);
    }

    #[test]
    fn one_that_the_first_release_would_make_is_made_for_both() {
        let mut world = World::new("embedded");
        world.shared = inventory::SharedPaths::new(vec!["sites/default/files/".parse().unwrap()]).unwrap();
        let mut seen = good();
        seen.look.web = vec![web_user("www-data", 33, Serves::Both)];
        seen.look.shared = [(0, Kind::Missing)].into();
        seen.look.above = [(0, "/srv/site/shared".to_owned())].into();
        let told = check(&world.subject(), &seen);
        assert_says(
            &told[0],
            Verdict::Warning,
            "is not there",
            "install -d -o deploy -m 755 -- /srv/site/shared/sites /srv/site/shared/sites/default\n\
             install -d -o deploy -g www-data -m 2775 -- /srv/site/shared/sites/default/files",
        );
        seen.look.uid = Some(33);
        assert_eq!(check(&world.subject(), &seen)[0].verdict, Verdict::Ok, "PHP runs as the account");
    }
}
