//! A network of namespaces: every server in one of its own on a common switch, with a cable that can be pulled, made
//! slow, or closed to whoever dials in. Needs root; everything goes on drop.

use std::net::IpAddr;
use std::process::{Command, Stdio};

/// The switch, the servers' namespaces, and the cable of the machine that runs the test.
#[derive(Debug)]
pub struct Switch {
    prefix: String,
    names: Vec<String>,
}

impl Switch {
    /// Builds it: `agent` is the address of this machine on it, `servers` are names and addresses. Or says why that cannot
    /// be.
    ///
    /// # Errors
    /// What ip(8) said.
    pub fn build(agent: IpAddr, servers: &[(&str, IpAddr)]) -> Result<Self, String> {
        let prefix = match agent {
            IpAddr::V4(agent) => {
                let [_, x, y, _] = agent.octets();
                format!("e{x:x}{y:02x}")
            }
            // Interface names are short.
            IpAddr::V6(agent) => {
                let [_, x, y, ..] = agent.segments();
                format!("s{:02x}{:02x}", x & 0xff, y & 0xff)
            }
        };
        let mut switch = Self { prefix, names: Vec::new() };
        switch.add("")?;
        let middle = switch.namespace("");
        ip(&["-n", &middle, "link", "add", "name", "sw", "type", "bridge"])?;
        ip(&["-n", &middle, "link", "set", "sw", "up"])?;
        switch.cable("agent", None, agent)?;
        for (name, address) in servers {
            switch.add(name)?;
            let namespace = switch.namespace(name);
            ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
            switch.cable(name, Some(&namespace), *address)?;
        }
        Ok(switch)
    }

    /// The namespace of a server, for nsenter(1).
    #[must_use]
    pub fn namespace(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// Pulls the cable of `name`, or plugs it in again.
    ///
    /// # Panics
    /// When ip(8) fails.
    pub fn plug(&self, name: &str, plugged: bool) {
        let state = if plugged { "up" } else { "down" };
        let port = self.port(name);
        ip(&["-n", &self.namespace(""), "link", "set", &port, state]).expect("the cable");
    }

    /// Bounds what `name` ("agent" is this machine) may send and receive, in bits a second.
    ///
    /// # Panics
    /// When tc(8) fails.
    pub fn shape(&self, name: &str, rate: u32) {
        let (outside, inside) = (self.port(name), self.end(name));
        let rate = format!("{rate}bit");
        let tbf = ["root", "tbf", "rate", &rate, "burst", "32kb", "latency", "200ms"];
        let middle = self.namespace("");
        run("tc", &[&["-n", &middle, "qdisc", "replace", "dev", &outside], &tbf[..]].concat()).expect("tc");
        if name == "agent" {
            run("tc", &[&["qdisc", "replace", "dev", &inside], &tbf[..]].concat()).expect("tc");
        } else {
            let own = self.namespace(name);
            run("tc", &[&["-n", &own, "qdisc", "replace", "dev", &inside], &tbf[..]].concat()).expect("tc");
        }
    }

    /// Bytes that `name` ("agent" is this machine) has received and sent.
    ///
    /// # Panics
    /// When the kernel does not say.
    #[must_use]
    pub fn traffic(&self, name: &str) -> (u64, u64) {
        let mut command = Command::new("cat");
        command.arg("/proc/net/dev");
        let namespace = (name != "agent").then(|| self.namespace(name));
        let output = within(namespace.as_deref(), command).output().expect("cat");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let own = format!("{}:", self.end(name));
        let line = text.lines().find_map(|line| line.trim().strip_prefix(&own)).expect("the interface");
        let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        (fields[0], fields[8])
    }

    /// Closes `name` to everybody who dials in, but for `port`.
    ///
    /// # Panics
    /// When nft(8) fails.
    pub fn close_all_but(&self, name: &str, port: u16) {
        let rules = format!(
            "add table inet f; add chain inet f in {{ type filter hook input priority 0; policy drop; }}; \
             add rule inet f in iif lo accept; add rule inet f in ct state established,related accept; \
             add rule inet f in tcp dport {port} accept"
        );
        let namespace = format!("--net=/run/netns/{}", self.namespace(name));
        run("nsenter", &[&namespace, "nft", &rules]).expect("nft");
    }

    /// Opens TCP `ports` of `name`, which [`Self::close_all_but`] has closed.
    ///
    /// # Panics
    /// When nft(8) fails.
    pub fn open(&self, name: &str, ports: &str) {
        let rule = format!("add rule inet f in tcp dport {ports} accept");
        let namespace = format!("--net=/run/netns/{}", self.namespace(name));
        run("nsenter", &[&namespace, "nft", &rule]).expect("nft");
    }

    fn add(&mut self, name: &str) -> Result<(), String> {
        ip(&["netns", "add", &self.namespace(name)])?;
        self.names.push(name.to_owned());
        Ok(())
    }

    /// A cable from the switch to `namespace`, or to where the test runs.
    fn cable(&self, name: &str, namespace: Option<&str>, address: IpAddr) -> Result<(), String> {
        let (outside, inside, middle) = (self.port(name), self.end(name), self.namespace(""));
        ip(&["-n", &middle, "link", "add", "name", &outside, "type", "veth", "peer", "name", &inside])?;
        ip(&["-n", &middle, "link", "set", &outside, "master", "sw", "up"])?;
        // Namespace 1's own is the one this process is in.
        let target = namespace.map_or_else(|| std::process::id().to_string(), str::to_owned);
        ip(&["-n", &middle, "link", "set", &inside, "netns", &target])?;
        let own = |arguments: &[&str]| match namespace {
            Some(namespace) => ip(&[&["-n", namespace], arguments].concat()),
            None => ip(arguments),
        };
        match address {
            IpAddr::V4(_) => own(&["addr", "add", &format!("{address}/24"), "dev", &inside])?,
            // Nobody else is in this network whose address it could be: it counts at once.
            IpAddr::V6(_) => own(&["addr", "add", &format!("{address}/64"), "dev", &inside, "nodad"])?,
        }
        own(&["link", "set", &inside, "up"])
    }

    /// The end of a cable at the switch. Interface names have at most 15 characters.
    fn port(&self, name: &str) -> String {
        format!("{}p{}", self.prefix, &name[..name.len().min(8)])
    }

    /// Its other end: the interface of `name`, or of this machine for "agent".
    fn end(&self, name: &str) -> String {
        format!("{}x{}", self.prefix, &name[..name.len().min(8)])
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        // The cables go with the namespaces that hold one of their ends.
        for name in &self.names {
            let _ = ip(&["netns", "del", &self.namespace(name)]);
        }
    }
}

/// `command` inside a namespace, with the files of this one.
#[must_use]
pub fn within(namespace: Option<&str>, command: Command) -> Command {
    let Some(namespace) = namespace else { return command };
    let mut wrapped = Command::new("nsenter");
    wrapped.arg(format!("--net=/run/netns/{namespace}")).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(key, value);
        }
    }
    wrapped
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", arguments.join(" "), said.trim()))
}
