//! The clients against the fakes of tests/fakes, and the bencode reader against a strict one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage must fail loudly"
)]

mod corpus;
mod faults;
mod gazelle;
mod ocelot;
mod oracle;
mod proxies;
mod redirects;
mod tls;

use std::time::Duration;

use tracker_client::{Http, Patience};

/// A client in a hurry.
fn http() -> Http {
    let patience =
        Patience { timeout: Duration::from_secs(2), attempts: 2, pause: Duration::from_millis(10) };
    Http::new(patience, || false)
}
