//! A fleet with a site whose every answer says of which release each of its parts is: a real Drupal where
//! `MKT_TEST_DRUPAL` names a tree, else the stand-in of `tests/drupal/standin`, which has the caches that a real one was
//! measured to have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::daemon::Daemon;
use e2e::http::Page;
use e2e::template::workspace;
use e2e::{Fleet, FleetOptions, Host, eventually};

use crate::docroot::serve;
use crate::drupal_tree::{Kind, copy_tree, fill, kind, write_stand_in};
use crate::drupal_visitors::{Answer, Tally};

/// Pages that every release has.
pub(crate) const PAGES: [&str; 2] = ["/probe", "/probe/other"];
const VISITORS: usize = 3;
/// Between two questions of a visitor.
const PAUSE: Duration = Duration::from_millis(8);

/// What Apache needs, whose configuration has the real path of the release: a link of its own follows `current`.
const FOLLOW: &str = r#"[[hooks]]
name = "server"
phase = ["after-switch", "after-revert"]
run = ["sh", "-c", 'ln -sfn "$(readlink -f "$MKT_CURRENT")" "$MKT_DEPLOY_TO/../served.new" && mv -T "$MKT_DEPLOY_TO/../served.new" "$MKT_DEPLOY_TO/../served"']
"#;

/// What of a release throws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Throws {
    Nothing,
    EveryPage,
    OtherPage,
    FrontController,
}

/// One release of the site.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release {
    pub(crate) number: u32,
    /// Where class, included file, controller and templates are: they move from one layout to another.
    pub(crate) layout: &'static str,
    /// The schema that the code wants.
    pub(crate) schema: u32,
    /// What of it throws.
    pub(crate) throws: Throws,
    /// Whether its last database update fails, and with which words.
    pub(crate) update_fails: Option<&'static str>,
}

impl Release {
    pub(crate) fn new(number: u32, layout: &'static str, schema: u32) -> Self {
        Self { number, layout, schema, throws: Throws::Nothing, update_fails: None }
    }

    pub(crate) fn id(&self) -> String {
        format!("r{}", self.number)
    }
}

/// The fleet and its site.
pub(crate) struct Site {
    pub(crate) fleet: Fleet,
    /// 7 or 10.
    pub(crate) core: u8,
    kind: Kind,
    docroot: &'static str,
    /// Whether the stand-in has its configuration exported.
    exported: bool,
    database: Option<Daemon>,
}

impl Site {
    /// Three servers and an empty, installed site whose code is `first`. `lines` go into `[drupal]`.
    pub(crate) fn new(core: u8, lines: &str, first: &Release) -> Self {
        let kind = kind(core);
        let docroot = match &kind {
            Kind::Real { tree, .. } if tree.join("web/index.php").is_file() => "web",
            Kind::Real { tree, .. } if tree.join("docroot/index.php").is_file() => "docroot",
            _ => "",
        };
        let hosts = vec!["alpha", "beta", "gamma"];
        let fleet = Fleet::start(&FleetOptions {
            embedded: hosts.clone(),
            hosts,
            seeder: false,
            docroot,
            ..FleetOptions::default()
        });
        let exported = lines.contains("maintenance");
        let mut site = Self { fleet, core, kind, docroot, exported, database: None };
        site.write_inventory(lines);
        if let Kind::Real { .. } = site.kind {
            site.database = Some(site.start_mariadb());
        }
        for host in &site.fleet.hosts {
            let folder = site.shared(host);
            fs::create_dir_all(folder.join("files")).unwrap();
            fs::write(folder.join("settings.php"), site.settings(Some(host))).unwrap();
        }
        site.write(first);
        site.install(first);
        site
    }

    /// From now on web servers serve what a hook tells them, and not what `current` leads to.
    pub(crate) fn serve_by_hook(&self) {
        self.fleet.extend_inventory(FOLLOW);
        for host in &self.fleet.hosts {
            serve(host, &host.dir.join("served").join(self.docroot));
        }
    }

    /// The directory of the site below a server's `shared/`.
    pub(crate) fn shared(&self, host: &Host) -> PathBuf {
        host.deploy_to().join("shared").join(self.docroot).join("sites/default")
    }

    fn write_inventory(&self, lines: &str) {
        let preset = if self.core == 7 { "7" } else { "8+" };
        let fleet = &self.fleet;
        fleet.edit_inventory(
            "shared = [\"sites/default/files/\", \"sites/default/settings.php\"]\nkeep = 3\n",
            &format!("keep = 6\ndrupal = \"{preset}\"\n"),
        );
        fleet.edit_inventory(
            "/\"\nstatus = 200\ncontains = \"{release}\"\n",
            "/probe\"\npaths = [\"/probe/other\"]\nstatus = 200\n",
        );
        let drush = match &self.kind {
            Kind::Real { drush: Some(drush), .. } => format!("drush = [\"{}\"]\n", drush.display()),
            // On the PATH, as most Drupal 7 sites have it.
            Kind::StandIn if self.core == 7 => format!("drush = [\"{}\"]\n", self.drush().display()),
            _ => String::new(),
        };
        fleet.extend_inventory(&format!(
            "[drupal]\nuri = \"http://www.example\"\ndocroot = \"{}\"\n{drush}{lines}",
            self.docroot
        ));
    }

    /// The stand-in for drush 8, beside the releases.
    fn drush(&self) -> PathBuf {
        let path = self.fleet.scratch().join("bin/drush");
        if !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(workspace().join("tests/drupal/standin/drush.php"), &path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        path
    }

    /// The stand-in's database.
    fn sqlite(&self) -> PathBuf {
        self.fleet.scratch().join("database.sqlite")
    }

    fn database_address(&self) -> (String, u16) {
        (self.fleet.spare().0, self.fleet.ssh_port())
    }

    fn start_mariadb(&self) -> Daemon {
        let dir = self.fleet.scratch().join("db");
        fs::create_dir_all(&dir).unwrap();
        let user =
            if e2e::peers::is_root() { "root".to_owned() } else { std::env::var("USER").unwrap_or_default() };
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--user={user}"))
            .arg(format!("--datadir={}", dir.join("data").display()))
            .output()
            .expect("a real Drupal needs Debian's mariadb-server");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let (address, port) = self.database_address();
        let mut command = Command::new("mariadbd");
        command
            .args(["--no-defaults", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"])
            .arg(format!("--user={user}"))
            .arg(format!("--datadir={}", dir.join("data").display()))
            .arg(format!("--socket={}", dir.join("socket").display()))
            .arg(format!("--bind-address={address}"))
            .arg(format!("--port={port}"));
        let mut daemon = Daemon::start("mariadbd", &command, &dir.join("log"));
        let sql = "CREATE USER drupal@'127.%' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO drupal@'127.%'; CREATE DATABASE drupal";
        eventually("the database", Duration::from_secs(20), || {
            daemon.assert_running();
            let mut client = Command::new("mariadb");
            client.args(["--no-defaults", "-uroot", "-e", sql, "-S"]).arg(dir.join("socket"));
            client.output().is_ok_and(|output| output.status.success()).then_some(())
        });
        daemon
    }

    /// settings.php of a server, or of the tree that installs the site.
    fn settings(&self, host: Option<&Host>) -> String {
        let include = host.map_or_else(String::new, |host| {
            format!("include '{}';\n", host.deploy_to().join("shared/drupal.settings.php").display())
        });
        // The container holds absolute paths. Real servers have the same ones; these lie side by side on one machine.
        let own = host.map_or_else(String::new, |host| {
            format!(
                "$settings['deployment_identifier'] = ($settings['deployment_identifier'] ?? '') . '.{}';\n",
                host.name
            )
        });
        let (address, port) = self.database_address();
        let connection = format!(
            "$databases['default']['default'] = ['driver' => 'mysql', 'database' => 'drupal', 'username' => 'drupal', \
             'password' => 'x', 'host' => '{address}', 'port' => '{port}', 'prefix' => ''"
        );
        match (&self.kind, self.core) {
            (Kind::StandIn, _) => {
                format!("<?php\n$settings['database'] = '{}';\n{include}", self.sqlite().display())
            }
            (Kind::Real { .. }, 7) => format!(
                "<?php\n{connection}];\n$drupal_hash_salt = 'x';\n$conf['cache'] = 1;\n$conf['clean_url'] = 1;\n{include}"
            ),
            (Kind::Real { .. }, _) => format!(
                "<?php\n{connection}, 'collation' => 'utf8mb4_general_ci', 'namespace' => 'Drupal\\\\mysql\\\\Driver\\\\Database\\\\mysql', 'autoload' => \
                 'core/modules/mysql/src/Driver/Database/mysql/', 'init_commands' => ['isolation_level' => \
                 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED']];\n$settings['hash_salt'] = 'x';\n\
                 $settings['config_sync_directory'] = '../config/sync';\n{include}{own}"
            ),
        }
    }

    /// The tree of a release, where the fleet packs it from.
    pub(crate) fn write(&self, release: &Release) -> PathBuf {
        let tree = self.fleet.dir().join(format!("site{}", release.number));
        fs::create_dir_all(&tree).unwrap();
        let templates = workspace().join("tests/drupal");
        let (from, to) = match &self.kind {
            Kind::StandIn => {
                write_stand_in(&tree, self.docroot, self.core, self.exported, &self.values(release));
                if let Some(words) = release.update_fails {
                    fs::write(tree.join(self.docroot).join("update-fails.txt"), words).unwrap();
                }
                return tree;
            }
            Kind::Real { tree: real, .. } => {
                copy_tree(real, &tree);
                self.copy_configuration(&tree);
                let root = tree.join(self.docroot);
                match self.core {
                    7 => (templates.join("seven"), root.join("sites/all/modules/mktprobe")),
                    _ => (templates.join("ten"), root.join("modules/mktprobe")),
                }
            }
        };
        let values = self.values(release);
        fill(&from, &to, &values);
        let front = tree.join(self.docroot).join("index.php");
        let text = fs::read_to_string(&front).unwrap();
        fs::write(front, text.replacen("<?php", &format!("<?php\n{}", values["FRONT"]), 1)).unwrap();
        tree
    }

    fn values(&self, release: &Release) -> BTreeMap<&'static str, String> {
        let layout = release.layout.to_owned();
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        let module_of_ten = matches!(self.kind, Kind::Real { .. }) && self.core > 7;
        let mut updates = String::new();
        for schema in 2..=release.schema {
            let (number, set) = match self.core {
                7 => (7000 + schema, format!("variable_set('mktprobe_schema', {schema});")),
                _ => (9000 + schema, format!("\\Drupal::state()->set('mktprobe.schema', {schema});")),
            };
            let body = match release.update_fails {
                Some(words) if schema == release.schema && self.core == 7 => {
                    format!("throw new DrupalUpdateException('{words}');")
                }
                Some(words) if schema == release.schema => format!("throw new \\Exception('{words}');"),
                _ => set,
            };
            updates.push_str(&format!(
                "\n/**\n * Schema {schema}.\n */\nfunction mktprobe_update_{number}() {{\n  {body}\n}}\n"
            ));
        }
        let throw = "throw new \\Exception('this release does not work');";
        let page = match release.throws {
            Throws::EveryPage => throw.to_owned(),
            Throws::OtherPage => {
                format!("if (strpos($_SERVER['REQUEST_URI'], '/probe/other') !== FALSE) {{ {throw} }}")
            }
            Throws::Nothing | Throws::FrontController => String::new(),
        };
        let front = if release.throws == Throws::FrontController { throw } else { "" };
        BTreeMap::from([
            ("LAYOUT", if module_of_ten { capital(&layout) } else { layout.clone() }),
            ("layout", layout),
            ("RELEASE", release.id()),
            ("SCHEMA", release.schema.to_string()),
            ("CORE", self.core.to_string()),
            ("UPDATES", updates),
            ("THROW", page),
            ("FRONT", front.to_owned()),
        ])
    }

    /// Makes the site's database, by hand and not by what is tested.
    fn install(&self, first: &Release) {
        let Kind::Real { drush, .. } = &self.kind else {
            let schema = format!("'{}'", first.schema);
            self.sql(&format!(
                "CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, data TEXT); INSERT INTO state VALUES ('schema', {schema})"
            ));
            return;
        };
        let tree = self.fleet.scratch().join("install");
        copy_tree(&self.fleet.dir().join(format!("site{}", first.number)), &tree);
        let root = tree.join(self.docroot);
        fs::create_dir_all(root.join("sites/default/files")).unwrap();
        fs::create_dir_all(tree.join("config/sync")).unwrap();
        let (address, port) = self.database_address();
        let mut install =
            vec!["site-install".to_owned(), "minimal".into(), "--account-pass=x".into(), "-y".into()];
        if self.core == 7 {
            // It takes a settings.php with a database for a site that is installed.
            install.push(format!("--db-url=mysql://drupal:x@{address}:{port}/drupal"));
        } else {
            fs::write(root.join("sites/default/settings.php"), self.settings(None)).unwrap();
        }
        let program = drush.clone().unwrap_or_else(|| tree.join("vendor/bin/drush"));
        let mut steps = vec![install, ["en", "mktprobe", "-y"].map(str::to_owned).to_vec()];
        if self.exported && self.core > 7 {
            steps.push(["config:export", "-y"].map(str::to_owned).to_vec());
        }
        for arguments in steps {
            let output = Command::new(&program)
                .current_dir(&root)
                .arg(format!("--root={}", root.display()))
                .args(&arguments)
                .output()
                .expect("drush");
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "drush {arguments:?}: {said}");
        }
        self.copy_configuration(&self.fleet.dir().join(format!("site{}", first.number)));
    }

    /// What the site had exported when it was installed, into a release.
    fn copy_configuration(&self, tree: &Path) {
        let exported = self.fleet.scratch().join("install/config");
        if self.exported && exported.is_dir() {
            copy_tree(&exported, &tree.join("config"));
        }
    }

    /// The stand-in's database, by Debian's sqlite for PHP.
    pub(crate) fn sql(&self, statements: &str) {
        let script =
            "$d = new PDO('sqlite:' . $argv[1], options: [PDO::ATTR_TIMEOUT => 20]); $d->exec($argv[2]);";
        let mut php = Command::new("php");
        php.args(["-r", script, "--"]).arg(self.sqlite()).arg(statements);
        let output = php.output().expect("php");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Whether this is no real Drupal.
    pub(crate) fn is_stand_in(&self) -> bool {
        matches!(self.kind, Kind::StandIn)
    }

    /// Packs, publishes and pushes a release.
    pub(crate) fn deliver(&self, release: &Release) {
        self.write(release);
        self.fleet.deliver(release.number);
    }

    /// Expects every page of every server, cached and not, to be whole and of one release.
    #[track_caller]
    pub(crate) fn assert_serves(&self, id: &str) {
        for host in &self.fleet.hosts {
            self.assert_host_serves(host, id);
        }
    }

    /// The same of one server.
    #[track_caller]
    pub(crate) fn assert_host_serves(&self, host: &Host, id: &str) {
        for path in PAGES {
            for query in ["", "?again=1"] {
                let page = host.http_get(&format!("{path}{query}"));
                let expected = Answer::Of(id.to_owned());
                assert_eq!(self.read(&page), expected, "{path}{query} of {}: {page:?}", host.name);
            }
        }
    }

    fn parts(&self) -> &'static [&'static str] {
        match (&self.kind, self.core) {
            (Kind::StandIn, _) => &["root", "controller", "class", "template", "component"],
            (Kind::Real { .. }, 7) => &["root", "include", "class", "template"],
            (Kind::Real { .. }, _) => &["included", "controller", "class", "template", "component"],
        }
    }

    fn read(&self, page: &Page) -> Answer {
        match page.status {
            503 => return Answer::Closed,
            200 => {}
            status => {
                return Answer::Broken(format!(
                    "{status} {}",
                    page.body.chars().take(300).collect::<String>()
                ));
            }
        }
        let found: BTreeMap<&str, &str> =
            page.body.lines().filter_map(|line| line.trim().split_once(": ")).collect();
        let releases: Vec<Option<&str>> = self.parts().iter().map(|part| found.get(part).copied()).collect();
        let different: BTreeSet<_> = releases.iter().copied().collect();
        match different.iter().copied().collect::<Vec<_>>()[..] {
            [Some(one)] => Answer::Of(one.to_owned()),
            _ => Answer::Mixed(format!("{:?}", self.parts().iter().zip(releases).collect::<Vec<_>>())),
        }
    }

    /// Does something while visitors read; gives what they saw. They stay until they have asked `MKT_TEST_REQUESTS` times.
    pub(crate) fn under_load<T>(&self, what: &str, work: impl FnOnce() -> T) -> (T, Tally) {
        let least = std::env::var("MKT_TEST_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
        let tally = Mutex::new(Tally::default());
        let (asked, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let visit = |number: usize| {
            let mut round = number;
            while !stop.load(Ordering::Relaxed) || asked.load(Ordering::Relaxed) < least {
                let count = asked.fetch_add(1, Ordering::Relaxed);
                round += 1;
                let host = &self.fleet.hosts[round % self.fleet.hosts.len()];
                let path = PAGES[round / 3 % PAGES.len()];
                // Half of them from the page cache.
                let query = if round.is_multiple_of(2) {
                    String::new()
                } else {
                    format!("?visitor={number}.{count}")
                };
                let sent = Instant::now();
                let page = host.http_get(&format!("{path}{query}"));
                tally.lock().unwrap().add(sent, self.read(&page));
                std::thread::sleep(PAUSE);
            }
        };
        let result = std::thread::scope(|scope| {
            for number in 0..VISITORS {
                let visit = &visit;
                scope.spawn(move || visit(number));
            }
            // However it ends, the visitors end.
            struct End<'a>(&'a AtomicBool);
            impl Drop for End<'_> {
                fn drop(&mut self) {
                    self.0.store(true, Ordering::Relaxed);
                }
            }
            let _end = End(&stop);
            work()
        });
        let tally = tally.into_inner().unwrap();
        println!("{} {}, {what}: {tally}", if self.is_stand_in() { "stand-in" } else { "Drupal" }, self.core);
        (result, tally)
    }
}
