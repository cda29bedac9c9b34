//! The web servers of Debian, each with a configuration out of the guide or one that a test makes up, on an address of its
//! own and with nothing of the machine's own configuration.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::template::workspace;
use crate::{Scratch, eventually, net, peers, php_site};

/// Which server, and what it runs PHP with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// nginx with php-fpm.
    Nginx,
    /// Apache, prefork, with mod_php.
    ApacheModPhp,
    /// Apache, event, with php-fpm by proxy_fcgi.
    ApacheFpm,
    /// Caddy with php-fpm.
    Caddy,
}

/// Debian's Apache as it comes: who is let in where. The configuration of the site comes after it.
const APACHE: &str = r#"ServerRoot "@DIR@"
PidFile apache.pid
Listen @LISTEN@
ServerName localhost
@USER@
ErrorLog "@DIR@/apache-error.log"
StartServers 4
@MODULES@
TypesConfig /etc/mime.types
DirectoryIndex index.php index.html
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
Include "@DIR@/site.conf"
"#;
const NGINX: &str = "@USER@\ndaemon off;\nworker_processes 2;\npid @DIR@/nginx.pid;\nerror_log @DIR@/nginx-error.log warn;\n\
    events { worker_connections 128; }\nhttp {\ninclude /etc/nginx/mime.types;\naccess_log off;\nindex index.php;\n\
    client_body_temp_path @DIR@/body;\nproxy_temp_path @DIR@/proxy;\nfastcgi_temp_path @DIR@/fastcgi;\n\
    uwsgi_temp_path @DIR@/uwsgi;\nscgi_temp_path @DIR@/scgi;\ninclude @DIR@/site.conf;\n}\n";
const CADDY: &str = "{\n\tadmin off\n\tauto_https off\n\tdefault_bind @ADDRESS@\n}\nimport @DIR@/site.conf\n";
const FPM: &str = "[global]\nerror_log = @DIR@/fpm.log\ndaemonize = no\npid = @DIR@/fpm.pid\n@GLOBAL@\n[site]\n@USER@\nlisten = @DIR@/fpm.sock\n\
    listen.mode = 0666\npm = static\npm.max_children = 4\n\
    php_admin_value[error_log] = @DIR@/php-error.log\n";

/// A site of [`php_site`] on this machine, with room for a server.
#[derive(Debug)]
pub struct Place {
    scratch: Scratch,
    /// The site.
    pub deploy_to: PathBuf,
    /// Its own address.
    pub address: String,
    /// The port of the web server.
    pub port: u16,
}

/// A server that runs.
#[derive(Debug)]
pub struct WebServer {
    _server: Daemon,
    fpm: Option<Daemon>,
    /// Where it answers.
    pub url: String,
}

impl Place {
    /// With the releases `r1`, which is live, and `r2`.
    #[must_use]
    pub fn new(shared: &[&str]) -> Self {
        let scratch = Scratch::new();
        // Servers give up root, and must be let in.
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let deploy_to = scratch.dir("site");
        php_site::stage(scratch.path(), &deploy_to, shared);
        let network = net::Network::pick(1);
        Self { scratch, deploy_to, address: network.addresses[0].to_string(), port: network.http }
    }

    /// The scratch directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.scratch.path()
    }

    /// Where the configuration of the servers is; `site.conf` there is the site's.
    #[must_use]
    pub fn web(&self) -> PathBuf {
        self.scratch.dir("web")
    }

    /// A block of the guide, with the paths and names of this place.
    #[must_use]
    pub fn guide(&self, block: &str) -> String {
        self.fill(&guide(block))
    }

    /// A text as in the guide, with the paths and names of this place.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let web = self.web().display().to_string();
        let listen = format!("{}:{}", self.address, self.port);
        text.replace("/srv/site", &self.deploy_to.display().to_string())
            .replace("/etc/apache2/mkt", &web)
            .replace("/run/php/php8.2-fpm.sock", &format!("{web}/fpm.sock"))
            .replace("listen 80", &format!("listen {listen}"))
            .replace("*:80", &listen)
            .replace("www.example.org {", &format!("http://{listen} {{"))
            .replace("include fastcgi", "include /etc/nginx/fastcgi")
    }

    /// A program that is Apache with this configuration, for `--apachectl`.
    #[must_use]
    pub fn apachectl(&self) -> PathBuf {
        let path = self.web().join("apachectl");
        let web = self.web().display().to_string();
        let apache = peers::need("apache2").display().to_string();
        fs::write(&path, format!("#!/bin/sh\nexec {apache} -d {web} -f {web}/apache2.conf \"$@\"\n"))
            .expect("apachectl");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("chmod");
        path
    }

    /// The main file of a server's configuration.
    #[must_use]
    pub fn main_file(&self, kind: Kind) -> PathBuf {
        self.web().join(match kind {
            Kind::Nginx => "nginx.conf",
            Kind::ApacheModPhp | Kind::ApacheFpm => "apache2.conf",
            Kind::Caddy => "Caddyfile",
        })
    }

    /// Writes the configuration of a server: `site` is what the site's own file says.
    pub fn configure(&self, kind: Kind, site: &str) {
        let (template, user) = match kind {
            Kind::Nginx => (NGINX, "user www-data;"),
            Kind::ApacheModPhp | Kind::ApacheFpm => (APACHE, "User www-data\nGroup www-data"),
            Kind::Caddy => (CADDY, ""),
        };
        let wanted: &[&str] = match kind {
            Kind::ApacheModPhp => &["mpm_prefork.load", "php*.load", "php*.conf"],
            Kind::ApacheFpm => &["mpm_event.load", "proxy.load", "proxy_fcgi.load"],
            Kind::Nginx | Kind::Caddy => &[],
        };
        let common = ["authz_core.load", "dir.load", "mime.load", "rewrite.load", "headers.load"];
        let modules: Vec<String> = wanted
            .iter()
            .chain(&common)
            .map(|file| format!("Include /etc/apache2/mods-available/{file}"))
            .collect();
        let text = self
            .keyed(template)
            .replace("@USER@", if peers::is_root() { user } else { "" })
            .replace("@MODULES@", &modules.join("\n"));
        fs::write(self.main_file(kind), text).expect("the main file");
        fs::write(self.web().join("site.conf"), site).expect("the file of the site");
    }

    fn keyed(&self, text: &str) -> String {
        text.replace("@DIR@", &self.web().display().to_string())
            .replace("@LISTEN@", &format!("{}:{}", self.address, self.port))
            .replace("@ADDRESS@", &self.address)
    }

    /// Starts php-fpm with these lines for `[global]` and for the pool, and with the `php.ini` that may lie beside them.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start_fpm(&self, global: &str, pool: &str) -> Daemon {
        let config = self.web().join("php-fpm.conf");
        let user = if peers::is_root() { "user = www-data\ngroup = www-data" } else { "" };
        let text = self.keyed(FPM).replace("@USER@", user).replace("@GLOBAL@", global);
        fs::write(&config, format!("{text}{pool}\n")).expect("php-fpm.conf");
        let socket = self.web().join("fpm.sock");
        let mut command = Command::new(peers::need("php-fpm"));
        command.arg("--nodaemonize").arg("--fpm-config").arg(config);
        let ini = self.web().join("php.ini");
        if ini.is_file() {
            command.arg("-c").arg(ini);
        }
        let mut fpm = Daemon::start("php-fpm", &command, &self.web().join("fpm-out.log"));
        eventually("php-fpm's socket", Duration::from_secs(10), || {
            fpm.assert_running();
            std::os::unix::net::UnixStream::connect(&socket).ok()
        });
        fpm
    }

    /// Starts a server as configured, with a php-fpm where it needs one, and waits until it listens.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(&self, kind: Kind, pool: &str) -> WebServer {
        let fpm = (kind != Kind::ApacheModPhp).then(|| self.start_fpm("", pool));
        let (web, main) = (self.web(), self.main_file(kind));
        let log = web.join("server.log");
        let mut command = match kind {
            Kind::Nginx => {
                let mut command = Command::new(peers::need("nginx"));
                command.arg("-e").arg(&log).arg("-p").arg(&web).arg("-c").arg(&main);
                command
            }
            Kind::ApacheModPhp | Kind::ApacheFpm => {
                let mut command = Command::new(peers::need("apache2"));
                // A process group of its own, which FOREGROUND would not make: when it ends it ends all of its group.
                command.arg("-d").arg(&web).arg("-f").arg(&main).arg("-DNO_DETACH");
                command
            }
            Kind::Caddy => {
                let mut command = Command::new(peers::need("caddy"));
                command.arg("run").arg("--config").arg(&main).args(["--adapter", "caddyfile"]);
                command
            }
        };
        command
            .env("HOME", &web)
            .env("XDG_DATA_HOME", web.join("data"))
            .env("XDG_CONFIG_HOME", web.join("conf"));
        let mut server = Daemon::start(&format!("{kind:?}"), &command, &log);
        eventually("the web server to listen", Duration::from_secs(10), || {
            server.assert_running();
            TcpStream::connect((self.address.as_str(), self.port)).ok()
        });
        WebServer { _server: server, fpm, url: format!("http://{}:{}", self.address, self.port) }
    }
}

impl WebServer {
    /// Gives it another php-fpm, with these lines for `[global]` and for the pool.
    pub fn restart_fpm(&mut self, place: &Place, global: &str, pool: &str) {
        self.fpm = None;
        self.fpm = Some(place.start_fpm(global, pool));
    }
}

/// A block of the guide to web servers, the one after `<!-- test: NAME -->`.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn guide(block: &str) -> String {
    let path = workspace().join("crates/swap-release/WEBSERVERS.md");
    let text = fs::read_to_string(&path).expect("the guide");
    let after = text.split_once(&format!("<!-- test: {block} -->\n```")).map(|(_, after)| after);
    let code = after.and_then(|after| Some(after.split_once('\n')?.1.split_once("```")?.0));
    code.unwrap_or_else(|| panic!("the guide has no block `{block}`")).to_owned()
}
