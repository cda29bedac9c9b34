//! The tracker's side of a release: making it known, proving that it is, and taking it back.
//!
//! - `tracker`: the way to it, and what it is asked;
//! - `register`: what each kind of tracker needs; `gazelle`, `whitelist`: two of the kinds;
//! - `found`: proof that a peer which asks is given the seeder.

pub(crate) mod found;
mod gazelle;
mod register;
mod tracker;
mod whitelist;

pub(crate) use self::tracker::Registry;
