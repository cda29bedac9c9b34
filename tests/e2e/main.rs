//! The suite as its users have it: the four binaries against real sshd, rtorrent, nginx and php-fpm. One module a story.

mod site;
mod world;

/// Ends the test with a printed reason where the real programs are missing; fails instead when `E2E_PEERS=required`.
macro_rules! needs_peers {
    () => {
        if !e2e::peers::ready(module_path!()) {
            return;
        }
    };
}
pub(crate) use needs_peers;
