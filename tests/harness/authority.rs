//! A private certificate authority, made with openssl(1) as operators make theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers;

/// An authority whose files are in a directory of its own.
#[derive(Debug)]
pub struct Authority {
    dir: PathBuf,
}

/// A server's certificate and its key.
#[derive(Debug)]
pub struct Certificate {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Valid {
    /// Now.
    Now,
    /// In the year 2001.
    LongAgo,
}

impl Authority {
    /// Makes one in `dir`, which must not exist yet.
    ///
    /// # Panics
    /// When openssl does not.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("directory of the authority");
        for (name, text) in [("index.txt", ""), ("serial", "01\n"), ("ca.cnf", CONFIG)] {
            fs::write(dir.join(name), text).expect("the authority's files");
        }
        let authority = Self { dir: dir.to_owned() };
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=Test-authority -days 9 \
                   -config ca.cnf -extensions authority -keyout ca.key -out ca.pem";
        authority.openssl(&new.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>());
        authority
    }

    /// Its own certificate, for those who trust it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A certificate for `name`, such as `DNS:localhost` or `IP:127.0.0.1`.
    ///
    /// # Panics
    /// When openssl makes none.
    #[must_use]
    pub fn issue(&self, name: &str, valid: Valid) -> Certificate {
        let stem = format!("{}-{valid:?}", name.replace([':', '.'], "-"));
        let (key, request, certificate) =
            (format!("{stem}.key"), format!("{stem}.csr"), format!("{stem}.pem"));
        let subject = format!("/CN={stem}");
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-config",
            "ca.cnf",
            "-subj",
            &subject,
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
        let extensions = format!("{stem}.ext");
        fs::write(self.dir.join(&extensions), format!("basicConstraints=CA:FALSE\nsubjectAltName={name}\n"))
            .expect("extensions");
        let dates: &[&str] = match valid {
            Valid::Now => &["-days", "9"],
            Valid::LongAgo => &["-startdate", "20010101000000Z", "-enddate", "20011231000000Z"],
        };
        let sign = [
            "ca",
            "-batch",
            "-notext",
            "-config",
            "ca.cnf",
            "-extfile",
            &extensions,
            "-in",
            &request,
            "-out",
            &certificate,
        ];
        self.openssl(&[&sign, dates].concat());
        Certificate { certificate: self.dir.join(certificate), key: self.dir.join(key) }
    }

    fn openssl(&self, args: &[&str]) {
        let output =
            Command::new(peers::need("openssl")).current_dir(&self.dir).args(args).output().expect("openssl");
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

const CONFIG: &str = "\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[ca]
default_ca = ours
[ours]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
";
