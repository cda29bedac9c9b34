//! A whole site: servers, a seeder, keys, inventory and records folder, and the four stages run against it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::host::{Common, Host};
use crate::net::Network;
use crate::netns::Switch;
use crate::rtorrent::Rtorrent;
use crate::run::Run;
use crate::scratch::Scratch;
use crate::{bin, keys, site};

/// What kind of fleet a story needs.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// The servers' names.
    pub hosts: Vec<&'static str>,
    /// Whether they serve over HTTP; the health check of `fleet.toml` then asks them.
    pub web: bool,
    /// Free space below which rtorrent closes a download.
    pub min_free: &'static str,
    /// The servers without rtorrent: the embedded engine serves them.
    pub embedded: Vec<&'static str>,
    /// The servers whose rtorrent has no RPC socket.
    pub unasked: Vec<&'static str>,
    /// Whether an rtorrent seeds; else `fleet-push` does.
    pub seeder: bool,
    /// Whether every server has a network namespace of its own.
    pub apart: bool,
    /// Whether these have IPv6 addresses only.
    pub six: bool,
    /// Where `index.php` is in a release; empty for its root.
    pub docroot: &'static str,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            hosts: vec!["alpha", "beta", "gamma"],
            web: true,
            min_free: "1M",
            embedded: Vec::new(),
            unasked: Vec::new(),
            seeder: true,
            apart: false,
            six: false,
            docroot: "",
        }
    }
}

impl FleetOptions {
    /// These servers with the embedded engine only, no rtorrent anywhere, no web servers.
    #[must_use]
    pub fn embedded(hosts: Vec<&'static str>) -> Self {
        Self { embedded: hosts.clone(), hosts, web: false, seeder: false, ..Self::default() }
    }
}

/// The fleet of one test.
#[derive(Debug)]
pub struct Fleet {
    /// The servers, in the inventory's order.
    pub hosts: Vec<Host>,
    /// The rtorrent of the build server.
    pub seeder: Rtorrent,
    network: Network,
    /// The servers' network, if they have one of their own.
    pub switch: Option<Switch>,
    seeds: bool,
    seeder_address: String,
    // Last: the directory goes when every server has ended.
    scratch: Scratch,
}

impl Fleet {
    /// Three servers with web servers, and a seeder.
    #[must_use]
    pub fn three() -> Self {
        Self::start(&FleetOptions::default())
    }

    /// Starts a fleet.
    ///
    /// # Panics
    /// When a server does not come up.
    #[must_use]
    pub fn start(options: &FleetOptions) -> Self {
        let scratch = Scratch::new();
        let count = u8::try_from(options.hosts.len() + 1).expect("a small fleet");
        let network = match (options.apart, options.six) {
            (true, true) => Network::apart_by_six(count),
            (true, false) => Network::apart(count),
            (false, _) => Network::pick(count),
        };
        let switch = options.apart.then(|| {
            let servers: Vec<_> =
                options.hosts.iter().copied().zip(network.addresses.iter().skip(1).copied()).collect();
            Switch::build(network.addresses[0], &servers).unwrap_or_else(|why| panic!("namespaces: {why}"))
        });
        let client = scratch.dir("agent/keys").join("client");
        keys::generate(&client);
        let authorized_keys = scratch.path().join("authorized_keys");
        fs::copy(keys::with_pub(&client), &authorized_keys).expect("authorized_keys");

        let addresses: Vec<String> = network.addresses.iter().map(ToString::to_string).collect();
        let (seeder_address, host_addresses) = addresses.split_first().expect("an address for the seeder");
        let common = Common {
            network: &network,
            authorized_keys: &authorized_keys,
            web: options.web,
            docroot: options.docroot,
            min_free: options.min_free,
            embedded: &options.embedded,
            unasked: &options.unasked,
            switch: switch.as_ref(),
        };
        let hosts: Vec<Host> = options
            .hosts
            .iter()
            .zip(host_addresses)
            .map(|(name, address)| {
                Host::start(name, address.clone(), scratch.dir(&format!("h/{name}")), &common)
            })
            .collect();
        let seed = scratch.dir("s/seed");
        let state = scratch.dir("s");
        let seeder = if options.seeder {
            Rtorrent::start("the seeder", &state, seeder_address, network.peer, &seed, "1M")
        } else {
            Rtorrent::absent("this machine", &state)
        };
        let seeds = options.seeder;
        let seeder_address = seeder_address.clone();
        let fleet = Self { hosts, seeder, switch, seeds, seeder_address, network, scratch };
        fleet.write_known_hosts();
        fleet.write_inventory();
        fleet
    }

    /// The directory in which the stages are run; all that the Jenkins agent has is below it, and nothing of a server.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.scratch.path().join("agent")
    }

    /// The directory below which everything lies.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// A site below the agent's directory: `release` of the small one.
    #[must_use]
    pub fn site(&self, release: u32) -> PathBuf {
        let site = self.dir().join(format!("site{release}"));
        if !site.exists() {
            site::write(&site, site::Shape::Small, release);
        }
        site
    }

    /// The records folder.
    #[must_use]
    pub fn records(&self) -> PathBuf {
        self.dir().join("records")
    }

    /// The inventory.
    #[must_use]
    pub fn toml(&self) -> PathBuf {
        self.dir().join("fleet.toml")
    }

    /// The private key that the servers let in.
    #[must_use]
    pub fn client_key(&self) -> PathBuf {
        self.dir().join("keys/client")
    }

    /// known_hosts of the stages.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.dir().join("known_hosts")
    }

    /// The server `name`.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn host(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).unwrap_or_else(|| panic!("no host `{name}`"))
    }

    /// The server `name`, to do something to it.
    ///
    /// # Panics
    /// When there is none.
    pub fn host_mut(&mut self, name: &str) -> &mut Host {
        self.hosts.iter_mut().find(|host| host.name == name).unwrap_or_else(|| panic!("no host `{name}`"))
    }

    /// Writes known_hosts with every server's true key.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_known_hosts(&self) {
        let lines: String = self.hosts.iter().map(Host::known_host).collect();
        fs::write(self.known_hosts(), lines).expect("known_hosts");
    }

    /// An address and port beside the fleet's, for a client that does not belong to it.
    #[must_use]
    pub fn spare(&self) -> (String, u16) {
        (self.seeder_address.clone(), self.network.peer)
    }

    /// The port of every sshd.
    #[must_use]
    pub fn ssh_port(&self) -> u16 {
        self.network.ssh
    }

    /// Changes fleet.toml: replaces `from`, which must be in it.
    ///
    /// # Panics
    /// When it is not, or the file cannot be written.
    pub fn edit_inventory(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.toml()).expect("fleet.toml");
        assert!(text.contains(from), "`{from}` is not in fleet.toml:\n{text}");
        fs::write(self.toml(), text.replace(from, to)).expect("fleet.toml");
    }

    /// Adds tables to the end of fleet.toml.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn extend_inventory(&self, tables: &str) {
        let text = fs::read_to_string(self.toml()).expect("fleet.toml");
        fs::write(self.toml(), format!("{text}{tables}")).expect("fleet.toml");
    }

    /// Writes fleet.toml.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_inventory(&self) {
        let mut text = format!(
            "[site]\nshared = [\"sites/default/files/\", \"sites/default/settings.php\"]\nkeep = 3\n\
             deploy_to = \"/nowhere/site\"\n\n\
             [defaults]\nuser = \"{user}\"\nport = {ssh}\nidentity = \"keys/client\"\nknown_hosts = \"known_hosts\"\n\
             swap_release = \"{swap}\"\npeer_port = {peer}\nengine = \"rtorrent\"\n\n\
             [tracker]\nmode = \"none\"\n\n",
            user = user(),
            ssh = self.network.ssh,
            peer = self.network.peer,
            swap = bin("swap-release").display(),
        );
        if self.seeds {
            text += &format!(
                "[seeder]\nrpc_socket = \"{}\"\ndirectory = \"{}\"\npeer = \"{}:{}\"\n\n",
                self.seeder.socket().display(),
                self.scratch.path().join("s/seed").display(),
                self.seeder_address,
                self.network.peer,
            );
        }
        if self.hosts.iter().any(Host::has_web) {
            text += &format!(
                "[health]\nurl = \"http://{{address}}:{}/\"\nstatus = 200\ncontains = \"{{release}}\"\n\
                 attempts = 5\ninterval = \"100ms\"\ntimeout = \"5s\"\n\n",
                self.network.http
            );
        }
        for host in &self.hosts {
            text += &format!(
                "[hosts.{}]\naddress = \"{}\"\ndeploy_to = \"{}\"\nwatch_dir = \"{}\"\nrpc_socket = \"{}\"\n\n",
                host.name,
                host.address,
                host.deploy_to().display(),
                host.rtorrent.watch().display(),
                host.rtorrent.socket().display()
            );
            if host.is_embedded() {
                text.truncate(text.trim_end().len());
                text += "\nengine = \"embedded\"\n\n";
            }
        }
        fs::write(self.toml(), text).expect("fleet.toml");
    }

    /// `mkt-pack` of `site` with this release id.
    #[must_use]
    pub fn pack(&self, site: &Path, id: &str) -> Run {
        self.run("mkt-pack").arg(site).args(["--release-id", id])
    }

    /// `tracker-publish`.
    #[must_use]
    pub fn publish(&self) -> Run {
        self.run("tracker-publish").args(["--fleet", "fleet.toml"])
    }

    /// `fleet-push`.
    #[must_use]
    pub fn push(&self) -> Run {
        self.run("fleet-push").args(["--fleet", "fleet.toml"])
    }

    /// `swap-release VERB --fleet`.
    #[must_use]
    pub fn swap(&self, verb: &str) -> Run {
        self.run("swap-release").args([verb, "--fleet", "fleet.toml"])
    }

    /// The first three stages for release `number` of the small site, which all must succeed; its id is `r<number>`.
    pub fn deliver(&self, number: u32) {
        self.pack(&self.site(number), &format!("r{number}")).output().ok();
        self.publish().output().ok();
        self.push().output().ok();
    }

    /// All four stages for it, which all must succeed.
    pub fn deploy(&self, number: u32) {
        self.deliver(number);
        self.swap("activate").output().ok();
    }

    /// `current` of every server.
    #[must_use]
    #[track_caller]
    pub fn currents(&self) -> Vec<Option<String>> {
        self.hosts.iter().map(Host::current).collect()
    }

    /// Expects every server to have `id` live, and to serve it where it has a web server.
    ///
    /// # Panics
    /// When one has not.
    #[track_caller]
    pub fn assert_live(&self, id: &str) {
        for host in &self.hosts {
            assert_eq!(host.current().as_deref(), Some(id), "current of {}", host.name);
            if host.has_web() {
                let page = host.http_get("/");
                assert_eq!((page.status, page.field("release")), (200, Some(id)), "{}: {page:?}", host.name);
            }
        }
    }

    /// A binary, run in the agent's directory.
    #[must_use]
    pub fn run(&self, name: &str) -> Run {
        Run::new(bin(name), &self.dir())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for host in &self.hosts {
                eprintln!("{}", host.log_tails());
            }
        }
        // An rtorrent may take a second to end; together they take no longer.
        self.hosts.iter().for_each(|host| host.rtorrent.ask_to_stop());
        self.seeder.ask_to_stop();
    }
}

/// The user that runs the tests: the only one an sshd without root can let in.
fn user() -> String {
    let output = std::process::Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).expect("a user name").trim().to_owned()
}
