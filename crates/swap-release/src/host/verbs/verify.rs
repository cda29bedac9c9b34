//! Is a release on disk what was built?

use record::host::VerifyReply;

use crate::Error;
use crate::host::shared::is_linked;
use crate::host::site::{ReleaseFile, Site, read_manifest};

/// Compares every entry of a release's tree with its manifest: missing, extra, changed, mode, link target, owner.
pub(crate) fn verify(
    site: &Site<'_>,
    file: &ReleaseFile,
    progress: &payload::Progress<'_>,
) -> Result<VerifyReply, Error> {
    examine(site, file, progress).map(|(reply, _)| reply)
}

/// The same, with every path that differs.
pub(super) fn examine(
    site: &Site<'_>,
    file: &ReleaseFile,
    progress: &payload::Progress<'_>,
) -> Result<(VerifyReply, payload::Report), Error> {
    /// A fault of the manifest keeps its own words.
    enum Fault {
        Tree(payload::Error),
        Manifest(Error),
    }
    impl From<payload::Error> for Fault {
        fn from(source: payload::Error) -> Self {
            Self::Tree(source)
        }
    }
    let fault = |fault| match fault {
        Fault::Manifest(error) => error,
        Fault::Tree(source) if source.is_aborted() => Error::Aborted,
        Fault::Tree(source) => Error::CannotVerify { release: file.id().clone(), source },
    };
    let tree = site.tree(file.id());
    if file.adopted.is_some() {
        // Nobody built it: there is nothing to compare it with, and what it is, it is.
        if !tree.is_dir() {
            return Err(Error::gone(file.id(), &tree));
        }
        let reply = VerifyReply {
            release: file.id().clone(),
            tree_digest: file.release.tree_digest,
            ok: true,
            adopted: true,
            differences: 0,
            missing: Vec::new(),
            extra: Vec::new(),
            changed: Vec::new(),
        };
        return Ok((reply, payload::Report::default()));
    }
    if site.is_gone(file) {
        return Err(Error::gone(file.id(), &tree));
    }
    let manifest = || read_manifest(site, file).map_err(Fault::Manifest);
    let report = payload::verify_with(&tree, manifest, &file.shared, progress).map_err(fault)?;
    let cut = |paths: Vec<String>| paths.into_iter().take(VerifyReply::LISTED).collect();
    let changed: Vec<String> = report
        .changed
        .iter()
        .cloned()
        .chain(report.mode.iter().map(|path| format!("{path} (mode)")))
        .chain(report.link.iter().map(|path| format!("{path} (link target)")))
        .chain(report.owner.iter().map(|path| format!("{path} (owner)")))
        .chain(
            file.shared
                .iter()
                .filter(|path| !is_linked(&site.paths, &tree, path))
                .map(|path| format!("{path} (link to shared/)")),
        )
        .collect();
    let differences = report.missing.len() + report.extra.len() + changed.len();
    let reply = VerifyReply {
        release: file.id().clone(),
        tree_digest: file.release.tree_digest,
        ok: differences == 0,
        adopted: false,
        differences: differences as u64,
        missing: cut(report.missing.clone()),
        extra: cut(report.extra.clone()),
        changed: cut(changed),
    };
    Ok((reply, report))
}

/// A difference is an error that names the first one.
pub(crate) fn expect_clean(
    site: &Site<'_>,
    file: &ReleaseFile,
    progress: &payload::Progress<'_>,
) -> Result<(), Error> {
    let reply = verify(site, file, progress)?;
    if reply.ok { Ok(()) } else { Err(drift(&reply)) }
}

/// The error for a reply that is not ok.
pub(crate) fn drift(reply: &VerifyReply) -> Error {
    let first = [("missing", &reply.missing), ("changed", &reply.changed), ("extra", &reply.extra)]
        .into_iter()
        .find_map(|(what, paths)| paths.first().map(|path| format!("{what} `{path}`")))
        .unwrap_or_default();
    Error::drift(&reply.release, reply.differences, &first)
}
