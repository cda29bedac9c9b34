//! What is written for a host: pure text from the reviewed templates and the inventory.

use std::net::IpAddr;

use inventory::{Host, RemotePath};

use super::setup::Setup;
use crate::hosts::address::peer_ip;
use crate::install::fault::InstallFault;

/// The very files that scripts/setup-web-node fills in; there is no other copy.
const RC: &str = include_str!("../../../../../scripts/lib/rtorrent.rc.in");
const SERVICE: &str = include_str!("../../../../../scripts/lib/rtorrent.service.in");
const SWAP_PATH: &str = include_str!("../../../../../scripts/lib/site-swap.path.in");
const SWAP_SERVICE: &str = include_str!("../../../../../scripts/lib/site-swap.service.in");
const RECONCILE_SERVICE: &str = include_str!("../../../../../scripts/lib/site-reconcile.service.in");

/// The unit that only runs at boot.
pub(super) const RECONCILE: &str = "site-reconcile.service";

/// A file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: RemotePath,
    pub(super) text: String,
}

/// A directory, which is made if it is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) path: RemotePath,
    /// User and group; `None`: whoever logs in.
    pub(super) owner: Option<(String, String)>,
    pub(super) mode: u32,
}

/// All of it, parents first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) folders: Vec<Folder>,
    pub(super) files: Vec<File>,
    /// Units to be enabled.
    pub(super) units: Vec<String>,
}

/// For `host`, whose deploying account is of `group`.
///
/// rtorrent's state lies above its watch directory, its log beside that of other services if the state is below
/// `/var/lib`.
pub(super) fn plan(host: &Host, setup: &Setup, group: &str) -> Result<Plan, InstallFault> {
    let Some(address) = peer_ip(host).filter(IpAddr::is_ipv4) else {
        return Err(InstallFault::NoAddress { address: host.address.to_string() });
    };
    let listen = host.peer_listen.unwrap_or(address);
    let below =
        |path: &RemotePath, name: &str| path.join(name).map_err(|_| unspeakable("path", path.as_str()));
    let state: RemotePath =
        host.watch_dir.parent().parse().map_err(|_| unspeakable("watch_dir", host.watch_dir.as_str()))?;
    let log_folder: RemotePath = match state.as_str().strip_prefix("/var/lib/") {
        Some(name) => {
            format!("/var/log/{name}").parse().map_err(|_| unspeakable("watch_dir", state.as_str()))?
        }
        None => state.clone(),
    };
    let (incoming, log) = (below(&host.deploy_to, "incoming")?, below(&log_folder, "rt.log")?);
    let spool = below(&state, "events")?;
    let program = host.swap_release.as_str();
    let program =
        if program.starts_with('/') { program.to_owned() } else { format!("/usr/local/bin/{program}") };
    let (user, deploys) = (setup.user.as_str(), host.user.as_str());
    // As another user rtorrent may not write where releases are: it only says that something happened.
    let apart = user != deploys;
    let event = if apart {
        format!("{program},finished,--spool,{spool}")
    } else {
        format!("{program},finished,--deploy-to,{}", host.deploy_to)
    };
    let socket_folder = host.rpc_socket.parent();
    let runtime = socket_folder.strip_prefix("/run/").filter(|name| !name.contains('/'));
    let mut writes = vec![state.as_str()];
    if log_folder != state {
        writes.push(log_folder.as_str());
    }
    writes.push(incoming.as_str());
    writes.extend(runtime.is_none().then_some(socket_folder));
    let writes = writes.join(" ");
    let listen = listen.to_string();
    let port = host.peer_port.to_string();
    let values = Values(vec![
        ("STATE", "watch_dir", state.as_str()),
        ("RPC_SOCKET", "rpc_socket", host.rpc_socket.as_str()),
        ("WATCH_DIR", "watch_dir", host.watch_dir.as_str()),
        ("LOG", "watch_dir", log.as_str()),
        ("ADDRESS", "address", &listen),
        ("PEER_PORT", "peer_port", &port),
        ("INCOMING", "deploy_to", incoming.as_str()),
        ("SITE", "deploy_to", host.deploy_to.as_str()),
        ("RESCAN", "", "10"),
        ("MIN_FREE", "", "200M"),
        ("SCRIPT", "", "fleet-push install"),
        ("RT_USER", "--rtorrent-user", user),
        ("DEPLOY_USER", "user", deploys),
        ("DEPLOY_GROUP", "the group of `user`", group),
        ("CONFIG", "--rtorrent-config", setup.config.as_str()),
        ("SPOOL", "watch_dir", spool.as_str()),
        ("SWAP_RELEASE", "swap_release", &program),
        ("RUNTIME", "rpc_socket", runtime.unwrap_or("site-rt")),
    ]);
    values.check()?;
    let text = |template: &str| values.fill(template).replace("@EVENT@", &event).replace("@WRITES@", &writes);
    let mut files = vec![File { path: setup.config.clone(), text: text(RC) }];
    let mut unit = |name: &str, template: &str| -> Result<String, InstallFault> {
        files.push(File { path: below(&setup.units, name)?, text: text(template) });
        Ok(name.to_owned())
    };
    let mut units = vec![unit("site-rt.service", SERVICE)?];
    if apart {
        unit("site-swap.service", SWAP_SERVICE)?;
        units.push(unit("site-swap.path", SWAP_PATH)?);
    }
    units.push(unit(RECONCILE, RECONCILE_SERVICE)?);
    let folder = |path: &RemotePath, owner: &str, mode| Folder {
        path: path.clone(),
        owner: Some((owner.to_owned(), group.to_owned())),
        mode,
    };
    let config_folder: RemotePath =
        setup.config.parent().parse().map_err(|_| unspeakable("--rtorrent-config", setup.config.as_str()))?;
    let plain = |path: RemotePath| Folder { path, owner: None, mode: 0o755 };
    let mut folders = vec![
        plain(config_folder),
        plain(setup.units.clone()),
        folder(&host.deploy_to, deploys, 0o755),
        folder(&state, user, 0o755),
        folder(&below(&state, "session")?, user, 0o750),
        // The deployment puts .torrent files in, rtorrent takes them out.
        folder(&host.watch_dir, user, 0o2775),
        folder(&log_folder, user, 0o755),
        folder(&incoming, user, 0o2775),
    ];
    if apart {
        folders.push(folder(&spool, user, 0o2775));
    }
    Ok(Plan { folders, files, units })
}

/// What stands for what, and which setting it comes from.
struct Values<'a>(Vec<(&'static str, &'static str, &'a str)>);

impl Values<'_> {
    /// rtorrent's configuration takes neither spaces, commas nor quotes in a path, and systemd reads `%`.
    fn check(&self) -> Result<(), InstallFault> {
        let speakable = |c: char| c.is_ascii_alphanumeric() || "._-+@:/ ".contains(c);
        let spaced = |name: &str| name == "SCRIPT";
        let bad = self
            .0
            .iter()
            .find(|(name, _, value)| !value.chars().all(speakable) || (!spaced(name) && value.contains(' ')));
        bad.map_or(Ok(()), |(_, key, value)| Err(unspeakable(key, value)))
    }

    fn fill(&self, template: &str) -> String {
        let filled =
            |text: String, (name, _, value): &(&str, &str, &str)| text.replace(&format!("@{name}@"), value);
        self.0.iter().fold(template.to_owned(), filled)
    }
}

fn unspeakable(key: &'static str, value: &str) -> InstallFault {
    InstallFault::Unspeakable { key, value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use inventory::Inventory;

    use super::*;

    fn host(keys: &str) -> Host {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[defaults]\nssh_config = \"none\"\nengine = \"rtorrent\"\n[hosts.web1]\n\
             address = \"10.0.0.11\"\n{keys}\n"
        );
        fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap().hosts[0].clone()
    }

    fn setup(user: &str) -> Setup {
        Setup {
            write: false,
            user: user.parse().unwrap(),
            config: "/etc/site-rt/rtorrent.rc".parse().unwrap(),
            units: "/etc/systemd/system".parse().unwrap(),
        }
    }

    fn text<'a>(plan: &'a Plan, name: &str) -> &'a str {
        &plan.files.iter().find(|file| file.path.file_name() == name).unwrap().text
    }

    #[test]
    fn every_place_of_the_templates_is_filled() {
        for user in ["site-rt", "deploy"] {
            let plan = plan(&host(""), &setup(user), "deploy").unwrap();
            for file in &plan.files {
                let left =
                    file.text.lines().find(|line| !line.starts_with('#') && line.matches('@').count() > 1);
                assert_eq!(left, None, "{}", file.path);
            }
            let apart = user == "site-rt";
            assert_eq!(plan.files.len(), if apart { 5 } else { 3 }, "{:?}", plan.units);
            let rc = text(&plan, "rtorrent.rc");
            assert!(rc.contains("network.scgi.open_local = /run/site-rt/rpc.sock\n"), "{rc}");
            assert!(
                rc.contains("port_range = 6890-6890") && rc.contains("bind_address.set = 10.0.0.11"),
                "{rc}"
            );
            let event = if apart { "--spool,/var/lib/site-rt/events" } else { "--deploy-to,/srv/site" };
            assert!(rc.contains(&format!("{{/usr/local/bin/swap-release,finished,{event},$d.hash=")), "{rc}");
        }
    }

    #[test]
    fn the_unit_lets_rtorrent_write_where_the_inventory_says() {
        let plan1 = plan(&host(""), &setup("site-rt"), "deploy").unwrap();
        let unit = text(&plan1, "site-rt.service");
        assert!(unit.contains("RuntimeDirectory=site-rt\n"), "{unit}");
        let writes = "ReadWritePaths=/var/lib/site-rt /var/log/site-rt /srv/site/incoming\n";
        assert!(unit.contains(writes), "{unit}");
        let other = host(
            "watch_dir = \"/data/rt/watch\"\nrpc_socket = \"/data/rt/rpc.sock\"\nswap_release = \"/opt/swap-release\"",
        );
        let plan2 = plan(&other, &setup("site-rt"), "deploy").unwrap();
        let unit = text(&plan2, "site-rt.service");
        assert!(unit.contains("ReadWritePaths=/data/rt /srv/site/incoming /data/rt\n"), "{unit}");
        assert!(
            text(&plan2, RECONCILE).contains("ExecStart=/opt/swap-release reconcile --deploy-to /srv/site")
        );
    }

    #[test]
    fn what_a_configuration_cannot_hold_is_refused() {
        for keys in [
            "watch_dir = \"/var/my torrents/watch\"",
            "rpc_socket = \"/run/a,b\"",
            "deploy_to = \"/srv/50%\"",
        ] {
            let refused = plan(&host(keys), &setup("site-rt"), "deploy");
            assert!(matches!(refused, Err(InstallFault::Unspeakable { .. })), "{keys}: {refused:?}");
        }
        let mut named = host("");
        named.address = "nowhere.invalid".parse().unwrap();
        assert!(matches!(plan(&named, &setup("x"), "g"), Err(InstallFault::NoAddress { .. })));
    }
}
