//! What to ask of whom, what to announce, what to serve and whom to blame: without sockets, files, threads or a clock.
//!
//! A driver tells [`Strategy`] what happened and when, and carries out the [`Action`]s. The real driver has sockets; the
//! simulation in the tests has a virtual network of thousands of hosts, and both run the very same code. Time is what has
//! passed since the start on a clock that never jumps.
//!
//! - `picker`, `partial`, `requests`: rarest first, one peer a piece, what is left over goes to whoever is idle, and
//!   near the end two peers may be asked for the same block;
//! - `window`: how many blocks to have on request at one peer;
//! - `serving`, `spread`, `first_copies`: what others asked for, and a seeder's care that each piece leaves it once before any does twice;
//! - `incoming`, `arrival`: what messages and blocks change; `timers`: what happens when none come;
//! - `blame`: who sent what was wrong;
//! - `state`: all of it together.

mod action;
mod arrival;
mod blame;
mod first_copies;
mod geometry;
mod ids;
mod incoming;
mod link;
mod membership;
mod partial;
mod picker;
mod requests;
mod serving;
mod spread;
mod state;
mod timers;
mod window;

pub use self::action::Action;
pub use self::arrival::{Fate, Verdict};
pub use self::blame::BlockDigest;
pub use self::geometry::Geometry;
pub use self::ids::{LinkId, PeerKey};
pub use self::state::Strategy;
