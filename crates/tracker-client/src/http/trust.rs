//! Whose word is taken for a server's certificate.

use std::sync::Arc;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The authorities that may sign a server's certificate. There is no way to trust anybody.
#[derive(Clone, Debug, Default)]
pub struct Trust(Option<Arc<TlsConfig>>);

impl Trust {
    /// The public ones, as Mozilla lists them.
    #[must_use]
    pub fn public() -> Self {
        Self(None)
    }

    /// Only those whose certificates are in `pem`, for a private authority.
    ///
    /// # Errors
    /// Why `pem` names none.
    pub fn only(pem: &[u8]) -> Result<Self, &'static str> {
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            match item.map_err(|_| "it is not PEM")? {
                PemItem::Certificate(certificate) => certificates.push(certificate),
                // Whoever gets to read the fleet's files should not find a key there.
                PemItem::PrivateKey(_) => {
                    return Err("it holds a private key, which nobody but the authority needs");
                }
                _ => {}
            }
        }
        if certificates.is_empty() {
            return Err("it holds no certificate in PEM");
        }
        let roots = RootCerts::new_with_certs(&certificates);
        Ok(Self(Some(Arc::new(TlsConfig::builder().root_certs(roots).build()))))
    }

    /// For ureq.
    pub(super) fn config(&self) -> TlsConfig {
        self.0.as_deref().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n";
        for (pem, why) in [
            ("", "no certificate"),
            ("text", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "not PEM"),
            (key, "private key"),
        ] {
            let error = Trust::only(pem.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{pem}: {error}");
        }
    }
}
