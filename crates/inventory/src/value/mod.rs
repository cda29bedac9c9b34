//! The values of `fleet.toml`: each is checked once, when it is read, and cannot be wrong afterwards.

mod address;
mod endpoint;
mod host_name;
mod nearest;
mod port_range;
mod program;
mod rate;
mod remote_path;
mod shared_path;
mod shared_paths;
mod template;
mod user_name;
mod wildcard;

pub use self::address::Address;
pub use self::endpoint::Endpoint;
pub use self::host_name::HostName;
pub(crate) use self::nearest::nearest;
pub use self::port_range::PortRange;
pub use self::program::Program;
pub use self::rate::Rate;
pub use self::remote_path::RemotePath;
pub use self::shared_path::SharedPath;
pub use self::shared_paths::{SharedConflict, SharedPaths};
pub use self::template::Template;
pub use self::user_name::UserName;
pub use self::wildcard::wildcard;
