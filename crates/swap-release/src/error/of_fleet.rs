//! Of a whole fleet.

use std::path::Path;

use record::{ExitCode, ReleaseId};

use super::{Error, list};

impl Error {
    /// Not every host of the push is staged.
    pub(crate) fn push_incomplete(release: &ReleaseId, hosts: &[String]) -> Self {
        Self::refused(
            ExitCode::SomeHostsFailed,
            format!("the push of release `{release}` is not complete on: {}", list(hosts)),
            "run fleet-push again until every host has staged the release",
        )
    }

    /// The record lacks hosts of the inventory.
    pub(crate) fn other_hosts(record: &Path, hosts: &[String]) -> Self {
        Self::bad(
            format!("`{}` does not cover host {}", record.display(), list(hosts)),
            "push with the same fleet.toml, then swap",
        )
    }

    /// The fleet was not switched, or not wholly; the table and the record say more. `hint`: what helps, where that is known
    /// better than from the code.
    pub(crate) fn swap(what: String, code: ExitCode, hint: Option<&str>) -> Self {
        let by_code = match code {
            ExitCode::Mixed => {
                "see the table; run swap-release status --fleet, then activate or rollback again"
            }
            _ => "see the table and swap.json for each host's reason",
        };
        Self::refused(code, what, hint.unwrap_or(by_code))
    }

    /// Trees of `hosts` that differ from what was built; `unknown` of `all` could not be asked. `release` is none for each
    /// host's live one.
    pub(crate) fn fleet_drift(
        hosts: &[String],
        unknown: usize,
        all: usize,
        inventory: &Path,
        release: Option<&ReleaseId>,
    ) -> Self {
        let more = if unknown > 0 { format!("; {unknown} could not be looked at") } else { String::new() };
        let release = release.map(|id| format!(" {id}")).unwrap_or_default();
        Self::refused(
            ExitCode::Mismatch,
            format!(
                "what is on {} of {all} hosts differs from what was built: {}{more}",
                hosts.len(),
                list(hosts)
            ),
            format!(
                "swap-release verify{release} --repair --fleet {} puts it right from the payloads there",
                inventory.display()
            ),
        )
    }
}
