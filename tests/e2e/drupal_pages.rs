//! Pages of every kind that a real Drupal has.

use std::collections::BTreeMap;

use crate::drupal_world::Site;

/// Front page, forms, listings, feeds, what is not there, what is not allowed.
const PATHS: [&str; 8] =
    ["/", "/user/login", "/user/password", "/node", "/rss.xml", "/nothing-here", "/admin/config", "/probe"];

/// What every server answers to each of them, from the page cache and not, and to the styles and scripts that they name: status, and
/// how many tags there are. A template that is missing makes them fewer, with 200.
pub(crate) fn every_kind(site: &Site) -> BTreeMap<String, (u16, usize)> {
    let mut seen = BTreeMap::new();
    if site.is_stand_in() {
        return seen;
    }
    for host in &site.fleet.hosts {
        let mut assets = Vec::new();
        for path in PATHS {
            for query in ["", "?again=2"] {
                let page = host.http_get(&format!("{path}{query}"));
                assets.extend(named(&page.body));
                seen.insert(
                    format!("{} {path}{query}", host.name),
                    (page.status, page.body.matches('<').count()),
                );
            }
        }
        for asset in assets {
            let status = host.http_get(&asset).status;
            assert_eq!(status, 200, "{asset} of {}", host.name);
        }
    }
    seen
}

/// Addresses of styles and scripts of the site itself.
fn named(page: &str) -> Vec<String> {
    let values = ["href=\"", "src=\""].into_iter().flat_map(|key| page.split(key).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next());
    let path = |value: &'_ str| -> String {
        let rest = value.strip_prefix("http://").and_then(|rest| Some(&rest[rest.find('/')?..]));
        rest.unwrap_or(value).replace("&amp;", "&")
    };
    let is_asset = |path: &String| path.starts_with('/') && (path.contains(".css") || path.contains(".js"));
    values.map(path).filter(is_asset).collect()
}
