//! What `fleet-push doctor` says of web servers, with nginx and php-fpm as Debian runs them: masters of root's, workers of
//! www-data's, and an account that deploys which is neither. They run in a namespace of processes of their own, where doctor sees
//! these servers and no other story's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::account::Account;
use e2e::net::Network;
use e2e::{Scratch, bin, peers, template};
use serde_json::Value;

use crate::needs_peers;

/// One server, this machine.
struct World {
    account: Account,
    address: String,
    /// Whether its web servers run.
    up: bool,
    // Last, since the account's home is below it.
    scratch: Scratch,
}

impl World {
    fn start() -> Self {
        let scratch = Scratch::new();
        let home = scratch.path().join("home");
        let account = Account::create(&home);
        let network = Network::pick(1);
        let address = format!("{}:{}", network.addresses[0], network.http);
        let world = Self { account, address, up: true, scratch };
        world.root("chmod 711 \"$SCRATCH\" && mkdir -p \"$SCRATCH/web/tmp\" \"$SCRATCH/bin\"");
        for name in ["mkt-pack", "tracker-publish", "fleet-push", "swap-release"] {
            fs::copy(bin(name), world.scratch.path().join("bin").join(name)).unwrap();
        }
        world.serve("site/current");
        world.health("contains = \"{release}\"");
        world.root("install -d -o \"$ACCOUNT\" \"$SITE\" \"$SCRATCH/agent\" && chown -R \"$ACCOUNT\": \"$SCRATCH/agent\"");
        world
    }

    fn site(&self) -> PathBuf {
        self.scratch.path().join("home/site")
    }

    /// The document root, below the account's home.
    fn serve(&self, root: &str) {
        let (dir, home) = (self.scratch.path().display().to_string(), self.scratch.path().join("home"));
        let (address, port) = self.address.split_once(':').unwrap();
        let root = home.join(root).display().to_string();
        // The template serves `current` of a site.
        let deploy_to = root.strip_suffix("/current").unwrap_or(&root);
        let values = [
            ("DIR", dir.as_str()),
            ("ADDRESS", address),
            ("HTTP_PORT", port),
            ("DEPLOY_TO", deploy_to),
            ("DOCROOT", ""),
        ];
        let web = self.scratch.path().join("web");
        let fill = |template: &str, file: &str, user: &str| {
            let values: Vec<_> = values.into_iter().chain([("USER", user)]).collect();
            template::fill(template, &web.join(file), &values);
        };
        fill("nginx.conf.in", "nginx.conf", "user www-data;");
        let pool = "user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data";
        fill("php-fpm.conf.in", "php-fpm.conf", pool);
    }

    /// Writes fleet.toml with these keys of `[health]`.
    fn health(&self, keys: &str) {
        let (site, program) = (self.site(), self.scratch.path().join("bin/swap-release"));
        let text = format!(
            "[site]\ndeploy_to = \"{}\"\nshared = [\"files/\"]\n[defaults]\nssh_config = \"none\"\nuser = \"{}\"\n\
             swap_release = \"{}\"\n[tracker]\nmode = \"none\"\n[health]\nurl = \"http://{}/\"\nattempts = 3\n\
             interval = \"100ms\"\n{keys}\n[hosts.web1]\naddress = \"127.0.0.1\"\nlocal = true\n",
            site.display(),
            self.account.name(),
            program.display(),
            self.address
        );
        fs::create_dir_all(self.scratch.path().join("agent")).unwrap();
        fs::write(self.scratch.path().join("agent/fleet.toml"), text).unwrap();
    }

    #[track_caller]
    fn root(&self, line: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("SCRATCH", self.scratch.path()).env("SITE", self.site());
        let output = command.env("ACCOUNT", self.account.name()).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a line as the account, with the servers up; gives its exit code and what it said.
    fn run(&self, line: &str) -> (Option<i32>, String, String) {
        let servers = if self.up {
            "\"$PHP\" --nodaemonize --fpm-config \"$SCRATCH/web/php-fpm.conf\" >\"$SCRATCH/web/php.log\" 2>&1 & \
             \"$NGINX\" -e \"$SCRATCH/web/nginx.log\" -p \"$SCRATCH/web\" -c \"$SCRATCH/web/nginx.conf\" 2>/dev/null & \
             n=0; until [ -S \"$SCRATCH/web/fpm.sock\" ] && [ -s \"$SCRATCH/web/nginx.pid\" ] || [ $n -gt 200 ]; do sleep \
             0.05; n=$((n+1)); done; "
        } else {
            ""
        };
        let script = format!(
            "rm -f \"$SCRATCH/web/fpm.sock\" \"$SCRATCH/web/nginx.pid\"; {servers}cd \"$SCRATCH/agent\" && exec runuser -u \"$ACCOUNT\" -- env \
             PATH=\"$SCRATCH/bin:$PATH\" HOME=\"$SCRATCH/home\" sh -c \"$LINE\""
        );
        let mut command = Command::new("unshare");
        // With the first process gone, the kernel ends the servers.
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", &script]);
        command.env("SCRATCH", self.scratch.path()).env("ACCOUNT", self.account.name()).env("LINE", line);
        command.env("PHP", peers::need("php-fpm")).env("NGINX", peers::need("nginx"));
        for variable in ["MKT_FLEET", "MKT_RECORDS", "BUILD_TAG"] {
            command.env_remove(variable);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// One check of doctor.
    #[track_caller]
    fn check(&self, name: &str) -> Value {
        let (_, json, said) = self.run("fleet-push doctor --fleet fleet.toml --json");
        let told: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}\n{said}"));
        let checks = told["hosts"][0]["checks"].as_array().unwrap().clone();
        let found = checks.iter().find(|check| check["check"] == name).cloned();
        found.unwrap_or_else(|| panic!("no {name}: {checks:#?}"))
    }

    #[track_caller]
    fn expect(&self, name: &str, verdict: &str, words: &str) -> Value {
        let check = self.check(name);
        assert_eq!(check["verdict"], verdict, "{check:#}");
        assert!(check["found"].as_str().unwrap().contains(words), "{words}: {check:#}");
        check
    }

    /// Runs the commands of a check that are for root, as they are printed.
    #[track_caller]
    fn carry_out(&self, check: &Value) {
        let commands = check["commands"].as_array().unwrap();
        assert!(commands.iter().all(|command| command["place"] == "root"), "{check:#}");
        commands.iter().for_each(|command| self.root(command["command"].as_str().unwrap()));
    }

    #[track_caller]
    fn deploy(&self, id: &str) {
        let tree = self.scratch.path().join("agent/tree");
        fs::create_dir_all(&tree).unwrap();
        let page =
            format!("<?php echo 'release {id}'; file_put_contents(__DIR__ . '/files/upload', '{id}');\n");
        fs::write(tree.join("index.php"), page).unwrap();
        let line = format!(
            "mkt-pack tree --release-id {id} && tracker-publish --fleet fleet.toml && fleet-push --fleet fleet.toml && \
             swap-release activate --fleet fleet.toml && fleet-push doctor --fleet fleet.toml"
        );
        let (code, _, said) = self.run(&line);
        assert_eq!(code, Some(0), "{said}");
        let upload = fs::read_to_string(self.site().join("shared/files/upload"));
        assert_eq!(upload.unwrap_or_default(), id, "what PHP writes arrives");
    }
}

#[test]
fn what_keeps_web_servers_out_is_told_and_each_remedy_helps() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "namespaces need root") {
        return;
    }
    let mut world = World::start();
    // The site is below a home that only its owner may enter: no page could be served.
    world.root("chmod 700 \"$SCRATCH/home\"");
    let closed = world.expect("web-server-reads", "fault", "may not enter");
    assert!(closed["found"].as_str().unwrap().contains("`www-data`"), "{closed:#}");
    world.carry_out(&closed);
    world.expect("web-server-reads", "ok", "can enter");
    // The first release would make a directory that PHP cannot write to.
    let missing = world.expect("web-server-writes", "warning", "is not there");
    world.carry_out(&missing);
    world.expect("web-server-writes", "ok", "can write");
    world.expect("web-server-serves", "unknown", "nothing is live yet");
    world.deploy("w1");
    world.expect("web-server-serves", "ok", "is what is served");
    world.expect("health", "ok", "status 200");

    // Made by root since, as drush does.
    world.root("install -d -o root -m 755 \"$SITE/shared/files/css\" && chmod 755 \"$SITE/shared/files\"");
    let shut = world.expect("web-server-writes", "warning", "(and to 1 more directory in it)");
    world.carry_out(&shut);
    world.expect("web-server-writes", "ok", "can write");
    // An access list goes before the mode.
    if peers::skip_unless(module_path!(), peers::find("setfacl").is_some(), "not installed: acl") {
        world.root("setfacl -m u:www-data:r-x \"$SITE/shared/files\"");
        let listed = world.expect("web-server-writes", "warning", "cannot write to");
        assert!(listed["commands"].to_string().contains("setfacl -R -m "), "{listed:#}");
        world.carry_out(&listed);
        world.expect("web-server-writes", "ok", "can write");
    }
    world.deploy("w2");

    // A check that fails today is told today; so is a server that is down.
    world.health("contains = \"another site\"");
    let health = world.expect("health", "fault", "what is live fails the check");
    assert!(health["commands"].to_string().contains("curl -sS -i "), "{health:#}");
    world.up = false;
    world.health("contains = \"{release}\"");
    world.expect("health", "fault", "does not answer");
    world.up = true;
    world.expect("health", "ok", "status 200");

    // Without a word of the release in [health], a file says whose pages these are.
    world.health("contains = \"release\"");
    world.expect("web-server-serves", "ok", "is what is served");
    world.root("mkdir -p \"$SCRATCH/home/old/current\" && echo '<?php echo \"release old\";' >\"$SCRATCH/home/old/current/index.php\"");
    world.serve("old/current");
    let elsewhere = world.expect("web-server-serves", "fault", "did not come back");
    assert!(elsewhere["remedy"].as_str().unwrap().contains("document root"), "{elsewhere:#}");
    world.serve("site/current");
    world.expect("web-server-serves", "ok", "is what is served");
    assert_eq!(left(&world.site().join("current")), Vec::<String>::new());
    world.deploy("w3");

    // A configuration in which one request meets two releases; the remedy names the line.
    world.root(
        "sed -i.good -e '/set $release/d' -e 's/root $release;//' -e 's/$release/$document_root/g' \"$SCRATCH/web/nginx.conf\"",
    );
    let mixed = world.expect("web-server-config", "warning", "nginx.conf");
    assert!(mixed["remedy"].as_str().unwrap().contains("correct the lines that are named"), "{mixed:#}");
    let command = mixed["commands"][0]["command"].as_str().unwrap();
    let (code, named, said) = world.run(command);
    assert_eq!(code, Some(10), "{said}");
    assert!(named.contains("web/nginx.conf:"), "{named}");
    world.root("mv \"$SCRATCH/web/nginx.conf.good\" \"$SCRATCH/web/nginx.conf\"");
    world.expect("web-server-config", "ok", "nothing found that mixes releases");
    world.deploy("w4");
}

/// Files of doctor's that are still there.
fn left(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.contains("mkt-")).collect()
}
