//! The switch that hooks are run around.

use record::ReleaseId;

use super::{LockedSite, SwitchKind};

/// The switch that hooks are run around.
#[derive(Clone, Copy)]
pub(crate) struct Switching<'a> {
    pub(crate) locked: &'a LockedSite<'a>,
    pub(crate) kind: SwitchKind,
    pub(crate) from: Option<&'a ReleaseId>,
    pub(crate) to: &'a ReleaseId,
}
