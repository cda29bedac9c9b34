//! The world the end-to-end tests live in: a scratch directory, servers with their own sshd, rtorrent and web server
//! on addresses of their own, a seeder, a site to deploy, and readers for the records that owe nothing to the writer.
//!
//! Everything runs on the loopback network, as root or as an ordinary user, and is killed by handle when it is
//! dropped. Waiting is a polled condition with a deadline; there is no sleep for luck. What goes wrong here panics: a
//! test that has no servers has nothing to say.

pub mod account;
pub mod authority;
pub mod bin;
pub mod daemon;
#[path = "../fakes/mod.rs"]
pub mod fakes;
pub mod fleet;
pub mod foreign;
pub mod front;
pub mod host;
pub mod http;
pub mod keys;
pub mod mount;
pub mod net;
pub mod netns;
pub mod opentracker;
pub mod other_clock;
pub mod peers;
pub mod php_site;
pub mod promiser;
pub mod records;
pub mod rpc;
pub mod rtorrent;
pub mod run;
pub mod scratch;
#[path = "../site/mod.rs"]
pub mod site;
pub mod sshd;
pub mod stranger;
pub mod template;
pub mod tree;
pub mod visitors;
pub mod wait;
pub mod web;
pub mod web_server;

pub use bin::bin;
pub use fleet::{Fleet, FleetOptions};
pub use host::Host;
pub use run::{Output, Run, Running};
pub use scratch::Scratch;
pub use tree::Tree;
pub use wait::eventually;
