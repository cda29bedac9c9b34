//! The site that is packed, and what is known of it: its place, its commit, the release before.
//!
//! - `place`: where it lies, and that no output lies in it; `compat_walk`: its files as mktorrent finds them;
//! - `awkward`, `not_kept`: what people ought to know of its names and modes;
//! - `git`, `release_id`, `release_time`: how the release is called, and its time;
//! - `base`, `manifest_file`: the release before; `kept`: a release with its content.

pub(crate) mod awkward;
pub(crate) mod base;
pub(crate) mod compat_walk;
pub(crate) mod git;
pub(crate) mod kept;
pub(crate) mod manifest_file;
pub(crate) mod not_kept;
pub(crate) mod place;
pub(crate) mod release_id;
pub(crate) mod release_time;
