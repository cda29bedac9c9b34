//! The program that is to be installed: read once, checked to be one, and for which machines it is.

use std::fs;
use std::path::{Path, PathBuf};

use record::Sha256;

use crate::Error;

/// A `swap-release`, as it is on this machine.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Sha256,
    pub(super) machine: Machine,
}

impl Binary {
    /// Reads `path`; without one the `swap-release` beside the running program.
    pub(super) fn load(path: Option<&Path>) -> Result<Self, Error> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => beside_us()?,
        };
        let bytes = fs::read(&path).map_err(|source| Error::NoBinary { path: path.clone(), source })?;
        let Some(machine) = Machine::of(&bytes) else {
            return Err(Error::ForeignBinary { path });
        };
        Ok(Self { sha256: Sha256::of(&bytes), bytes, machine })
    }
}

fn beside_us() -> Result<PathBuf, Error> {
    let ours = std::env::current_exe();
    let ours = ours.map_err(|source| Error::NoBinary { path: "swap-release".into(), source })?;
    Ok(ours.with_file_name("swap-release"))
}

/// `e_machine` of an ELF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    number: u16,
    little_endian: bool,
}

impl Machine {
    /// Of a file of the System V ABI (chapter 4, ELF header: `EI_DATA` at 5, `e_machine` at 18); `None` if it is none.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let data = bytes.strip_prefix(b"\x7fELF")?.get(1)?;
        let number: [u8; 2] = bytes.get(18..20)?.try_into().ok()?;
        match data {
            1 => Some(Self { number: u16::from_le_bytes(number), little_endian: true }),
            2 => Some(Self { number: u16::from_be_bytes(number), little_endian: false }),
            _ => None,
        }
    }

    /// What `uname -m` says on the machines that run it; empty if that is not known.
    fn names(self) -> &'static [&'static str] {
        match (self.number, self.little_endian) {
            (3, _) => &["i386", "i486", "i586", "i686", "x86_64"],
            (21, true) => &["ppc64le"],
            (21, false) => &["ppc64"],
            (22, _) => &["s390x"],
            // A 64-bit kernel may run it.
            (40, _) => &["armv6l", "armv7l", "armv8l", "arm", "aarch64"],
            (62, _) => &["x86_64", "amd64"],
            (183, _) => &["aarch64", "arm64"],
            (243, _) => &["riscv64"],
            (258, _) => &["loongarch64"],
            _ => &[],
        }
    }

    /// Whether a machine of this name may run it. Of an unknown one nothing is said: it is tried there anyway.
    pub(crate) fn fits(self, uname: &str) -> bool {
        self.names().is_empty() || self.names().contains(&uname)
    }

    /// For messages.
    pub(crate) fn name(self) -> &'static str {
        self.names().first().copied().unwrap_or("an unknown machine")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(data: u8, machine: [u8; 2]) -> Option<Machine> {
        let mut bytes = b"\x7fELF\x02".to_vec();
        bytes.push(data);
        bytes.resize(18, 0);
        bytes.extend(machine);
        Machine::of(&bytes)
    }

    #[test]
    fn a_program_is_for_one_kind_of_machine() {
        let amd64 = elf(1, [62, 0]).unwrap();
        assert!(amd64.fits("x86_64") && !amd64.fits("aarch64"));
        let arm64 = elf(1, [183, 0]).unwrap();
        assert!(arm64.fits("aarch64") && !arm64.fits("x86_64") && arm64.name() == "aarch64");
        assert_eq!(elf(2, [0, 22]).unwrap().name(), "s390x");
        assert!(elf(1, [0xff, 0xff]).unwrap().fits("anything"));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert_eq!(Machine::of(b"#!/bin/sh\n"), None);
        assert_eq!(Machine::of(b"\x7fELF\x02\x01"), None);
        let path = std::env::current_exe().unwrap();
        assert!(Binary::load(Some(&path)).unwrap().machine.fits(std::env::consts::ARCH));
        assert!(matches!(Binary::load(Some(Path::new("/etc/passwd"))), Err(Error::ForeignBinary { .. })));
    }
}
