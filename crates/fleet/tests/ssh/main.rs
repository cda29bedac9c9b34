//! The crate against real OpenSSH servers on loopback addresses of this machine.

mod agent;
mod connect;
mod files;
mod run;
mod server;
mod sockets;
