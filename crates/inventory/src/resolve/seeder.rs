//! `[seeder]`: an rtorrent that seeds already, a host that has the payload, or this machine for the length of a push.

use std::path::PathBuf;

use super::place::{Place, SOCKET_PATH_MAX};
use crate::file::SeederTable;
use crate::{Engine, Error, Host, OwnSeeder, PortRange, RemotePath, Seeder};

/// The rtorrent that seeds, if there is one, and who seeds if there is none.
pub(super) fn seeders(
    at: &Place<'_>,
    table: Option<SeederTable>,
    hosts: &[Host],
) -> Result<(Option<Seeder>, OwnSeeder), Error> {
    let Some(table) = table else { return Ok((None, OwnSeeder::default())) };
    let own = [
        ("host", table.host.is_some()),
        ("address", table.address.is_some()),
        ("listen", table.listen.is_some()),
        ("ports", table.ports.is_some()),
        ("max_upload", table.max_upload.is_some()),
    ];
    let passkey = table.passkey_file.is_some() || table.passkey_env.is_some();
    if table.rpc_socket.is_some() || table.directory.is_some() || table.peer.is_some() || passkey {
        if let Some((key, _)) = own.iter().find(|(_, given)| *given) {
            let reason =
                "`rpc_socket`, `directory` and `peer` name an rtorrent, which has settings of its own";
            return Err(at.refuse(&format!("seeder.{key}"), reason));
        }
        return Ok((Some(rtorrent(at, table)?), OwnSeeder::default()));
    }
    if let Some(name) = &table.host {
        let host = hosts.iter().find(|host| host.name == *name);
        let host = host.ok_or_else(|| at.refuse("seeder.host", format!("there is no host `{name}`")))?;
        if host.engine != Engine::Embedded {
            let reason =
                format!("`{name}` has the engine rtorrent: name its rtorrent by rpc_socket, directory, peer");
            return Err(at.refuse("seeder.host", reason));
        }
        if let Some((key, _)) = own[1..].iter().find(|(_, given)| *given) {
            return Err(at.refuse(&format!("seeder.{key}"), format!("set it under [hosts.{name}]")));
        }
    }
    if table.address.is_some_and(|ip| ip.is_unspecified()) {
        return Err(at.refuse("seeder.address", "it cannot be dialled by the hosts"));
    }
    let own = OwnSeeder {
        host: table.host,
        address: table.address,
        listen: table.listen,
        ports: table.ports.unwrap_or(PortRange::DEFAULT),
        max_upload: table.max_upload,
    };
    Ok((None, own))
}

fn rtorrent(at: &Place<'_>, table: SeederTable) -> Result<Seeder, Error> {
    let missing = |key: &str| at.refuse(&format!("seeder.{key}"), "the key is missing");
    let rpc_socket = table.rpc_socket.ok_or_else(|| missing("rpc_socket"))?;
    let directory = table.directory.ok_or_else(|| missing("directory"))?;
    let peer = table.peer.ok_or_else(|| missing("peer"))?;
    if peer.ip().is_unspecified() || peer.port() == 0 {
        return Err(at.refuse("seeder.peer", format!("`{peer}` cannot be dialled by the hosts")));
    }
    if rpc_socket.as_str().len() > SOCKET_PATH_MAX {
        return Err(at.refuse("seeder.rpc_socket", "a socket's path has at most 107 bytes"));
    }
    let local = |path: &RemotePath| PathBuf::from(path.as_str());
    Ok(Seeder {
        rpc_socket: local(&rpc_socket),
        directory: local(&directory),
        peer,
        passkey: at.secret("seeder.passkey", table.passkey_file, table.passkey_env)?,
    })
}
