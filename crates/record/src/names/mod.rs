//! Text that is valid by its type.

pub(crate) mod digest;
pub(crate) mod file_name;
pub(crate) mod release_id;
