//! Whether a path leads through the link `current`, or into a release by its own name.

use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Stands in a path for what is decided at each request. No configuration has this character.
pub(crate) const ANY: &str = "\u{1}";

/// Where a path of a configuration leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leads {
    /// Through the link.
    Through,
    /// Into the release of this name, whatever the link says.
    Release(String),
    /// To something else.
    Elsewhere,
}

/// The site that is asked about; without one, any `current` is meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    sites: Vec<PathBuf>,
}

impl Link {
    pub(crate) fn of(deploy_to: Option<&Path>) -> Self {
        let mut sites: Vec<PathBuf> = deploy_to.into_iter().map(Path::to_owned).collect();
        // A configuration may say it either way.
        sites.extend(deploy_to.and_then(|path| path.canonicalize().ok()));
        sites.dedup();
        Self { sites }
    }

    /// The directory of the site, if one was named.
    pub(crate) fn deploy_to(&self) -> Option<&Path> {
        self.sites.last().map(PathBuf::as_path)
    }

    /// The release that the link leads to.
    pub(crate) fn live(&self) -> Option<String> {
        let target = self.deploy_to()?.join("current").canonicalize().ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    /// Where a path leads; one that holds [`ANY`], where it may.
    pub(crate) fn leads(&self, path: &str) -> Leads {
        match path.split_once(ANY) {
            None => self.leads_surely(path),
            Some((known, _)) => match self.leads_surely(known) {
                Leads::Elsewhere => self.may_lead(path),
                leads => leads,
            },
        }
    }

    fn may_lead(&self, path: &str) -> Leads {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        if !path.starts_with('/') {
            return Leads::Elsewhere;
        }
        if self.sites.is_empty() && parts.contains(&"current") {
            return Leads::Through;
        }
        let through = self.sites.iter().any(|site| {
            let link = site.join("current");
            let wanted: Vec<_> =
                link.components().skip(1).map(|part| part.as_os_str().to_string_lossy()).collect();
            parts.len() >= wanted.len() && parts.iter().zip(&wanted).all(|(part, name)| fits(part, name))
        });
        if through { Leads::Through } else { Leads::Elsewhere }
    }

    fn leads_surely(&self, path: &str) -> Leads {
        let path = Path::new(path);
        if !path.is_absolute() {
            return Leads::Elsewhere;
        }
        if self.sites.is_empty() {
            let through = path.components().any(|part| part == Component::Normal("current".as_ref()));
            return if through { Leads::Through } else { Leads::Elsewhere };
        }
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            match self.as_written(&path) {
                Leads::Elsewhere => {}
                leads => return leads,
            }
            let Some(next) = follow_first(&path) else { return Leads::Elsewhere };
            path = next;
        }
        Leads::Elsewhere
    }

    fn as_written(&self, path: &Path) -> Leads {
        for site in &self.sites {
            if path.starts_with(site.join("current")) {
                return Leads::Through;
            }
            if let Ok(rest) = path.strip_prefix(site.join("releases"))
                && let Some(Component::Normal(name)) = rest.components().next()
            {
                return Leads::Release(name.to_string_lossy().into_owned());
            }
        }
        Leads::Elsewhere
    }
}

/// Whether a part of a path may be this name.
fn fits(part: &str, name: &str) -> bool {
    let mut pieces = part.split(ANY);
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            let Some((_, after)) = rest.split_once(before) else { return false };
            rest = after;
        }
    }
    last.map_or(rest.is_empty(), |last: &str| rest.ends_with(last))
}

/// The path with its first link replaced by what that points to.
fn follow_first(path: &Path) -> Option<PathBuf> {
    let mut walked = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        match part {
            Component::ParentDir => {
                walked.pop();
            }
            Component::CurDir => {}
            part => walked.push(part),
        }
        if let Ok(target) = walked.read_link() {
            walked.pop();
            return Some(walked.join(target).join(parts.as_path()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_as_the_kernel_does() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("srv/site");
        std::fs::create_dir_all(site.join("releases/r1/web")).unwrap();
        let link = |target: &Path, name: &Path| std::os::unix::fs::symlink(target, name).unwrap();
        link(Path::new("releases/r1"), &site.join("current"));
        link(&site.join("current/web"), &folder.path().join("html"));
        link(Path::new("srv"), &folder.path().join("data"));
        link(Path::new("loop"), &folder.path().join("loop"));
        let asked = Link::of(Some(&site));
        let leads = |path: PathBuf| asked.leads(&path.display().to_string());
        let release = Leads::Release("r1".into());
        assert_eq!(leads(site.join("current/web")), Leads::Through);
        assert_eq!(leads(site.join("releases/r1/web")), release);
        assert_eq!(leads(folder.path().join("html")), Leads::Through);
        assert_eq!(leads(folder.path().join("data/site/current/web")), Leads::Through);
        for other in ["loop/x", "srv/site/currently", "srv/other/current"] {
            assert_eq!(leads(folder.path().join(other)), Leads::Elsewhere, "{other}");
        }
        assert_eq!(asked.live().as_deref(), Some("r1"));
        let known = Link { sites: vec!["/srv/www.example.org".into()] };
        for (pattern, through) in [
            ("/srv/*/current/web", true),
            ("/*/www.*.org/current", true),
            ("/srv/www.example.org/current/web*", true),
            ("/srv/*.net/current", false),
            ("/srv/*", false),
            ("*/current", false),
        ] {
            let leads = known.leads(&pattern.replace('*', ANY));
            assert_eq!(leads == Leads::Through, through, "{pattern}");
        }
        let any = Link::of(None);
        assert_eq!(
            (any.leads("/x/current/web"), any.leads("/x/currently")),
            (Leads::Through, Leads::Elsewhere)
        );
    }
}
