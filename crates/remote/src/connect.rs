//! The way to a host, whichever it has.

use inventory::Host;

use crate::{HostError, LocalRemote, Remote, SshOptions, SshRemote};

/// The way to `host`: this machine when it says `local = true`, else SSH.
///
/// # Errors
/// Every reason why there is no authenticated session with the right server.
pub fn connect(host: &Host, options: &SshOptions) -> Result<Box<dyn Remote>, HostError> {
    if host.local {
        return Ok(Box::new(LocalRemote::new(host.name.clone(), options.interrupt.clone())));
    }
    Ok(Box::new(SshRemote::connect(host, options)?))
}
