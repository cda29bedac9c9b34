//! No link may lead out of the tree, not even by way of other links.

use std::collections::BTreeMap;

use crate::Error;
use crate::content::path::parent;
use crate::error::shown;

/// Links that the kernel follows on one way; after so many it gives up, and so does a way out.
const MAX_HOPS: u32 = 40;
/// Bytes of path looked at for all links of a manifest together: a bound for hostile ones, a second of work, and a
/// thousand times what a site needs.
const MAX_WORK: usize = 512 * 1024 * 1024;

/// Follows every link as the kernel would. Counting `..` in the target alone is not enough: with `d/up -> ..`, the
/// harmless looking `d/up/../x` is outside.
pub(crate) fn check(links: &BTreeMap<&str, &str>) -> Result<(), Error> {
    faults(links).next().map_or(Ok(()), Err)
}

/// Every link that [`check`] refuses, in order of the path.
pub(crate) fn faults(links: &BTreeMap<&str, &str>) -> impl Iterator<Item = Error> {
    let mut work = 0;
    links.iter().filter_map(move |(path, target)| {
        let reason = follow(path, target, links, &mut work).err()?;
        Some(Error::Link { path: shown(path), target: shown(target), reason })
    })
}

fn follow(
    path: &str,
    target: &str,
    links: &BTreeMap<&str, &str>,
    work: &mut usize,
) -> Result<(), &'static str> {
    // `at` is where we are, empty at the root; `ahead` is what is still to walk, next component last.
    let mut at = parent(path).to_owned();
    let mut ahead: Vec<&str> = target.split('/').rev().collect();
    let mut hops = 0;
    while let Some(component) = ahead.pop() {
        *work += at.len() + 1;
        if *work > MAX_WORK {
            return Err("the links of this tree are too entangled to be proved safe");
        }
        match component {
            "" | "." => {}
            ".." if at.is_empty() => return Err("it leads out of the tree"),
            ".." => at.truncate(parent(&at).len()),
            name => {
                let before = at.len();
                if before > 0 {
                    at.push('/');
                }
                at.push_str(name);
                if let Some(next) = links.get(at.as_str()) {
                    hops += 1;
                    if hops > MAX_HOPS {
                        return Ok(());
                    }
                    at.truncate(before);
                    ahead.extend(next.split('/').rev());
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(links: &[(&str, &str)]) -> Result<(), Error> {
        check(&links.iter().copied().collect())
    }

    #[test]
    fn links_inside_are_allowed() {
        for target in ["b", "./b", "../x", "../../d/e/f", "b/../../..", "nowhere/at/all", "..", "../../"] {
            result(&[("d/e/a", target)]).unwrap();
        }
        result(&[("a", "b"), ("b", "a")]).unwrap();
        result(&[("a", ".")]).unwrap();
        result(&[("vendor/bin/drush", "../drush/drush/drush"), ("web/libraries", "../vendor")]).unwrap();
    }

    #[test]
    fn ways_out_are_found() {
        for target in ["../../..", "../../../etc", "b/../../../../x", "./../.././../d"] {
            let error = result(&[("d/e/a", target)]).unwrap_err().to_string();
            assert!(error.contains("`d/e/a`") && error.contains(target), "{error}");
        }
        result(&[("a", "..")]).unwrap_err();
    }

    #[test]
    fn ways_out_by_way_of_other_links_are_found() {
        result(&[("d/up", ".."), ("x", "d/up/../etc")]).unwrap_err();
        result(&[("a", "d/e"), ("d/e", "f/.."), ("x", "a/../../y")]).unwrap_err();
        result(&[("d/up", ".."), ("x", "d/up/y")]).unwrap();
    }

    #[test]
    fn an_entangled_manifest_ends_in_time() {
        let long = "a/".repeat(2000);
        let links: Vec<(String, &str)> = (0..4000).map(|n| (format!("l{n}"), long.as_str())).collect();
        let links: Vec<(&str, &str)> = links.iter().map(|(path, target)| (path.as_str(), *target)).collect();
        assert!(result(&links).unwrap_err().to_string().contains("entangled"));
    }
}
