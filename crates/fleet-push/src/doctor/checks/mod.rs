//! What a deployment needs, one file a check: what it is called, and what it makes of what was observed. Nothing here asks
//! the host.

pub(super) mod address_family;
mod clock;
mod current;
mod deploy_to;
mod health;
mod one_file_system;
mod peer_address;
mod peer_ports;
mod rtorrent_downloads;
mod rtorrent_events;
mod rtorrent_rpc;
mod rtorrent_watch;
pub(super) mod same_site;
mod shared;
mod shared_data;
mod space;
pub(super) mod ssh;
mod state;
mod state_files;
mod swap_release;
mod umask;
mod upload;
mod web_server_config;
mod web_server_reads;
mod web_server_serves;
mod web_server_writes;
mod writing;

use record::Check;

use super::Subject;
use super::seen::Seen;

/// All that apply to the host.
pub(super) fn all(subject: &Subject<'_>, seen: &Seen) -> Vec<Check> {
    let mut checks = vec![
        ssh::reached(subject, seen),
        upload::check(subject, seen),
        swap_release::check(subject, seen),
        deploy_to::check(subject, seen),
    ];
    let more = [
        writing::check(subject, seen),
        one_file_system::check(subject, seen),
        space::check(subject, seen),
        Some(clock::check(seen)),
        current::check(subject, seen),
        state::check(subject, seen),
    ];
    checks.extend(more.into_iter().flatten());
    checks.extend(state_files::check(subject, seen));
    checks.extend(shared::check(subject, seen));
    checks.extend(shared_data::check(subject, seen));
    checks.extend(web_server_writes::check(subject, seen));
    let more = [
        umask::check(seen),
        web_server_reads::check(subject, seen),
        web_server_config::check(subject, seen),
        web_server_serves::check(subject, seen),
        health::check(subject, seen),
        peer_ports::check(subject, seen),
        peer_address::check(subject, seen),
    ];
    checks.extend(more.into_iter().flatten());
    checks.extend(seen.drupal.iter().cloned());
    if let Some(rtorrent) = &seen.rtorrent {
        checks.push(rtorrent_rpc::check(subject, seen, rtorrent));
        checks.push(rtorrent_watch::check(subject, seen, rtorrent));
        checks.extend(rtorrent_downloads::check(subject, seen, rtorrent));
        checks.extend(rtorrent_events::check(subject, rtorrent));
    }
    checks
}

#[cfg(test)]
pub(super) mod testing;
