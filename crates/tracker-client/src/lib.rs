//! Trackers and Gazelle sites as a deploy tool meets them: announce, scrape, Ocelot's updates, uploads; all bounded.

mod announce;
pub mod bencode;
mod error;
mod escape;
pub mod gazelle;
mod http;
mod ocelot;
mod scrape;
mod secret;

pub use self::announce::{Announced, Event, Probe, announce};
pub use self::error::Error;
pub use self::escape::{percent, percent_text};
pub use self::http::{Http, Patience, Proxies, Reply, Request, Trust};
pub use self::ocelot::{FreeTorrent, Ocelot};
pub use self::scrape::{Scraped, scrape, scrape_url};
pub use self::secret::{Key, Secret};
