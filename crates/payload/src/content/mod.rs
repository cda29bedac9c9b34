//! What a tree is said to hold: the manifest, its entries, and the rules for their names.

pub(crate) mod entry;
pub(crate) mod fold;
pub(crate) mod jsonl;
pub(crate) mod links;
pub(crate) mod manifest;
pub(crate) mod path;
