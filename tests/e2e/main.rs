//! The suite as its users have it: the four binaries against real sshd, rtorrent, nginx and php-fpm. One module a story.

mod abort;
mod abort_any_moment;
mod abort_staging;
mod adopt_as_deploy;
mod adopted_apart;
mod bad_input;
mod choose;
mod converge;
mod corrupt;
mod crafted;
mod cut_off;
mod docroot;
mod doctor;
mod drift;
mod drupal;
mod drupal_alone;
mod drupal_pages;
mod drupal_preset;
mod drupal_sites;
mod drupal_story;
mod drupal_tree;
mod drupal_visitors;
mod drupal_world;
mod drush;
mod embedded;
mod embedded_company;
mod embedded_faults;
mod embedded_six;
mod events;
mod follow;
mod foreign_clients;
mod four_stages;
mod frozen_state;
mod full_disk;
mod groups;
mod health;
mod hooks;
mod host_down;
mod host_keys;
mod install;
mod kill9;
mod kill_syscalls;
mod layouts;
mod lease;
mod live_base;
mod load;
mod login_shells;
mod max_upload;
mod network_file_system;
mod plan;
mod power_cut;
mod prune;
mod remedies;
mod remedies_all;
mod remedies_drupal;
mod remedies_net;
mod remedies_rtorrent;
mod remedies_site;
mod remedies_web;
mod rollout;
mod rtorrent_apart;
mod rtorrent_company;
mod rtorrent_faults;
mod said;
mod secrets;
mod sessions;
mod shared_paths;
mod site;
mod stage_stdin;
mod support;
mod takeover;
mod templates;
mod terminal;

mod tracker_ocelot;
mod tracker_opentracker;
mod unasked;
mod undeletable;
mod unhealthy;
mod web_servers;
mod web_servers_hooks;
mod web_servers_lint;
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
