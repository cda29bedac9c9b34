//! Gazelle sites: looking a torrent up, uploading it, getting it back, deleting it.
//!
//! Two lines with one purpose: the pages of 2016 ([`Pages`], login and form) and the JSON API of OPS ([`Api`], token).
//! On both the HTTP status means nothing, a duplicate is a success, and what is stored may not be what was sent.

mod api;
mod html;
mod json;
mod manners;
mod multipart;
mod pages;
mod session;
mod site;

pub use self::api::Api;
pub use self::manners::Manners;
pub use self::pages::{Login, Pages};
pub use self::site::{Found, LARGEST_TORRENT, Site, Stored, Upload};
