//! The command lines of `swap-release` on a host.

use inventory::Host;
use remote::Argv;

/// `swap-release VERB --deploy-to DIR` as it is run on `host`.
#[must_use]
pub fn command(host: &Host, verb: &str) -> Argv {
    Argv::new(host.swap_release.as_str()).args([verb, "--deploy-to", host.deploy_to.as_str()])
}

/// The verb of such a command, for messages.
#[must_use]
pub fn verb(argv: &Argv) -> &str {
    argv.as_slice().get(1).map_or("", String::as_str)
}
