//! The hosts: which are meant, how they are reached, and what the `swap-release` on each of them says.

pub(crate) mod address;
pub(crate) mod family;
pub(crate) mod list;
pub(crate) mod reach;
pub(crate) mod staging;
#[cfg(test)]
pub(crate) mod testing;
