//! Every effect on a server's disk that a switch depends on, behind one trait: so that the order of effects is a
//! test, and a test can stop between any two of them.

mod effects;
pub(crate) mod mounts;
mod real;
#[cfg(test)]
pub(crate) mod recording;
mod remove;

pub(crate) use self::effects::Disk;
pub(crate) use self::real::RealDisk;
