//! Of shared paths.

use std::path::{Path, PathBuf};

use record::{ExitCode, ReleaseId};
use remote::Argv;

use super::Error;
use super::data_loss::DataLoss;

impl Error {
    /// Of no form that can be, or not side by side with the others.
    pub(crate) fn shared_conflict(reason: String) -> Self {
        let hint = "name each path once, and of two inside each other the outer one: --shared, or `shared` in fleet.toml";
        Self::refused(ExitCode::Usage, reason, hint)
    }

    /// A shared file that the operator must provide.
    pub(crate) fn shared_missing(path: &Path) -> Self {
        let path = path.display();
        Self::bad(
            format!("shared file `{path}` does not exist"),
            format!(
                "create {path}, or take it out of `shared` in fleet.toml; a directory is written with a trailing /, and what is \
                 linked only when it is there with a ?"
            ),
        )
    }

    /// A link in `shared/` that leads nowhere.
    pub(crate) fn shared_dangling(path: &Path, target: &Path) -> Self {
        Self::bad(
            format!("`{}` is a link to `{}`, where nothing is", path.display(), target.display()),
            format!("bring back (or mount) what it leads to, or remove it: {}", run("rm", &[text(path)])),
        )
    }

    /// A directory was asked for, and something else is there.
    pub(crate) fn shared_not_a_directory(path: &Path) -> Self {
        let away = format!("{}.away", text(path));
        Self::bad(
            format!("`{}` is not a directory, as the trailing / of the shared path says", path.display()),
            format!("move it out of the way: {}", run("mv", &[text(path), away])),
        )
    }

    /// A directory above a shared path is a `link` in `shared/`, to the absolute `target`; `rest` is below the link.
    pub(crate) fn shared_through_link(shared: &str, link: &Path, target: &Path, rest: &Path) -> Self {
        let (inner, outer) = (link.join(rest), target.join(rest));
        let folder = inner.parent().unwrap_or(link);
        let make = Argv::new("mkdir").args(["-p", "--"]).arg(text(folder));
        let join = Argv::new("ln").args(["-s", "--"]).args([text(&outer), text(&inner)]);
        let remove = run("rm", &[text(link)]);
        Self::bad(
            format!(
                "shared path `{shared}` leads through `{}`, which is a link to `{}`",
                link.display(),
                target.display()
            ),
            format!("let only the last part of a shared path be a link: {remove} && {make} && {join}"),
        )
    }

    /// A directory above a shared path is a link in the release.
    pub(crate) fn shared_through_release(shared: &str, link: &str, release: &ReleaseId) -> Self {
        Self::bad(
            format!("shared path `{shared}` leads through `{link}`, which is a link in release `{release}`"),
            "name the path that the link leads to, or have the release bring a directory there",
        )
    }

    /// A link in `shared/` that leads back into a release: `through` `current` or `releases`, to `real`.
    pub(crate) fn shared_into_release(path: &Path, through: &Path, real: &Path) -> Self {
        let copy = Argv::new("cp").args(["-a", "--"]).args([text(real), text(path)]);
        Self::bad(
            format!("`{}` is a link that leads through `{}`", path.display(), through.display()),
            format!("what outlives releases must not be in one: {} && {copy}", run("rm", &[text(path)])),
        )
    }

    /// A link of a release that leads past `shared/`.
    pub(crate) fn shared_astray(release: &ReleaseId, link: &Path, target: &Path) -> Self {
        Self::bad(
            format!("`{}` does not lead to `{}`", link.display(), target.display()),
            format!(
                "was releases/ or shared/ moved? swap-release verify --repair {release} makes the link again"
            ),
        )
    }

    /// Visitors would lose something.
    pub(crate) fn data_loss(losses: &[DataLoss]) -> Self {
        let remedies: Vec<&str> = losses.iter().map(|loss| loss.remedy.as_str()).collect();
        let what = match losses {
            [] => String::new(),
            [only] => only.to_string(),
            [first, others @ ..] => format!("{first}; and so it is with {} more shared paths", others.len()),
        };
        Self::bad(what, format!("no flag skips this; let both be one, or copy: {}", remedies.join(" && ")))
    }

    /// What visitors reach through a link of the live site, and the release has no link to: each path in the live site, and
    /// where it leads.
    pub(crate) fn unnamed(unnamed: &[(String, PathBuf)]) -> Self {
        let of = |(path, target): &(String, PathBuf)| {
            format!(
                "`{path}` of the live site is a link to `{}`, and this release would have none",
                target.display()
            )
        };
        let what = match unnamed {
            [] => String::new(),
            [only] => of(only),
            [first, others @ ..] => format!("{}; and so it is with {} more", of(first), others.len()),
        };
        let name = |(path, target): &(String, PathBuf)| {
            format!("\"{path}{}\"", if target.is_dir() { "/" } else { "" })
        };
        let names: Vec<String> = unnamed.iter().map(name).collect();
        Self::bad(
            what,
            format!(
                "name it in `shared` of fleet.toml (or --shared) and push again: {}; with a ? at its end where a release may bring its own",
                names.join(", ")
            ),
        )
    }

    /// A shared path that the release brings itself.
    pub(crate) fn shipped(release: &ReleaseId, path: &str) -> Self {
        Self::bad(
            format!("release `{release}` brings `{path}` itself, but it is a shared path"),
            "exclude it from the pack, or take it out of `shared` in fleet.toml",
        )
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn run(program: &str, args: &[String]) -> Argv {
    Argv::new(program).arg("--").args(args.iter().cloned())
}
