//! `shared`: what releases are linked to is there.

use cli::human;
use record::Check;
use remote::Argv;

use crate::doctor::Subject;
use crate::doctor::look::Kind;
use crate::doctor::remedy::{as_root, fault, ok, on_host};
use crate::doctor::seen::Seen;

const NAME: &str = "shared";

/// One check for each that is not as it should be; else one for all.
pub(super) fn check(subject: &Subject<'_>, seen: &Seen) -> Vec<Check> {
    let below = |path: &str| format!("{}/shared/{path}", subject.host.deploy_to);
    let mut faults = Vec::new();
    for (number, path) in subject.shared.iter().enumerate() {
        let (place, kind) = (below(path.path()), seen.look.shared.get(&number));
        if path.is_when_there() && matches!(kind, None | Some(Kind::Missing)) {
            continue;
        }
        match (kind, path.is_directory()) {
            // A directory is made with the first release.
            (None | Some(Kind::Directory | Kind::Missing), true) | (None | Some(Kind::File), false) => {}
            (Some(Kind::Missing), false) => {
                let folder = place.rsplit_once('/').map_or("", |(folder, _)| folder);
                faults.push(fault(
                    NAME,
                    format!("the file `{place}` is not there"),
                    "put this server's own there: a release does not bring it",
                    [
                        on_host(&Argv::new("mkdir").args(["-p", "--", folder])),
                        on_host(&Argv::new("cp").args(["--", "FILE", &place])),
                    ],
                ));
            }
            (Some(Kind::Dangling(target)), is_directory) => {
                let (user, folder) =
                    (subject.host.user.as_str(), target.rsplit_once('/').map_or("", |(folder, _)| folder));
                let make = Argv::new("install").args(["-d", "-o", user, "-m", "755", "--"]);
                let make = make.arg(if is_directory { target } else { folder });
                faults.push(fault(
                    NAME,
                    format!("`{place}` is a link to `{target}`, where nothing is"),
                    if is_directory {
                        "mount what belongs there, or make it; or remove the link"
                    } else {
                        "mount what belongs there, or put this server's own file there; or remove the link"
                    },
                    [on_host(&Argv::new("ls").args(["-ld", "--", &place])), as_root(&make)],
                ));
            }
            (Some(Kind::Directory), false) => faults.push(fault(
                NAME,
                format!("`{place}` is a directory, but `{path}` in `shared` of fleet.toml says file"),
                format!("write `{path}/` there, or put a file in its place"),
                [on_host(&Argv::new("ls").args(["-la", "--", &place]))],
            )),
            (Some(Kind::File | Kind::Other), true) | (Some(Kind::Other), false) => faults.push(fault(
                NAME,
                format!("`{place}` is not a {}", if path.is_directory() { "directory" } else { "file" }),
                "move it out of the way",
                [on_host(&Argv::new("mv").args(["--", &place, &format!("{place}.away")]))],
            )),
        }
    }
    if faults.is_empty() {
        faults.push(ok(NAME, human::count(subject.shared.len(), "shared path", "shared paths")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use record::Verdict;

    use super::*;
    use crate::doctor::checks::testing::{World, assert_says, good};

    #[test]
    fn files_must_be_there_and_directories_are_made() {
        let world = World::new("embedded");
        let mut seen = good();
        assert_eq!(check(&world.subject(), &seen)[0].verdict, Verdict::Ok);
        seen.look.shared = [(0, Kind::Missing), (1, Kind::Missing)].into();
        let told = check(&world.subject(), &seen);
        assert_eq!(told.len(), 1);
        assert_says(
            &told[0],
            Verdict::Fault,
            "/srv/site/shared/settings.php",
            "mkdir -p -- /srv/site/shared",
        );
        let dangling = || Kind::Dangling("/mnt/nfs/files".into());
        seen.look.shared = [(0, dangling()), (1, dangling())].into();
        let told = check(&world.subject(), &seen);
        assert_says(
            &told[0],
            Verdict::Fault,
            "where nothing is",
            "install -d -o deploy -m 755 -- /mnt/nfs/files",
        );
        assert_says(
            &told[1],
            Verdict::Fault,
            "link to `/mnt/nfs/files`",
            "install -d -o deploy -m 755 -- /mnt/nfs",
        );
        seen.look.shared = [(0, Kind::File), (1, Kind::Directory)].into();
        let told = check(&world.subject(), &seen);
        assert_says(&told[0], Verdict::Fault, "is not a directory", "mv -- /srv/site/shared/files");
        assert_says(&told[1], Verdict::Fault, "says file", "settings.php/");
    }
}
