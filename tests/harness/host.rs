//! One server of the fleet and what may happen to it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::daemon::Daemon;
use crate::http::{self, Page};
use crate::net::Network;
use crate::netns::Switch;
use crate::rtorrent::{Place, Rtorrent};
use crate::tree::Tree;
use crate::web::Web;
use crate::{keys, sshd};

/// What a release is linked to: visitors' files and the server's settings.
pub const SHARED: [&str; 2] = ["sites/default/files", "sites/default/settings.php"];

/// A server: sshd, rtorrent and, where asked for, nginx with php-fpm.
#[derive(Debug)]
pub struct Host {
    /// Its name in the inventory.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its own directory, below which everything of it lies.
    pub dir: PathBuf,
    /// Its rtorrent.
    pub rtorrent: Rtorrent,
    http_port: u16,
    ssh_port: u16,
    embedded: bool,
    namespace: Option<String>,
    environment: Vec<(String, String)>,
    authorized_keys: PathBuf,
    // Dropped after rtorrent, in this order.
    web: Option<Web>,
    sshd: Option<Daemon>,
}

/// What all servers of a fleet have in common.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    pub(crate) network: &'a Network,
    pub(crate) authorized_keys: &'a Path,
    pub(crate) web: bool,
    /// Where `index.php` is in a release.
    pub(crate) docroot: &'a str,
    pub(crate) min_free: &'a str,
    /// Names of the servers without rtorrent.
    pub(crate) embedded: &'a [&'static str],
    /// Names of the servers whose rtorrent has no RPC socket.
    pub(crate) unasked: &'a [&'static str],
    /// Gives a server's namespace.
    pub(crate) switch: Option<&'a Switch>,
}

impl Host {
    pub(crate) fn start(name: &str, address: String, dir: PathBuf, common: &Common<'_>) -> Self {
        let deploy_to = dir.join("site");
        fs::create_dir_all(deploy_to.join("shared/sites/default/files")).expect("shared directory");
        let incoming = deploy_to.join("incoming");
        let namespace = common.switch.map(|switch| switch.namespace(name));
        let ssh = common.network.ssh;
        let sshd = sshd::start(name, &dir, &address, ssh, common.authorized_keys, namespace.as_deref(), &[]);
        let embedded = common.embedded.contains(&name);
        let state = dir.join("rt");
        let rtorrent = if embedded {
            Rtorrent::absent(name, &state)
        } else {
            let place = Place {
                namespace: namespace.clone(),
                unasked: common.unasked.contains(&name),
                environment: Vec::new(),
            };
            let peer = (address.as_str(), common.network.peer);
            Rtorrent::start_at(place, name, &state, peer, &incoming, common.min_free)
        };
        let web = common.web.then(|| {
            let docroot =
                if common.docroot.is_empty() { String::new() } else { format!("/{}", common.docroot) };
            Web::start(name, &dir, &address, common.network.http, &deploy_to, &docroot)
        });
        let host = Self {
            name: name.to_owned(),
            address,
            rtorrent,
            embedded,
            namespace,
            environment: Vec::new(),
            http_port: common.network.http,
            ssh_port: common.network.ssh,
            authorized_keys: common.authorized_keys.to_owned(),
            web,
            sshd: Some(sshd),
            dir,
        };
        host.write_settings(&["site_name", "payment_endpoint"]);
        host
    }

    /// `deploy_to` of this server.
    #[must_use]
    pub fn deploy_to(&self) -> PathBuf {
        self.dir.join("site")
    }

    /// Writes this server's `settings.php` with these settings, each with a value of its own.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_settings(&self, names: &[&str]) {
        let settings: String =
            names.iter().map(|name| format!("$settings['{name}'] = '{name} of {}';\n", self.name)).collect();
        let path = self.deploy_to().join("shared/sites/default/settings.php");
        fs::write(&path, format!("<?php\n{settings}"))
            .unwrap_or_else(|e| panic!("write `{}`: {e}", path.display()));
    }

    /// What a visitor of this server gets at `path`.
    #[must_use]
    pub fn http_get(&self, path: &str) -> Page {
        http::get(&format!("http://{}:{}{path}", self.address, self.http_port))
    }

    /// The same with the name of a site.
    #[must_use]
    pub fn http_get_as(&self, site: &str, path: &str) -> Page {
        http::get_as(Some(site), &format!("http://{}:{}{path}", self.address, self.http_port))
    }

    /// The release that `current` points to.
    ///
    /// # Panics
    /// When `current` is there and points anywhere else than to a release.
    #[must_use]
    #[track_caller]
    pub fn current(&self) -> Option<String> {
        let target = fs::read_link(self.deploy_to().join("current")).ok()?;
        let full = self.deploy_to().join(&target);
        let id = target.file_name().expect("a release").to_string_lossy().into_owned();
        assert_eq!(
            full.canonicalize().ok(),
            self.release_dir(&id).canonicalize().ok(),
            "current of {} is `{}`",
            self.name,
            target.display()
        );
        Some(id)
    }

    /// The directory of a release.
    #[must_use]
    pub fn release_dir(&self, id: &str) -> PathBuf {
        self.deploy_to().join("releases").join(id)
    }

    /// The release's tree as it lies there, without the links to what is shared.
    #[must_use]
    pub fn release_tree(&self, id: &str) -> Tree {
        Tree::read(&self.release_dir(id), &SHARED)
    }

    /// Releases on disk, by name.
    #[must_use]
    pub fn releases(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.deploy_to().join("releases"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Stops its sshd with every session: the server cannot be reached any more.
    pub fn stop_sshd(&mut self) {
        self.sshd = None;
    }

    /// Starts its sshd again, with the same host key.
    pub fn start_sshd(&mut self) {
        self.sshd = Some(sshd::start(
            &self.name,
            &self.dir,
            &self.address,
            self.ssh_port,
            &self.authorized_keys,
            self.namespace.as_deref(),
            &self.environment,
        ));
    }

    /// Starts its sshd and its rtorrent anew with variables that all they run has, too.
    pub fn set_environment(&mut self, environment: &[(String, String)]) {
        environment.clone_into(&mut self.environment);
        self.stop_sshd();
        self.start_sshd();
        if !self.embedded {
            self.rtorrent.stop();
            self.rtorrent.set_environment(environment.to_vec());
            self.rtorrent.resume();
        }
    }

    /// Whether it has no rtorrent.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// The processes of `swap-release receive` for this server.
    #[must_use]
    pub fn receivers(&self) -> Vec<u32> {
        let wanted =
            ["receive".to_owned(), "--deploy-to".to_owned(), self.deploy_to().to_string_lossy().into()];
        let of = |pid: u32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let words: Vec<String> = line
                .split(|byte| *byte == 0)
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect();
            // The shell that sshd starts it by has all of it in one word.
            (words.get(1..4) == Some(&wanted[..])).then_some(pid)
        };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(of).collect()
    }

    /// Its line of known_hosts.
    #[must_use]
    pub fn known_host(&self) -> String {
        let public = keys::public(&self.dir.join("ssh/host_key"));
        keys::known_host(&self.address, self.ssh_port, &public)
    }

    /// Whether it has a web server.
    #[must_use]
    pub fn has_web(&self) -> bool {
        self.web.is_some()
    }

    /// The ends of its servers' logs, for a test that failed.
    #[must_use]
    pub fn log_tails(&self) -> String {
        let tail = |file: &str| {
            let text = fs::read(self.dir.join(file)).map(|b| String::from_utf8_lossy(&b).into_owned());
            let text = text.unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("--- {} {file}\n{}\n", self.name, lines[lines.len().saturating_sub(15)..].join("\n"))
        };
        ["ssh/sshd.log", "rt/rt.log", "web/nginx-error.log", "web/php-error.log"].map(tail).concat()
    }
}
