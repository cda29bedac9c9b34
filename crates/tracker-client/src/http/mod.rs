//! HTTP with trackers and sites: bounded in time and size, repeated where that does no harm, cancelled when somebody
//! asks to end. Certificates are always verified.

mod client;
mod endpoint;
mod exchange;
mod patience;
mod plain_proxy;
mod proxy;
mod redirect;
mod request;
mod trust;

pub use self::client::Http;
pub(crate) use self::endpoint::endpoint;
pub use self::patience::Patience;
pub use self::proxy::Proxies;
pub use self::request::{Reply, Request};
pub use self::trust::Trust;
