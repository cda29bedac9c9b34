//! Every client's own passkey for the tracker.

use crate::{Announce, Error, Host, HostName, Inventory, Secret, SecretSource};

/// Every client's own passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkeys {
    /// Of the hosts asked for, in their order.
    pub hosts: Vec<(HostName, Secret)>,
    /// Of the seeder, if the inventory names one.
    pub seeder: Option<Secret>,
}

impl Inventory {
    /// Whether each client announces with a passkey of its own.
    pub fn has_passkeys(&self) -> bool {
        self.tracker.announce.as_ref().is_some_and(Announce::needs_passkey)
    }

    /// Reads the passkeys of the seeder and of `hosts`. Empty if the announce URL has no `{passkey}`.
    ///
    /// # Errors
    /// A host without one; one that cannot be read or is no passkey; one that two clients share, as a tracker never
    /// gives a user its own peers.
    pub fn passkeys(&self, hosts: &[Host]) -> Result<Passkeys, Error> {
        if !self.has_passkeys() {
            return Ok(Passkeys { hosts: Vec::new(), seeder: None });
        }
        let seeder = self.seeder.as_ref().and_then(|seeder| seeder.passkey.as_ref());
        let seeder = seeder.map(|source| passkey(source, "seeder.passkey")).transpose()?;
        let mut seen: Vec<(String, &Secret)> = Vec::new();
        seen.extend(seeder.iter().map(|secret| ("the seeder".to_owned(), secret)));
        let mut found = Vec::with_capacity(hosts.len());
        for host in hosts {
            let source = host
                .passkey
                .as_ref()
                .ok_or_else(|| Error::NoPasskey { path: self.path.clone(), host: host.name.clone() })?;
            found.push((host.name.clone(), passkey(source, &format!("hosts.{}.passkey", host.name))?));
        }
        for (name, secret) in &found {
            if let Some((first, _)) = seen.iter().find(|(_, known)| *known == secret) {
                let (first, second) = (first.clone(), format!("host `{name}`"));
                return Err(Error::SharedPasskey { path: self.path.clone(), first, second });
            }
            seen.push((format!("host `{name}`"), secret));
        }
        Ok(Passkeys { seeder, hosts: found })
    }
}

fn passkey(source: &SecretSource, key: &str) -> Result<Secret, Error> {
    let secret = source.read(key)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (8..=128).contains(&secret.expose().len()) && secret.expose().bytes().all(plain) {
        return Ok(secret);
    }
    let reason = "a passkey has 8 to 128 letters and digits".to_owned();
    Err(Error::ReadSecret { key: key.to_owned(), place: source.to_string(), reason })
}
