//! Lists on the command line, separated by commas as mktorrent has them.

use metainfo::AnnounceUrl;

use crate::Error;

/// All elements of all lists; empty ones are none.
pub(crate) fn split(lists: &[String]) -> Vec<String> {
    let elements = lists.iter().flat_map(|list| list.split(','));
    elements.filter(|element| !element.is_empty()).map(str::to_owned).collect()
}

/// Each list is a tier of trackers (BEP 12).
pub(crate) fn tiers(lists: &[String]) -> Result<Vec<Vec<AnnounceUrl>>, Error> {
    let tier = |list: &String| {
        split(std::slice::from_ref(list)).iter().map(|url| url.parse()).collect::<Result<Vec<_>, _>>()
    };
    let mut tiers = lists.iter().map(tier).collect::<Result<Vec<_>, _>>().map_err(Error::Torrent)?;
    tiers.retain(|tier| !tier.is_empty());
    Ok(tiers)
}

/// URLs where the content can be had over HTTP (BEP 19).
pub(crate) fn web_seeds(lists: &[String]) -> Result<Vec<String>, Error> {
    let urls = split(lists);
    let is_url = |url: &String| {
        let schemes = ["http://", "https://", "ftp://"];
        url.bytes().all(|byte| byte.is_ascii_graphic())
            && schemes.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
    };
    match urls.iter().find(|url| !is_url(url)) {
        // Without what may be a password in it.
        Some(url) => {
            Err(Error::WebSeed { url: url.split(['@', '?']).next_back().unwrap_or_default().into() })
        }
        None => Ok(urls),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_tier() {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let tiers = tiers(&own(&["http://a/x,udp://b:1/y", "", "http://c/z,"])).unwrap();
        let urls: Vec<Vec<_>> =
            tiers.iter().map(|tier| tier.iter().map(AnnounceUrl::expose).collect()).collect();
        assert_eq!(urls, [vec!["http://a/x", "udp://b:1/y"], vec!["http://c/z"]]);
        assert_eq!(web_seeds(&own(&["http://a/,ftp://b/c"])).unwrap(), ["http://a/", "ftp://b/c"]);
        for bad in ["a", "http://", "http://a/ b", "file:///etc/passwd"] {
            assert!(web_seeds(&own(&[bad])).is_err(), "{bad}");
        }
    }
}
