//! What can go wrong on the way to a host.

mod fault;
mod hint;
mod host;
mod key_file;

pub use self::fault::{HandshakeFault, HostFault};
pub use self::host::HostError;
pub use self::key_file::KeyFileError;
