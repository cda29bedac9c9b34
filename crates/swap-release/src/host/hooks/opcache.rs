//! opcache_reset() in a running php-fpm, by FastCGI. The command line's PHP has an opcache of its own: resetting that
//! one would do nothing for visitors. Neither would that of another site's php-fpm, which says "reset" just the same: so
//! it must be shown that the one that was reached runs this site.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use fastcgi_client::{Client, Params, Request};
use futures_lite::future::block_on;
use futures_lite::io::{AssertAsync, empty};

use crate::host::lint;
use crate::host::site::Paths;

/// Answers in words that nothing else says by chance: whether opcache is there, and whether it holds files of the site,
/// apart from this script. It resets only when the query says so.
const SCRIPT: &str = r#"<?php
header('Content-Type: text/plain');
$site = realpath(dirname(__DIR__));
if (!function_exists('opcache_get_status')) {
    exit("mkt: none\n");
}
$status = @opcache_get_status(true);
if ($_SERVER['QUERY_STRING'] === 'reset') {
    exit(@opcache_reset() ? "mkt: reset\n" : "mkt: refused\n");
}
if ($status === false) {
    exit(ini_get('opcache.restrict_api') ? "mkt: refused\n" : "mkt: off\n");
}
foreach ($status['scripts'] ?? [] as $path => $script) {
    $path = $script['full_path'] ?? $path;
    foreach (["$site/releases/", "$site/current/", "$site/shared/"] as $folder) {
        if (strpos($path, $folder) === 0) {
            exit("mkt: ours\n");
        }
    }
}
exit("mkt: unknown\n");
"#;

/// Resets the cache of the php-fpm that listens at `fpm`, a socket's path or `host:port`, if that runs the site. The script
/// lies in the site for the time of the call.
pub(super) fn reset(paths: &Paths, fpm: &str, timeout: Duration) -> Result<String, String> {
    let folder = paths.state();
    let script = tempfile::Builder::new()
        .prefix(".opcache-")
        .suffix(".php")
        .tempfile_in(&folder)
        .and_then(|mut file| {
            file.write_all(SCRIPT.as_bytes())?;
            // php-fpm runs as another user.
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
            Ok(file)
        })
        .map_err(|error| format!("cannot write below `{}`: {error}", folder.display()))?;
    let ask = |query: &str| request(fpm, script.path(), query, timeout);
    let state = ask("")?;
    let asked = lint::Ask { deploy_to: Some(paths.deploy_to().to_owned()), ..lint::Ask::default() };
    let servers = lint::lint(&asked).unwrap_or_default();
    let proves_nothing = |what: &str| {
        let site = paths.deploy_to().display();
        Err(format!(
            "php-fpm at `{fpm}` {what}: a reset there proves nothing; name the socket to which the web server hands `{site}` \
             (mod_php has none)"
        ))
    };
    match said(&state) {
        Some("refused") => return Err(refused(fpm)),
        Some("ours" | "unknown" | "off" | "none") if servers.hands_to(fpm) => {}
        // It may have run the site once, before the web server knew of another one.
        Some("ours") if servers.is_whole() => {
            let to = if servers.handed_to.is_empty() {
                "mod_php".to_owned()
            } else {
                servers.handed_to.join(", ")
            };
            return proves_nothing(&format!("is not where the web server has the site run, which is {to}"));
        }
        Some("ours") => {}
        Some("unknown") => {
            return proves_nothing(
                "has compiled nothing of this site, and no web server's configuration names it",
            );
        }
        Some("off" | "none") => {
            return proves_nothing("has no opcache, and no web server's configuration names it");
        }
        _ => return Err(format!("php-fpm at `{fpm}` answered: {}", state.trim())),
    }
    match said(&state) {
        Some("off") => return Ok("opcache is off, nothing to reset".into()),
        Some("none") => return Ok("opcache is not loaded, nothing to reset".into()),
        _ => {}
    }
    let answer = ask("reset")?;
    match said(&answer) {
        Some("reset") => Ok("opcache reset".into()),
        Some("refused") => Err(refused(fpm)),
        _ => Err(format!("php-fpm at `{fpm}` answered: {}", answer.trim())),
    }
}

fn refused(fpm: &str) -> String {
    format!("php-fpm at `{fpm}` lets nobody ask or reset opcache here: see opcache.restrict_api")
}

fn said(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| line.strip_prefix("mkt: "))
}

/// One request; the header and body of the answer, or what PHP logged.
fn request(fpm: &str, script: &Path, query: &str, timeout: Duration) -> Result<String, String> {
    let unreachable = |error: std::io::Error| {
        let what = if fpm.starts_with('/') {
            "; with mod_php there is no php-fpm, and nothing to reset"
        } else {
            ""
        };
        format!("cannot reach php-fpm at `{fpm}`: {error}{what}")
    };
    if fpm.starts_with('/') {
        let stream = UnixStream::connect(fpm).map_err(unreachable)?;
        stream.set_read_timeout(Some(timeout)).map_err(unreachable)?;
        stream.set_write_timeout(Some(timeout)).map_err(unreachable)?;
        ask(stream, script, query)
    } else {
        let address = fpm.to_socket_addrs().map_err(unreachable)?.next();
        let address = address.ok_or_else(|| format!("`{fpm}` has no address"))?;
        let stream = TcpStream::connect_timeout(&address, timeout).map_err(unreachable)?;
        stream.set_read_timeout(Some(timeout)).map_err(unreachable)?;
        stream.set_write_timeout(Some(timeout)).map_err(unreachable)?;
        ask(stream, script, query)
    }
}

fn ask<S: Read + Write + Unpin>(stream: S, script: &Path, query: &str) -> Result<String, String> {
    let script = script.to_string_lossy();
    let params = Params::default()
        .request_method("GET")
        .script_filename(&*script)
        .script_name("/opcache-reset.php")
        .request_uri("/opcache-reset.php")
        .query_string(query)
        .server_name("localhost")
        .content_length(0);
    let request = Request::new(params, empty());
    let response = block_on(Client::new(AssertAsync::new(stream)).execute_once(request));
    let response = response.map_err(|error| format!("php-fpm: {error}"))?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    Ok(format!("{}{}", text(response.stdout), text(response.stderr)))
}
