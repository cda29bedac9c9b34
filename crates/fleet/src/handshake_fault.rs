//! Kinds of servers with which there is no session.

/// Why there is no agreement with a server on how to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFault {
    /// It speaks something else.
    NotSsh,
    /// It has no room (sshd's MaxStartups).
    Full,
    /// It bans this machine's address (sshd's PerSourcePenalties).
    Banned,
    /// It has no key exchange, cipher, MAC or host key type that is known here.
    NoCommonAlgorithm,
    /// It hung up, or broke off.
    Other,
}
