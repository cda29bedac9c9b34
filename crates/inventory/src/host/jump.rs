//! Hosts on the way to a host.

use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Way;
use crate::{Address, Endpoint, UserName};

/// A jump host with its complete settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The account there.
    pub user: UserName,
    /// What is dialled.
    pub address: Address,
    /// The SSH port.
    pub port: u16,
    /// The private key file for it, on this machine.
    pub identity: Option<PathBuf>,
    /// The known_hosts files for it, on this machine.
    pub known_hosts: Vec<PathBuf>,
    /// What else an ssh_config says of the way to it.
    pub way: Way,
}

/// `jump` as typed: what ProxyJump takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(crate) struct Jumps(#[schemars(with = "String")] pub(crate) Vec<Endpoint>);

impl FromStr for Jumps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(Vec::new()));
        }
        text.split(',').map(|part| part.trim().parse()).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl TryFrom<String> for Jumps {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
