//! What can be wrong with shared paths, and what helps.

use std::fmt;
use std::path::PathBuf;

use fleet::Argv;
use record::{ExitCode, ReleaseId};

/// A shared path that cannot be linked. Every variant names it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedFault {
    /// Of no form that can be, or not side by side with the others.
    #[error("{0}")]
    Conflict(String),
    /// A shared file that the operator must provide.
    #[error("shared file `{}` does not exist", path.display())]
    Missing {
        /// The file below shared/.
        path: PathBuf,
    },
    /// A link in `shared/` that leads nowhere.
    #[error("`{}` is a link to `{}`, where nothing is", path.display(), target.display())]
    Dangling {
        /// The link.
        path: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// A directory was asked for, and something else is there.
    #[error("`{}` is not a directory, as the trailing / of the shared path says", path.display())]
    NotADirectory {
        /// The path below shared/.
        path: PathBuf,
    },
    /// A directory above a shared path is a link in `shared/`.
    #[error("shared path `{shared}` leads through `{}`, which is a link to `{}`", link.display(), target.display())]
    ThroughLink {
        /// The shared path.
        shared: String,
        /// The link below shared/.
        link: PathBuf,
        /// Where it points, as an absolute path.
        target: PathBuf,
        /// What is below the link.
        rest: PathBuf,
    },
    /// A directory above a shared path is a link in the release.
    #[error("shared path `{shared}` leads through `{link}`, which is a link in release `{release}`")]
    ThroughRelease {
        /// The shared path.
        shared: String,
        /// The link in the tree.
        link: String,
        /// The release.
        release: ReleaseId,
    },
    /// A link in `shared/` that leads back into a release.
    #[error("`{}` is a link that leads through `{}`", path.display(), through.display())]
    IntoRelease {
        /// The link.
        path: PathBuf,
        /// `current` or `releases`.
        through: PathBuf,
        /// Where it ends.
        real: PathBuf,
    },
    /// A link of a release that leads past `shared/`.
    #[error("`{}` does not lead to `{}`", link.display(), target.display())]
    Astray {
        /// The release.
        release: ReleaseId,
        /// Its link.
        link: PathBuf,
        /// Where it should lead.
        target: PathBuf,
    },
    /// Visitors would lose something.
    #[error("{}", told(losses))]
    DataLoss {
        /// What.
        losses: Vec<DataLoss>,
    },
    /// What visitors reach through a link of the live site, and the release has no link to.
    #[error("{}", told_unnamed(unnamed))]
    Unnamed {
        /// Each path in the live site, and where it leads.
        unnamed: Vec<(String, PathBuf)>,
    },
    /// A shared path that the release brings itself.
    #[error("release `{release}` brings `{path}` itself, but it is a shared path")]
    Shipped {
        /// The release.
        release: ReleaseId,
        /// The path in the tree.
        path: String,
    },
}

fn told(losses: &[DataLoss]) -> String {
    let first = losses.first().map(ToString::to_string).unwrap_or_default();
    match losses.len() {
        0 | 1 => first,
        count => format!("{first}; and so it is with {} more shared paths", count - 1),
    }
}

fn told_unnamed(unnamed: &[(String, PathBuf)]) -> String {
    let first = unnamed.first().map(|(path, target)| {
        format!(
            "`{path}` of the live site is a link to `{}`, and this release would have none",
            target.display()
        )
    });
    let first = first.unwrap_or_default();
    match unnamed.len() {
        0 | 1 => first,
        count => format!("{first}; and so it is with {} more", count - 1),
    }
}

impl SharedFault {
    /// How to end.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Conflict(_) => ExitCode::Usage,
            Self::Missing { .. }
            | Self::Dangling { .. }
            | Self::NotADirectory { .. }
            | Self::ThroughLink { .. }
            | Self::ThroughRelease { .. }
            | Self::IntoRelease { .. }
            | Self::Astray { .. }
            | Self::DataLoss { .. }
            | Self::Unnamed { .. }
            | Self::Shipped { .. } => ExitCode::BadInput,
        }
    }

    /// The remedy.
    pub(crate) fn hint(&self) -> String {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let run = |program: &str, args: &[String]| Argv::new(program).arg("--").args(args.iter().cloned());
        match self {
            Self::Conflict(_) => {
                "name each path once, and of two inside each other the outer one: --shared, or `shared` in fleet.toml".into()
            }
            Self::Missing { path } => format!(
                "create {}, or take it out of `shared` in fleet.toml; a directory is written with a trailing /, and what is \
                 linked only when it is there with a ?",
                path.display()
            ),
            Self::Dangling { path, .. } => format!(
                "bring back (or mount) what it leads to, or remove it: {}",
                run("rm", &[text(path)])
            ),
            Self::NotADirectory { path } => {
                let away = format!("{}.away", text(path));
                format!("move it out of the way: {}", run("mv", &[text(path), away]))
            }
            Self::ThroughLink { link, target, rest, .. } => {
                let (inner, outer) = (link.join(rest), target.join(rest));
                let folder = inner.parent().unwrap_or(link);
                let make = Argv::new("mkdir").args(["-p", "--"]).arg(text(folder));
                let join = Argv::new("ln").args(["-s", "--"]).args([text(&outer), text(&inner)]);
                format!(
                    "let only the last part of a shared path be a link: {} && {make} && {join}",
                    run("rm", &[text(link)])
                )
            }
            Self::ThroughRelease { .. } => {
                "name the path that the link leads to, or have the release bring a directory there".into()
            }
            Self::IntoRelease { path, real, .. } => {
                let copy = Argv::new("cp").args(["-a", "--"]).args([text(real), text(path)]);
                format!("what outlives releases must not be in one: {} && {copy}", run("rm", &[text(path)]))
            }
            Self::Astray { release, .. } => {
                format!("was releases/ or shared/ moved? swap-release verify --repair {release} makes the link again")
            }
            Self::DataLoss { losses } => {
                let remedies: Vec<&str> = losses.iter().map(|loss| loss.remedy.as_str()).collect();
                format!("no flag skips this; let both be one, or copy: {}", remedies.join(" && "))
            }
            Self::Unnamed { unnamed } => {
                let name = |(path, target): &(String, PathBuf)| {
                    format!("\"{path}{}\"", if target.is_dir() { "/" } else { "" })
                };
                format!(
                    "name it in `shared` of fleet.toml (or --shared) and push again: {}; with a ? at its end where a release may bring its own",
                    unnamed.iter().map(name).collect::<Vec<_>>().join(", ")
                )
            }
            Self::Shipped { .. } => "exclude it from the pack, or take it out of `shared` in fleet.toml".into(),
        }
    }
}

/// More are not counted.
pub(crate) const MOST_COUNTED: usize = 1000;

/// One shared path whose data would be lost to visitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataLoss {
    /// Where it is live, free of links.
    pub(crate) live: PathBuf,
    /// Where releases are linked to.
    pub(crate) shared: PathBuf,
    /// What is not there.
    pub(crate) lacks: Lacks,
    /// What helps, for a POSIX shell.
    pub(crate) remedy: String,
}

/// What a directory or file in `shared/` lacks of the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lacks {
    /// It is one file.
    Itself,
    /// So many files, and the first of them.
    Files { count: usize, first: PathBuf },
}

impl fmt::Display for DataLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (live, shared) = (self.live.display(), self.shared.display());
        match &self.lacks {
            Lacks::Itself => write!(f, "the live site has `{live}`, and `{shared}` is not there"),
            Lacks::Files { count, first } => {
                let more = if *count == MOST_COUNTED { " or more" } else { "" };
                let (files, are) = if *count == 1 { ("file", "is") } else { ("files", "are") };
                write!(
                    f,
                    "the live site has {count}{more} {files} in `{live}` that {are} not in `{shared}`, such as `{}`",
                    first.display()
                )
            }
        }
    }
}
