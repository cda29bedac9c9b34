//! What `swap-release lint` says of a web server that runs, held against what visitors of that server see; and what it
//! advises, tried.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use e2e::web_server::{Kind, Place, WebServer};
use e2e::{Output, Run, bin, http, peers, visitors};

use crate::needs_peers;
use crate::web_servers::{KEPT, apache, fleet, needed, swap};

/// What visitors see while releases go back and forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sees {
    /// Parts of two releases, long after the switch.
    Mixtures,
    /// At most what was under way in the moment of a switch.
    Few,
    /// Whole releases.
    Whole,
}

fn lint(place: &Place, more: &[&str]) -> Output {
    let run = Run::new(bin("swap-release"), place.dir()).args(["lint", "--deploy-to"]);
    let output = run.arg(&place.deploy_to).args(more).output();
    // What it found is on standard output; here all counts that it says.
    Output { stderr: format!("{}{}", output.stdout, output.stderr), ..output }
}

/// A server with this configuration: lint says `says`, or nothing if that is empty, and visitors see `sees`.
#[track_caller]
fn tried(place: &Place, kind: Kind, site: &str, pool: &str, says: &str, sees: Sees) {
    place.configure(kind, &place.fill(site));
    let server = place.start(kind, pool);
    let said = lint(place, &[]);
    if says.is_empty() {
        let said = said.ok();
        assert!(said.stderr.contains("nothing found"), "{}", said.stderr);
    } else {
        said.exits(10).says(says);
    }
    let switch = |id: &str| e2e::php_site::switch(place.dir(), &place.deploy_to, id);
    const SWITCHES: usize = 2;
    let seen = visitors::visit(&server.url, 320, SWITCHES, &switch);
    let under_way = SWITCHES * visitors::VISITORS;
    let bad = seen.mixed + seen.old;
    assert_eq!(seen.failed, 0, "{seen:?}");
    match sees {
        Sees::Mixtures => assert!(bad > 2 * under_way, "{kind:?} {site}: {seen:?}"),
        Sees::Few => assert!(bad <= under_way, "{kind:?} {site}: {seen:?}"),
        Sees::Whole => assert_eq!(bad, 0, "{kind:?} {site}: {seen:?}"),
    }
}

/// The first lines of a page of nginx after a switch from `r1` to `r2`; lint says `says`.
#[track_caller]
fn after_a_switch(place: &Place, site: &str, page: &str, says: &str) -> BTreeSet<String> {
    place.configure(Kind::Nginx, site);
    let server = place.start(Kind::Nginx, KEPT);
    let said = lint(place, &[]);
    assert!(said.stderr.contains(says), "{}", said.stderr);
    // Each process of nginx keeps files of its own.
    let ask = || {
        let line = |_| {
            http::get(&format!("{}{page}", server.url)).body.lines().next().unwrap_or_default().to_owned()
        };
        (0..20).map(line).collect::<BTreeSet<String>>()
    };
    assert_eq!(ask().len(), 1);
    e2e::php_site::switch(place.dir(), &place.deploy_to, "r2");
    let after = ask();
    e2e::php_site::switch(place.dir(), &place.deploy_to, "r1");
    after
}

#[test]
fn of_nginx_and_caddy_it_says_mixes_where_they_mix_and_nothing_where_they_do_not() {
    needs_peers!();
    if !needed() {
        return;
    }
    let place = Place::new(&[]);
    let good = place.guide("nginx");
    let plain = good
        .replace("set $release $realpath_root_once;", "")
        .replace("root $release;", "")
        .replace("$release", "$document_root");
    // Told before the first switch: by doctor, and by the switch itself.
    place.configure(Kind::Nginx, &plain);
    fleet(&place, "");
    let server = place.start(Kind::Nginx, KEPT);
    let doctor = Run::new(bin("fleet-push"), place.dir()).args(["doctor", "--fleet", "fleet.toml"]);
    doctor.output().ok().answers("web-server-config: ").answers("visitors get parts of two releases");
    let told = "here: visitors will see the switch: ";
    swap(&place, "r2").output().says(told).says("visitors get parts of two releases");
    // The former index.php may be kept there under the name of the link: then this one is not even well.
    let second = swap(&place, "r1").output();
    assert!(matches!(second.code, Some(0 | 40)), "{second:?}");
    drop(server);
    e2e::php_site::stage_again(place.dir(), &place.deploy_to, "r1", &[]);
    e2e::php_site::switch(place.dir(), &place.deploy_to, "r1");

    tried(&place, Kind::Nginx, &plain, KEPT, "SCRIPT_FILENAME by $document_root", Sees::Mixtures);
    // The include after the parameters: the last one counts, and it is the plain one.
    let late = plain
        .replace("include /etc/nginx/fastcgi_params;\n", "")
        .replace("fastcgi_pass", "include /etc/nginx/fastcgi.conf;\n        fastcgi_pass");
    tried(&place, Kind::Nginx, &late, KEPT, "/etc/nginx/fastcgi.conf:", Sees::Mixtures);
    // Static files that are kept open.
    let open = good.replace("server {", "open_file_cache max=100;\nopen_file_cache_min_uses 1;\nserver {");
    tried(&place, Kind::Nginx, &open, KEPT, "", Sees::Whole);
    let kept = open.replacen("root $release;", "", 1);
    let after = after_a_switch(&place, &kept, "/static.txt", "open_file_cache keeps static files");
    assert!(after.contains("static: r1"), "the former release's: {after:?}");
    // Resolved at each use: too short a moment to be seen here for sure.
    let twice = good
        .replace("set $release $realpath_root_once;", "")
        .replace("root $release;", "")
        .replace("$release", "$realpath_root");
    tried(&place, Kind::Nginx, &twice, KEPT, "$realpath_root is resolved anew here", Sees::Few);
    // All parameters are made at one moment, as in what most guides show.
    let once = twice.lines().filter(|line| !line.contains("add_header")).collect::<Vec<_>>().join("\n");
    tried(&place, Kind::Nginx, &once, KEPT, "", Sees::Whole);
    let set = good.replace("$realpath_root_once;", "$realpath_root;");
    tried(&place, Kind::Nginx, &set, KEPT, "set resolves $realpath_root twice", Sees::Few);

    let good = place.guide("caddy");
    tried(
        &place,
        Kind::Caddy,
        &good.replace("resolve_root_symlink", ""),
        KEPT,
        "say `resolve_root_symlink`",
        Sees::Mixtures,
    );
    tried(&place, Kind::Caddy, &good, KEPT, "", Sees::Whole);
}

#[test]
fn what_keeps_parts_of_a_release_behind_a_good_configuration_is_told_and_what_helps_is_whole() {
    needs_peers!();
    if !needed()
        || !peers::skip_unless(module_path!(), peers::is_root(), "chroot and other accounts need root")
    {
        return;
    }
    let place = Place::new(&[]);
    let (good, web) = (place.guide("nginx"), place.web());
    // Pages that nginx keeps, and the key that is advised.
    let zone = format!("fastcgi_cache_path {} keys_zone=pages:1m;\n", web.join("pages").display());
    let cached = |key: &str| {
        let lines = format!(
            "fastcgi_cache pages;\nfastcgi_cache_valid 200 10m;\nfastcgi_cache_key {key};\nlocation /"
        );
        zone.clone() + &good.replacen("location /", &lines, 1)
    };
    let after = |key: &str, says: &str| after_a_switch(&place, &cached(key), "/", says);
    let told = after("\"$scheme$request_method$host$request_uri\"", "fastcgi_cache goes on giving pages");
    assert!(told.contains("index: r1"), "the former release's: {told:?}");
    let whole = after("\"$release$scheme$request_method$host$request_uri\"", "nothing found");
    assert_eq!(whole.into_iter().collect::<Vec<_>>(), ["index: r2"]);
    // What PHP loads when it starts.
    let class = place.deploy_to.join("current/web/src/Part.php");
    let ini = format!("opcache.preload = {}\nopcache.preload_user = www-data\n", class.display());
    fs::write(web.join("php.ini"), ini).unwrap();
    tried(&place, Kind::Nginx, &good, KEPT, "opcache.preload is run when PHP starts", Sees::Mixtures);
    fs::remove_file(web.join("php.ini")).unwrap();
    // A php-fpm that sees the site as `/`.
    let pool = format!("{KEPT}\nchroot = {}\nchdir = /", place.deploy_to.display());
    let inside = good.replace("set $release $realpath_root_once;", "").replace("root $release;", "");
    let link = inside.replace("$release", "/current/web");
    tried(&place, Kind::Nginx, &link, &pool, "php-fpm is in `", Sees::Mixtures);
    let site = place.deploy_to.display();
    let map = format!("map $realpath_root $release {{ \"~^{site}(?<inside>/.*)$\" $inside; }}\n");
    tried(&place, Kind::Nginx, &(map + &inside), &pool, "", Sees::Whole);
}

#[test]
fn of_apache_it_says_mixes_where_it_mixes_and_what_the_way_without_root_leaves() {
    needs_peers!();
    if !needed() {
        return;
    }
    let place = Place::new(&[]);
    fs::write(place.web().join("prepend.php"), place.guide("prepend")).unwrap();
    let rootless = place.guide("rootless-mod_php");
    let without = |words: &[&str]| {
        let keep = |line: &&str| !words.iter().any(|word| line.contains(word));
        rootless.lines().filter(keep).collect::<Vec<_>>().join("\n") + "\n"
    };
    let kind = Kind::ApacheModPhp;
    tried(
        &place,
        kind,
        &without(&["php_admin"]),
        "",
        "PHP keeps for minutes what it once found there",
        Sees::Mixtures,
    );
    let only = without(&["realpath_cache_size", "auto_prepend"]);
    tried(&place, kind, &only, "", "opcache.revalidate_path is not enough", Sees::Mixtures);
    tried(
        &place,
        kind,
        &without(&["auto_prepend"]),
        "",
        "where it uses DOCUMENT_ROOT or SCRIPT_FILENAME",
        Sees::Few,
    );
    tried(&place, kind, &rootless, "", "the .htaccess of one release and the page of the other", Sees::Few);

    // Settings that look like those and are not: 0 seconds are for ever, and php_value may not set what is the system's.
    let ever = rootless.replace("realpath_cache_size 0", "realpath_cache_ttl 0");
    tried(&place, kind, &ever, "", "opcache.revalidate_path is not enough", Sees::Mixtures);
    let nobody = rootless.replace("php_admin_value realpath", "php_value realpath");
    tried(&place, kind, &nobody, "", "opcache.revalidate_path is not enough", Sees::Mixtures);

    let kind = Kind::ApacheFpm;
    let handler = "<FilesMatch \"\\.php$\">\nSetHandler \"proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost\"\n</FilesMatch>\n</VirtualHost>";
    let by_fpm = without(&["php_admin"]).replace("</VirtualHost>", handler);
    tried(&place, kind, &by_fpm, KEPT, "PHP keeps for ever what it once found there", Sees::Mixtures);
    let pool = place.guide("rootless-pool");
    tried(&place, kind, &by_fpm, &pool, "the .htaccess of one release and the page of the other", Sees::Few);
    // With open_basedir PHP keeps no paths.
    let dirs = format!("php_admin_value[open_basedir] = {}", place.dir().display());
    let basedir = pool.replace("php_admin_value[realpath_cache_size] = 0", &dirs);
    tried(
        &place,
        kind,
        &by_fpm,
        &basedir,
        "the .htaccess of one release and the page of the other",
        Sees::Few,
    );
    // The path that PHP gets is that of the proxied address.
    let address = "ProxyPassMatch \"^/(.*\\.php)$\" \"unix:/run/php/php8.2-fpm.sock|fcgi://localhost/srv/site/current/web/$1\"\n</VirtualHost>";
    let proxied = without(&["php_admin"]).replace("</VirtualHost>", &place.fill(address));
    tried(&place, kind, &proxied, KEPT, "/web/ leads through the link: PHP keeps for ever", Sees::Mixtures);
}

/// What an Apache that runs answers.
fn status(server: &WebServer, path: &str) -> u16 {
    http::get(&format!("{}{path}", server.url)).status
}

#[test]
fn what_shuts_a_site_under_apache_is_told_and_what_it_advises_opens_it() {
    needs_peers!();
    if !needed() || !peers::skip_unless(module_path!(), peers::is_root(), "files of other owners need root") {
        return;
    }
    let place = Place::new(&["web/files/"]);
    let (kind, deploy_to) = (Kind::ApacheModPhp, place.deploy_to.display().to_string());
    fs::create_dir_all(place.deploy_to.join("shared/web/files")).unwrap();
    fs::write(place.deploy_to.join("shared/web/files/upload.txt"), "an upload").unwrap();
    let chown = |owner: &str, path: &str| {
        let status =
            Command::new("chown").args(["-h", owner]).arg(place.deploy_to.join(path)).status().unwrap();
        assert!(status.success());
    };
    // Each: the configuration, a page that it shuts and how, what lint says, and what it advises in its place.
    let through = apache(&place, "rootless-mod_php");
    let real = apache(&place, "apache-mod_php");
    let define = format!("Define SITE \"{deploy_to}/releases/r1\"\n");
    fs::write(place.web().join("site-define.conf"), &define).unwrap();
    fs::write(place.web().join("prepend.php"), place.guide("prepend")).unwrap();
    let grant = format!("<Directory \"{deploy_to}/current/web\">");
    let cases = [
        (
            through.replace(&grant, &format!("<Directory \"{deploy_to}/releases\">")),
            "/",
            403,
            "a grant counts by the name",
            through.clone(),
        ),
        (
            through.replace("Options FollowSymLinks", "Options None"),
            "/",
            403,
            "no link is followed",
            through.clone(),
        ),
        (
            real.replace("Options FollowSymLinks", "Options None"),
            "/files/upload.txt",
            403,
            "no link is followed, and links into shared/",
            real.clone(),
        ),
        (
            real.replace("Options FollowSymLinks", "Options SymLinksIfOwnerMatch"),
            "/files/upload.txt",
            403,
            "different owners",
            real.clone(),
        ),
        (
            real.replace("AllowOverride All", "AllowOverride None"),
            "/node/1",
            404,
            "clean URLs answer 404",
            real.clone(),
        ),
    ];
    chown("www-data", "shared/web/files");
    for (shut, page, answer, says, open) in cases {
        place.configure(kind, &shut);
        let server = place.start(kind, "");
        assert_eq!(status(&server, page), answer, "{shut}");
        lint(&place, &[]).exits(10).says(says);
        drop(server);
        place.configure(kind, &open);
        let server = place.start(kind, "");
        assert_eq!(status(&server, page), 200, "{open}");
        let told = lint(&place, &[]);
        assert!(!told.stderr.contains(says), "{}", told.stderr);
    }

    // A setting of mod_php where there is none: Apache does not start.
    let handler = place.guide("apache-fpm");
    let wrong = handler
        .replace("/site.conf", "/site-define.conf")
        .replace("</VirtualHost>", "php_admin_flag opcache.revalidate_path on\n</VirtualHost>");
    place.configure(Kind::ApacheFpm, &wrong);
    let test = Command::new(place.apachectl()).arg("-t").output().unwrap();
    assert!(!test.status.success(), "{test:?}");
    let main = place.main_file(Kind::ApacheFpm).display().to_string();
    lint(&place, &[&main]).exits(10).says("exists with mod_php only");

    // What the web server says of the release is no proof that PHP runs it.
    place.configure(kind, &real);
    let server = place.start(kind, "");
    lint(&place, &["--header", "X-Htaccess"]).exits(10).says(".htaccess sets the header X-Htaccess itself");
    lint(&place, &["--header", "X-Release-Php"]).ok().says("by its real path: Apache");
    // A switch that nobody told Apache of.
    e2e::php_site::switch(place.dir(), &place.deploy_to, "r2");
    lint(&place, &[]).exits(10).says("Apache serves release `r1`, and `current` is `r2`");
    assert!(http::get(&format!("{}/", server.url)).body.contains("index: r1"));
}
