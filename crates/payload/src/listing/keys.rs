//! Private keys, which must not reach a swarm.

use crate::Error;
use crate::disk::beneath::Beneath;
use crate::disk::read::read_some;

/// What of a file is looked at: a key stands at its beginning, behind certificates at the most.
const LOOK: u64 = 64 * 1024;
/// How a public key or a certificate begins in PEM.
const PUBLIC: [&str; 3] = ["-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY", "-----BEGIN RSA PUBLIC KEY"];

/// Whether a path is that of a private key, by its name alone: as ssh-keygen(1) names them, and containers of keys.
pub(crate) fn by_name(path: &str) -> Option<&'static str> {
    let name = name(path).to_ascii_lowercase();
    match name.as_str() {
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" | "id_ecdsa_sk" | "id_ed25519_sk" => {
            return Some("a private SSH key");
        }
        _ => {}
    }
    let container = ["p12", "pfx", "ppk", "jks", "keystore"].contains(&extension(&name));
    container.then_some("a container of private keys")
}

/// Whether a file holds a private key, if its name is one that keys have; other files are not opened.
pub(crate) fn by_content(dir: &Beneath, path: &str, size: u64) -> Result<Option<&'static str>, Error> {
    let name = name(path).to_ascii_lowercase();
    let extension = extension(&name);
    if size == 0 || !["pem", "key"].contains(&extension) {
        return Ok(None);
    }
    let failed = |error: std::io::Error| Error::read(path, error);
    let mut file = dir.read(path).map_err(|error| failed(error.into()))?;
    let (mut content, mut buffer) = (Vec::new(), Vec::new());
    let mut left = LOOK.min(size);
    while left > 0 {
        let got = read_some(&mut file, &mut buffer, left).map_err(failed)?;
        if got.is_empty() {
            break;
        }
        left -= got.len() as u64;
        content.extend_from_slice(got);
    }
    let text = String::from_utf8_lossy(&content);
    let private = text.contains("PRIVATE KEY")
        // In DER, or whatever else a program calls its key.
        || (extension == "key" && !PUBLIC.iter().any(|begin| text.contains(begin)));
    Ok(private.then_some("a private key"))
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        for path in ["id_rsa", "a/.ssh/id_ed25519", "x/server.PFX", "a.p12"] {
            assert!(by_name(path).is_some(), "{path}");
        }
        for path in ["id_rsa.pub", "id_rsa/x", "p12", "core/lib/Key.php", "a.pem"] {
            assert!(by_name(path).is_none(), "{path}");
        }
    }

    #[test]
    fn contents_of_keys() {
        let dir = tempfile::tempdir().unwrap();
        let begin = |what: &str| format!("-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n");
        let chain = begin("CERTIFICATE").repeat(20) + &begin("RSA PRIVATE KEY");
        for (path, content, is_key) in [
            ("a.pem", begin("PRIVATE KEY"), true),
            ("b.PEM", begin("OPENSSH PRIVATE KEY"), true),
            ("chain.pem", chain, true),
            ("cacert.pem", begin("CERTIFICATE"), false),
            ("public.key", begin("PUBLIC KEY"), false),
            ("private.key", begin("EC PRIVATE KEY"), true),
            ("der.key", "\u{30}\u{2}\u{1}".into(), true),
            ("empty.key", String::new(), false),
            ("Readme.md", begin("PRIVATE KEY"), false),
        ] {
            std::fs::write(dir.path().join(path), &content).unwrap();
            let found = by_content(&Beneath::open(dir.path()).unwrap(), path, content.len() as u64).unwrap();
            assert_eq!(found.is_some(), is_key, "{path}");
        }
    }
}
