//! Stand-ins for the trackers and sites that cannot be installed here: Ocelot 1.0 and 2.1.3, Gazelle of 2016, and the
//! OPS line of Gazelle. They answer byte for byte what the real ones were seen to answer, their faults included, and
//! know nothing of the client that is tested with them.

pub mod bencode;
pub mod gazelle;
pub mod http;
pub mod ocelot;
pub mod server;

pub use gazelle::{FakeGazelle, Flavour, GazelleOptions};
pub use ocelot::{FakeOcelot, OcelotOptions, OcelotVersion};
pub use server::Fault;
