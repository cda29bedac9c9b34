//! Our own peer: [`seeder`] gives the payload away from here, [`receiver`] runs on a host for the length of a push, and
//! [`mesh`] tells them of each other.

pub(crate) mod mesh;
pub(crate) mod receiver;
pub(crate) mod seeder;
pub(crate) mod seeder_address;
pub(crate) mod start_message;
