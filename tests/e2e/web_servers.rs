//! Each set-up of the guide to web servers, as it stands there, on Debian's packages: releases go back and forth, and no
//! visitor sees an error, parts of two releases, or the former release after the switch. The plain configurations, which
//! everybody has, fail the same test.

use std::fs;

use e2e::web_server::{Kind, Place, WebServer};
use e2e::{Run, bin, http, peers, php_site, visitors};

use crate::needs_peers;

const REQUESTS: usize = 5_000;
const SWITCHES: usize = 20;

/// The servers that only these stories need.
pub(crate) fn needed() -> bool {
    let missing: Vec<&str> =
        ["apache2", "caddy"].into_iter().filter(|program| peers::find(program).is_none()).collect();
    peers::skip_unless("web servers", missing.is_empty(), &format!("not installed: {}", missing.join(", ")))
}

/// A configuration as PHP sites often have it: no file is looked at again.
pub(crate) const KEPT: &str = "php_admin_value[opcache.validate_timestamps] = 0\n";

/// A fleet of this one machine, which asks the page which release it is of.
pub(crate) fn fleet(place: &Place, more: &str) {
    let (deploy_to, address, port) = (place.deploy_to.display(), &place.address, place.port);
    let text = format!(
        "[site]\ndeploy_to = \"{deploy_to}\"\n[defaults]\nssh_config = \"none\"\nswap_release = \"{}\"\n\
         [health]\nurl = \"http://{address}:{port}/node/1\"\ncontains = \"index: {{release}}\"\ninterval = \"50ms\"\n\
         [hosts.here]\naddress = \"{address}\"\nlocal = true\n{more}",
        bin("swap-release").display(),
    );
    fs::write(place.dir().join("fleet.toml"), text).unwrap();
}

pub(crate) fn swap(place: &Place, id: &str) -> Run {
    Run::new(bin("swap-release"), place.dir()).args([
        "rollback",
        id,
        "--fleet",
        "fleet.toml",
        "--records",
        "r",
    ])
}

/// The hook of the guide, run by whoever runs the tests.
fn hook(place: &Place) -> String {
    let ours = format!("\"{}\"", bin("swap-release").display());
    let hook = place.guide("hook").replace("\"sudo\", \"-n\", \"/usr/local/bin/swap-release\"", &ours);
    hook.replace(
        "site.conf\"]",
        &format!("site-define.conf\", \"--apachectl\", \"{}\"]", place.apachectl().display()),
    )
}

/// The file that is defined has a name of its own here.
pub(crate) fn apache(place: &Place, block: &str) -> String {
    place.guide(block).replacen("/site.conf", "/site-define.conf", 1)
}

fn prove(place: &Place, kind: Kind, server: &WebServer) {
    let switch = |id: &str| drop(swap(place, id).output().ok());
    let started = std::time::Instant::now();
    let seen = visitors::visit(&server.url, REQUESTS, SWITCHES, &switch);
    eprintln!("{kind:?}: {seen:?} in {:?}", started.elapsed());
    seen.assert_whole(&format!("{kind:?}"));
}

#[test]
fn nginx_that_resolves_the_link_once_serves_whole_releases() {
    needs_peers!();
    let place = Place::new(&[]);
    place.configure(Kind::Nginx, &place.guide("nginx"));
    fleet(&place, "");
    let server = place.start(Kind::Nginx, KEPT);
    prove(&place, Kind::Nginx, &server);
}

#[test]
fn caddy_that_resolves_the_link_serves_whole_releases() {
    needs_peers!();
    if !needed() {
        return;
    }
    let place = Place::new(&[]);
    place.configure(Kind::Caddy, &place.guide("caddy"));
    fleet(&place, "");
    let server = place.start(Kind::Caddy, KEPT);
    prove(&place, Kind::Caddy, &server);
}

/// Apache by the real path, with its hook.
fn by_the_real_path(kind: Kind, block: &str) -> (Place, WebServer) {
    let place = Place::new(&[]);
    let keep =
        if kind == Kind::ApacheModPhp { "php_admin_value opcache.validate_timestamps 0\n" } else { "" };
    place.configure(kind, &format!("{}{keep}", apache(&place, block)));
    fleet(&place, &hook(&place));
    // As in the guide: once, before Apache runs. It says so.
    let define = place.web().join("site-define.conf");
    let first = Run::new(bin("swap-release"), place.dir())
        .args(["apache", "--deploy-to"])
        .arg(&place.deploy_to)
        .arg("--define")
        .arg(&define)
        .arg("--apachectl")
        .arg(place.apachectl());
    first.output().exits(10).says("it does not run");
    let server = place.start(kind, KEPT);
    (place, server)
}

#[test]
fn apache_with_mod_php_serves_whole_releases_and_a_bad_configuration_takes_the_switch_back() {
    needs_peers!();
    if !needed() {
        return;
    }
    let (place, server) = by_the_real_path(Kind::ApacheModPhp, "apache-mod_php");
    prove(&place, Kind::ApacheModPhp, &server);

    // Somebody has broken another site's configuration: the hook fails, and nothing of the new release is served.
    let page = || http::get(&format!("{}/node/1", server.url)).body;
    assert!(page().contains("index: r1"), "{}", page());
    let defined = fs::read_to_string(place.web().join("site-define.conf")).unwrap();
    let site = place.web().join("site.conf");
    let good = fs::read_to_string(&site).unwrap();
    fs::write(&site, format!("{good}\nNoSuchDirective on\n")).unwrap();
    swap(&place, "r2").output().exits(40).says("NoSuchDirective");
    assert_eq!(fs::read_to_string(place.web().join("site-define.conf")).unwrap(), defined);
    assert!(page().contains("index: r1"), "{}", page());

    let again = || php_site::stage_again(place.dir(), &place.deploy_to, "r2", &[]);

    // Nothing includes the file: writing it would change nothing.
    fs::write(&site, good.replace("IncludeOptional", "#IncludeOptional")).unwrap();
    again();
    swap(&place, "r2").output().exits(40).says("does not take SITE from");
    fs::write(&site, good).unwrap();

    // A release that is not well: after-revert has Apache serve the former one again.
    fleet(&place, &hook(&place));
    let toml = fs::read_to_string(place.dir().join("fleet.toml")).unwrap();
    fs::write(
        place.dir().join("fleet.toml"),
        toml.replace("contains = \"index: {release}\"", "contains = \"index: r1\"\nattempts = 2"),
    )
    .unwrap();
    again();
    swap(&place, "r2").output().exits(40).says("not healthy");
    assert!(page().contains("index: r1"), "{}", page());
    assert_eq!(fs::read_to_string(place.web().join("site-define.conf")).unwrap(), defined);
}

#[test]
fn apache_with_php_fpm_serves_whole_releases() {
    needs_peers!();
    if !needed() {
        return;
    }
    let (place, server) = by_the_real_path(Kind::ApacheFpm, "apache-fpm");
    prove(&place, Kind::ApacheFpm, &server);
}
