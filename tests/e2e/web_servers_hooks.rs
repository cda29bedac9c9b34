//! Hooks that speak to php-fpm: they count only where they reach the PHP of the site, and harm no visitor. And the line
//! for sudo that the guide shows.

use std::fs;
use std::process::Command;

use e2e::web_server::{self, Kind, Place};
use e2e::{Run, bin, http, peers, visitors};

use crate::needs_peers;
use crate::web_servers::{KEPT, fleet, swap};

#[test]
fn a_hook_that_reaches_another_php_fpm_or_cuts_visitors_off_takes_the_switch_back() {
    needs_peers!();
    let (place, other) = (Place::new(&[]), Place::new(&[]));
    place.configure(Kind::Nginx, &place.guide("nginx"));
    let mut server = place.start(Kind::Nginx, KEPT);
    let stranger = other.start_fpm("", KEPT);
    let hook = |line: &str| format!("[[hooks]]\nphase = \"after-switch\"\n{line}\n");
    let socket = |of: &Place| format!("opcache_reset = \"{}/fpm.sock\"", of.web().display());
    let again = || e2e::php_site::stage_again(place.dir(), &place.deploy_to, "r2", &[]);

    // Another site's php-fpm, which says "reset" to anybody; and one that is not there, as with mod_php.
    fleet(&place, &hook(&socket(&other)));
    swap(&place, "r2").output().exits(40).says("a reset there proves nothing");
    assert!(http::get(&format!("{}/", server.url)).body.contains("index: r1"));
    Run::new(bin("fleet-push"), place.dir())
        .args(["doctor", "--fleet", "fleet.toml"])
        .output()
        .answers("so the hook fails");
    drop(stranger);
    again();
    swap(&place, "r2").output().exits(40).says("with mod_php there is no php-fpm");
    again();

    // The site's own, also when it has compiled nothing yet: the web server's configuration shows it.
    fleet(&place, &hook(&socket(&place)));
    swap(&place, "r2").output().ok();
    swap(&place, "r1").output().ok();

    // A reload that would cut off what is under way.
    let reload = hook(&format!("fpm_reload = \"{}/fpm.pid\"", place.web().display()));
    fleet(&place, &reload);
    swap(&place, "r2").output().exits(40).says("set `process_control_timeout = 10s`");
    Run::new(bin("fleet-push"), place.dir())
        .args(["doctor", "--fleet", "fleet.toml"])
        .output()
        .answers("without process_control_timeout");
    again();
    server.restart_fpm(&place, "process_control_timeout = 10s", KEPT);
    let seen = visitors::visit(&server.url, 800, 4, &|id| drop(swap(&place, id).output().ok()));
    seen.assert_whole("fpm_reload");
}

#[test]
fn the_line_for_sudo_lets_the_deploy_account_do_this_and_nothing_else() {
    needs_peers!();
    let found = ["sudo", "visudo", "apache2"].iter().all(|name| peers::find(name).is_some());
    if !peers::skip_unless(module_path!(), found && peers::is_root(), "sudo, apache2 and root are needed") {
        return;
    }
    let place = Place::new(&[]);
    let line = web_server::guide("sudoers");
    let sudoers = place.dir().join("sudoers");
    fs::write(&sudoers, &line).unwrap();
    let checked = Command::new(peers::need("visudo")).arg("-cf").arg(&sudoers).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");

    // The hook and the line say the same words.
    let hook = web_server::guide("hook");
    let run = hook.lines().find_map(|line| line.strip_prefix("run = [\"sudo\", \"-n\", ")).unwrap();
    let words = run.trim_end_matches(']').replace("\", \"", " ").replace('"', "");
    assert!(line.trim_end().ends_with(&words), "{line} {words}");
    // And so does the unit, which the rule for polkit names.
    let unit = web_server::guide("unit");
    assert!(unit.lines().any(|line| line == format!("ExecStart={words}")), "{unit}");
    assert!(web_server::guide("polkit").contains("\"mkt-apache.service\""));

    // In a mount namespace of its own, where the line, the program and the site are where the guide has them; `deploy` is
    // an account that this machine has for sure.
    let own = fs::read_to_string("/etc/passwd").unwrap();
    let account = own
        .lines()
        .find_map(|line| line.split(':').next().filter(|name| *name == "www-data"))
        .expect("www-data");
    fs::write(&sudoers, line.replace("deploy ALL", &format!("{account} ALL"))).unwrap();
    let script = format!(
        r#"set -e
mount --make-rprivate /
mkdir -p /srv/site /etc/apache2/mkt
mount --bind '{site}' /srv/site
mount -t tmpfs -o mode=755 tmpfs /etc/sudoers.d
install -m 440 '{sudoers}' /etc/sudoers.d/mkt-apache
mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
install -m 755 '{program}' /usr/local/bin/swap-release
mount -t tmpfs -o mode=755 tmpfs /etc/apache2/mkt
as() {{ setpriv --reuid {account} --regid {account} --init-groups "$@"; }}
as sudo -n {words} >/dev/null 2>'{out}' && exit 8
grep -q 'does not take SITE from\|configuration does not hold' '{out}' || {{ cat '{out}' >&2; exit 9; }}
as sudo -n /usr/local/bin/swap-release apache --deploy-to /srv/site --define /etc/passwd 2>/dev/null && exit 10
as sudo -n /bin/true 2>/dev/null && exit 11
exit 0
"#,
        site = place.deploy_to.display(),
        sudoers = sudoers.display(),
        program = bin("swap-release").display(),
        out = place.dir().join("out").display(),
    );
    let made = ["/srv/site", "/etc/apache2/mkt"].map(|path| (path, fs::metadata(path).is_ok()));
    let done = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    // The directories that the script had to make on the machine itself.
    for (path, there) in made {
        if !there {
            let _ = fs::remove_dir(path);
        }
    }
    assert!(done.status.success(), "{done:?}");
}
