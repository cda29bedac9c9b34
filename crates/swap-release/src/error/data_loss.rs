//! What visitors would lose at a shared path.

use std::fmt;
use std::path::PathBuf;

/// More are not counted.
pub(crate) const MOST_COUNTED: usize = 1000;

/// One shared path whose data would be lost to visitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataLoss {
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
