//! Whether a path leads through the link `current`, or into a release by its own name.

use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

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

    pub(crate) fn leads(&self, path: &str) -> Leads {
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
        let any = Link::of(None);
        assert_eq!(
            (any.leads("/x/current/web"), any.leads("/x/currently")),
            (Leads::Through, Leads::Elsewhere)
        );
    }
}
