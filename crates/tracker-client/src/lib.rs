//! Trackers and their sites as a deploy tool meets them: announce and scrape (BEP 3, 23, 48), Ocelot's update protocol,
//! and Gazelle's pages and API.
//!
//! These servers answer status 200, or `success`, to nearly everything. So nothing here believes a status or a word
//! alone: bodies are judged, sizes and times are bounded, redirects are bounded, and only calls that can
//! be repeated without harm are repeated. No error, log line or `Debug` shows a secret.

mod announce;
pub mod bencode;
mod error;
mod escape;
pub mod gazelle;
mod http;
mod ocelot;
mod scrape;
mod secret;

pub use announce::{Announced, Event, Probe, announce};
pub use error::Error;
pub use escape::{percent, percent_text};
pub use http::{Http, Patience, Proxies, Reply, Request, Trust};
pub use ocelot::{FreeTorrent, Ocelot};
pub use scrape::{Scraped, scrape, scrape_url};
pub use secret::{Key, Secret};
