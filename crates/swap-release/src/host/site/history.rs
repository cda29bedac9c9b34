//! What happened, for people: one JSON object a line.

use std::fs;
use std::io::ErrorKind;

use record::ReleaseId;
use serde::{Deserialize, Serialize};

use super::{LockedSite, Site};
use crate::Error;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HistoryLine {
    at: String,
    what: String,
    release: ReleaseId,
    from: Option<ReleaseId>,
    by: String,
    /// The fencing token of the lock that was held.
    #[serde(default)]
    token: u64,
    /// What a hook said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl HistoryLine {
    /// The line as cells of a table.
    pub(crate) fn cells(self) -> Vec<String> {
        let from = self.from.map_or_else(|| "-".to_owned(), |id| id.to_string());
        vec![self.at, self.what, self.release.to_string(), from, self.by]
    }
}

impl Site<'_> {
    /// What happened, oldest first. A line that a power cut tore is left out.
    pub(crate) fn history(&self) -> Result<Vec<HistoryLine>, Error> {
        let path = self.paths.history();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(Error::Read { path, source }),
        }
    }
}

impl LockedSite<'_> {
    /// Adds a line to the history. It only tells what happened: where it cannot be written, that is a warning, and what
    /// happened has happened all the same.
    pub(crate) fn log(&self, what: &str, release: &ReleaseId, from: Option<&ReleaseId>) {
        self.log_with(what, release, from, None);
    }

    /// The same, with what was said.
    pub(crate) fn log_with(
        &self,
        what: &str,
        release: &ReleaseId,
        from: Option<&ReleaseId>,
        detail: Option<String>,
    ) {
        let path = self.site.paths.history();
        let line = HistoryLine {
            at: record::now().to_string(),
            what: what.to_owned(),
            release: release.clone(),
            from: from.cloned(),
            by: self.owner.clone(),
            token: self.lock.token(),
            detail,
        };
        let text = serde_json::to_string(&line).map_err(std::io::Error::other);
        if let Err(error) = text.and_then(|text| self.site.disk.append(&path, &text)) {
            log::warn!(
                "`{what}` of `{release}` is not in the history: cannot write `{}`: {error}",
                path.display()
            );
        }
    }
}
