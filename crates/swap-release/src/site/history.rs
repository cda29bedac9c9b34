//! What happened, for people: one JSON object a line.

use record::ReleaseId;
use serde::Serialize;

use super::LockedSite;
use crate::Error;

#[derive(Debug, Serialize)]
struct Line<'a> {
    at: String,
    what: &'a str,
    release: &'a ReleaseId,
    from: Option<&'a ReleaseId>,
    by: &'a str,
}

impl LockedSite<'_> {
    /// Adds a line to the history.
    pub(crate) fn log(&self, what: &str, release: &ReleaseId, from: Option<&ReleaseId>) -> Result<(), Error> {
        let path = self.site.paths.history();
        let line = Line { at: record::now().to_string(), what, release, from, by: &self.owner };
        let text =
            serde_json::to_string(&line).map_err(|source| Error::State { path: path.clone(), source })?;
        self.site.disk.append(&path, &text).map_err(|source| Error::write(&path, source))
    }
}
