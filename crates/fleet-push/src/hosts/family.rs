//! IPv4 and IPv6: hosts that the seeder has no address for.

use std::net::IpAddr;

use inventory::{Host, Inventory};

use crate::hosts::address::peer_ip;

/// What is odd about `host`, if it is dialled by another family of addresses than the one seeder that it could have.
///
/// It may have addresses of both, which only it knows, so this is a warning and no fault.
pub(crate) fn apart(inventory: &Inventory, host: &Host) -> Option<String> {
    let (seeder, key) = seeder(inventory)?;
    let ip = peer_ip(host)?;
    if seeder.is_ipv4() == ip.is_ipv4() {
        return None;
    }
    Some(format!(
        "it is dialled at {ip} ({}), and the seeder at {seeder} ({}): unless the host has an {} address as well, it gets nothing; \
         give `peer_address` of the host or {key} in fleet.toml one of the same family{}",
        word(ip),
        word(seeder),
        word(seeder),
        if inventory.seeder.is_none() { ", or leave out `[seeder]`: the seeder then has both" } else { "" },
    ))
}

/// The one address of the seeder and the key that says so; `None` if it has one of each family.
fn seeder(inventory: &Inventory) -> Option<(IpAddr, &'static str)> {
    if let Some(seeder) = &inventory.seeder {
        return Some((seeder.peer.ip(), "`seeder.peer`"));
    }
    let own = &inventory.own_seeder;
    if let Some(name) = &own.host {
        let host = inventory.hosts.iter().find(|host| host.name == *name)?;
        return Some((peer_ip(host)?, "`seeder.host`"));
    }
    let bound = own.listen.filter(|ip| *ip != IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED));
    own.address.or(bound).map(|ip| (ip, "`seeder.address`"))
}

fn word(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IPv4" } else { "IPv6" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(seeder: &str) -> Inventory {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let text = format!(
            "[site]\ndeploy_to = \"/srv\"\n[defaults]\nssh_config = \"none\"\n{seeder}\n[hosts.four]\naddress = \
             \"10.0.0.4\"\n[hosts.six]\naddress = \"2001:db8::6\"\n"
        );
        std::fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap()
    }

    #[test]
    fn a_host_of_the_other_family_than_the_one_address_of_the_seeder_is_told() {
        for (seeder, told) in [
            ("", [false, false]),
            ("[seeder]\nports = \"6900-6910\"", [false, false]),
            ("[seeder]\nlisten = \"::\"", [false, false]),
            ("[seeder]\naddress = \"10.0.0.1\"", [false, true]),
            ("[seeder]\naddress = \"2001:db8::1\"", [true, false]),
            ("[seeder]\nlisten = \"0.0.0.0\"", [false, true]),
            ("[seeder]\nhost = \"six\"", [true, false]),
        ] {
            let inventory = inventory(seeder);
            let found = [0, 1].map(|host| apart(&inventory, &inventory.hosts[host]).is_some());
            assert_eq!(found, told, "{seeder}");
        }
        let text = apart(&inventory("[seeder]\naddress = \"10.0.0.1\""), &inventory("").hosts[1]).unwrap();
        assert!(text.contains("2001:db8::6 (IPv6)") && text.contains("`seeder.address`"), "{text}");
    }
}
