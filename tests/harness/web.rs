//! nginx and php-fpm of one server, serving `<deploy_to>/current`.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::wait::eventually;
use crate::{peers, template};

/// The two processes of a web server. nginx goes first, so that nobody asks a PHP that is gone.
#[derive(Debug)]
pub struct Web {
    _nginx: Daemon,
    _php: Daemon,
}

impl Web {
    /// Starts both for a server whose files are below `dir` and waits until they listen.
    ///
    /// # Panics
    /// When they do not come up.
    #[must_use]
    pub fn start(name: &str, dir: &Path, address: &str, port: u16, deploy_to: &Path, docroot: &str) -> Self {
        Self::launch(name, dir, address, port, deploy_to, docroot, "")
    }

    /// The same with more lines for php-fpm's pool.
    ///
    /// # Panics
    /// When they do not come up.
    #[must_use]
    pub fn start_with(
        name: &str,
        dir: &Path,
        address: &str,
        port: u16,
        deploy_to: &Path,
        php_lines: &str,
    ) -> Self {
        Self::launch(name, dir, address, port, deploy_to, "", php_lines)
    }

    /// `docroot` is empty or begins with a slash.
    fn launch(
        name: &str,
        dir: &Path,
        address: &str,
        port: u16,
        deploy_to: &Path,
        docroot: &str,
        php_lines: &str,
    ) -> Self {
        let web = dir.join("web");
        for part in ["body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            fs::create_dir_all(web.join("tmp").join(part)).expect("nginx's directories");
        }
        // As root both are told to stay root: the scratch directory is open to its owner only.
        let (nginx_user, php_user) =
            if peers::is_root() { ("user root;", "user = root\ngroup = root") } else { ("", "") };
        let shared = [
            ("DIR", dir.to_string_lossy().into_owned()),
            ("ADDRESS", address.to_owned()),
            ("HTTP_PORT", port.to_string()),
            ("DEPLOY_TO", deploy_to.to_string_lossy().into_owned()),
            ("DOCROOT", docroot.to_owned()),
        ];
        let fill = |template: &str, file: &str, user: &str| {
            let mut values: Vec<(&str, &str)> =
                shared.iter().map(|(key, value)| (*key, value.as_str())).collect();
            values.push(("USER", user));
            let target = web.join(file);
            template::fill(template, &target, &values);
            target
        };

        let config = fill("php-fpm.conf.in", "php-fpm.conf", php_user);
        let text = fs::read_to_string(&config).expect("php-fpm.conf");
        fs::write(&config, format!("{text}{php_lines}")).expect("php-fpm.conf");
        let mut command = Command::new(peers::need("php-fpm"));
        command.arg("--nodaemonize").arg("--fpm-config").arg(config);
        if peers::is_root() {
            command.arg("--allow-to-run-as-root");
        }
        let mut php = Daemon::start(&format!("php-fpm of {name}"), &command, &web.join("fpm-out.log"));
        let socket = web.join("fpm.sock");
        eventually("php-fpm's socket", Duration::from_secs(10), || {
            php.assert_running();
            socket.exists().then_some(())
        });

        let log = web.join("nginx-error.log");
        let mut command = Command::new(peers::need("nginx"));
        command.arg("-e").arg(&log).arg("-p").arg(&web).arg("-c").arg(fill(
            "nginx.conf.in",
            "nginx.conf",
            nginx_user,
        ));
        let mut nginx = Daemon::start(&format!("nginx of {name}"), &command, &log);
        eventually("nginx to listen", Duration::from_secs(10), || {
            nginx.assert_running();
            TcpStream::connect((address, port)).ok()
        });
        Self { _nginx: nginx, _php: php }
    }
}
