//! Words that several tables and lines share.

use inventory::{Address, Engine};

/// `1 host`, `3 hosts`.
pub(crate) fn count(hosts: usize) -> String {
    if hosts == 1 { "1 host".to_owned() } else { format!("{hosts} hosts") }
}

/// An address and a port as they would be typed for ssh.
pub(crate) fn place(address: &Address, port: u16) -> String {
    match address.ip() {
        Some(ip) if ip.is_ipv6() => format!("[{ip}]:{port}"),
        _ => format!("{address}:{port}"),
    }
}

/// `1.2 copies`: `bytes` as a multiple of a payload of `size` bytes.
pub(crate) fn copies(bytes: u64, size: u64) -> String {
    let tenths = (bytes * 10 + size / 2).checked_div(size).unwrap_or(0);
    format!("{}.{} copies", tenths / 10, tenths % 10)
}

/// The engine as `fleet.toml` and the records spell it.
pub(crate) fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::Embedded => "embedded",
        Engine::Rtorrent => "rtorrent",
    }
}

/// Enough of a digest to tell two apart.
pub(crate) fn short_digest(sum: &str) -> &str {
    sum.get(..8).unwrap_or(sum)
}
