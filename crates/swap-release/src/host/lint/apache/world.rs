//! What holds for all virtual hosts.

use super::parse::Directive;
use crate::host::lint::php::{Preload, Settings};

/// What holds for all.
pub(super) struct World<'a> {
    pub(super) server: &'a [Directive],
    pub(super) mod_php: bool,
    /// Which modules there are is known.
    pub(super) known: bool,
    pub(super) base: &'a Settings,
    /// Of mod_php.
    pub(super) preload: Option<&'a Preload>,
}
