//! Keeping a release whatever a prune says.

use record::ReleaseId;

use crate::Error;
use crate::host::site::{LockedSite, ReleaseFile};

/// Pins a release, or lets it go.
pub(crate) fn pin(locked: &LockedSite<'_>, release: &ReleaseId, pinned: bool) -> Result<(), Error> {
    let file = locked.site.expect_known(release)?;
    if file.pinned == pinned {
        return Ok(());
    }
    locked.amend(&ReleaseFile { pinned, ..file })?;
    locked.log(if pinned { "pinned" } else { "unpinned" }, release, None);
    Ok(())
}
