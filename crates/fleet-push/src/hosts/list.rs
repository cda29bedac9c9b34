//! `fleet-push hosts`: the inventory as it is understood, without asking anybody.

use cli::Console;
use inventory::{Engine, Host};
use record::{ExitCode, FleetHosts, ResolvedHost};

use crate::Error;
use crate::hosts::reach::Reach;
use crate::show::words::{count, engine_word, place};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct ListRequest {
    pub(crate) reach: Reach,
    /// As JSON.
    pub(crate) json: bool,
}

/// Prints it: a table, or JSON.
pub(crate) fn hosts(request: &ListRequest, console: &Console) -> Result<ExitCode, Error> {
    let ListRequest { reach, json } = request;
    let hosts = reach.choose(&reach.inventory()?)?;
    let print = |text: String| console.data(text.as_bytes()).map_err(Error::Stdout);
    if *json {
        let all =
            FleetHosts { schema: FleetHosts::SCHEMA.to_owned(), hosts: hosts.iter().map(resolved).collect() };
        let text = serde_json::to_string_pretty(&all).map_err(|error| Error::Json(error.to_string()))?;
        print(format!("{text}\n"))?;
    } else {
        let rows: Vec<Vec<String>> = hosts.iter().map(|host| row(&resolved(host))).collect();
        let head = ["host", "groups", "dialled", "by way of", "deploy_to", "engine", "peer"];
        print(cli::table(&head, &rows))?;
        console.say(count(hosts.len()));
    }
    Ok(ExitCode::Ok)
}

/// The JSON Schema of `fleet.toml`, for editors.
pub(crate) fn schema(console: &Console) -> Result<ExitCode, Error> {
    console.data(inventory::schema().as_bytes()).map_err(Error::Stdout)?;
    Ok(ExitCode::Ok)
}

fn resolved(host: &Host) -> ResolvedHost {
    let text = |path: &std::path::PathBuf| path.display().to_string();
    ResolvedHost {
        name: host.name.to_string(),
        group: host.group.as_ref().map(ToString::to_string),
        groups: host.groups.iter().map(ToString::to_string).collect(),
        address: host.address.to_string(),
        port: host.port,
        user: host.user.to_string(),
        jump: host
            .jump
            .iter()
            .map(|jump| format!("{}@{}", jump.user, place(&jump.address, jump.port)))
            .collect(),
        identity: host.identity.as_ref().map(text),
        known_hosts: host.known_hosts.iter().map(text).collect(),
        local: host.local,
        deploy_to: host.deploy_to.to_string(),
        engine: engine_word(host.engine).to_owned(),
        peer_address: host.peer_address.map(|ip| ip.to_string()),
        peer_ports: match host.engine {
            Engine::Embedded => host.peer_ports.to_string(),
            Engine::Rtorrent => host.peer_port.to_string(),
        },
        max_upload: host.max_upload.map(|rate| rate.bytes_per_second().get()),
        swap_release: host.swap_release.to_string(),
    }
}

fn row(host: &ResolvedHost) -> Vec<String> {
    let dialled = match (host.local, host.address.parse()) {
        (true, _) | (_, Err(_)) => "this machine".to_owned(),
        (false, Ok(address)) => format!("{}@{}", host.user, place(&address, host.port)),
    };
    let peer = host.peer_address.as_ref().unwrap_or(&host.address);
    vec![
        host.name.clone(),
        host.groups.join(" "),
        dialled,
        host.jump.join(" "),
        host.deploy_to.clone(),
        host.engine.clone(),
        format!("{peer}:{}", host.peer_ports),
    ]
}
