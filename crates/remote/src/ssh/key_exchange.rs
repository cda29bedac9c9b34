//! Which key exchange is asked for first.

use ssh2::{MethodType, Session};

/// P-256 (RFC 5656). OpenSSH computes it by OpenSSL's assembly, and X25519 in portable C: that is 2 to 4 of the 21 ms of processor
/// time that a connection costs sshd, which counts where one machine, or a bastion, has a thousand of them. Both are of
/// the same strength.
const CHEAP: &str = "ecdh-sha2-nistp256";
/// Not methods but what a client says of itself (RFC 8308; OpenSSH's PROTOCOL, 1.10); libssh2 puts them into every list.
pub(super) const MARKERS: [&str; 2] = ["ext-info-c", "kex-strict-c-v00@openssh.com"];

/// Has `session` ask for them in the order of [`order`].
pub(super) fn prefer(session: &Session) -> Result<(), ssh2::Error> {
    let supported = session.supported_algs(MethodType::Kex)?;
    session.method_pref(MethodType::Kex, &order(supported).join(","))
}

/// What stands against quantum computers first, then the cheapest, then the others as libssh2 has them.
fn order(mut methods: Vec<&'static str>) -> Vec<&'static str> {
    methods.retain(|method| !MARKERS.contains(method));
    methods.sort_by_key(|method| match *method {
        hybrid if hybrid.starts_with("mlkem") => 0,
        CHEAP => 1,
        _ => 2,
    });
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheap_one_comes_before_all_but_the_hybrids() {
        let methods = vec![
            "curve25519-sha256",
            "mlkem768x25519-sha256",
            "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp256",
            "ext-info-c",
            "kex-strict-c-v00@openssh.com",
        ];
        let expected =
            ["mlkem768x25519-sha256", "ecdh-sha2-nistp256", "curve25519-sha256", "ecdh-sha2-nistp384"];
        assert_eq!(order(methods), expected);
    }

    #[test]
    fn libssh2_takes_the_whole_list() {
        let session = Session::new().unwrap();
        prefer(&session).unwrap();
        let methods = order(session.supported_algs(MethodType::Kex).unwrap());
        assert!(methods.contains(&CHEAP) && methods.contains(&"curve25519-sha256"), "{methods:?}");
    }
}
