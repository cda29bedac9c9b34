//! opcache_reset() in a running php-fpm, by FastCGI. The command line's PHP has an opcache of its own: resetting that
//! one would do nothing for visitors.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use fastcgi_client::{Client, Params, Request};
use futures_lite::future::block_on;
use futures_lite::io::{AssertAsync, empty};

/// Answers in words that nothing else says by chance.
const SCRIPT: &str = "<?php\nheader('Content-Type: text/plain');\n\
    echo function_exists('opcache_reset') ? (opcache_reset() ? 'mkt: reset' : 'mkt: off') : 'mkt: none';\n";

/// Resets the cache of the php-fpm that listens at `fpm`, a socket's path or `host:port`. The script lies in `folder`
/// for the time of the call.
pub(super) fn reset(folder: &Path, fpm: &str, timeout: Duration) -> Result<String, String> {
    let script = tempfile::Builder::new()
        .prefix(".opcache-")
        .suffix(".php")
        .tempfile_in(folder)
        .and_then(|mut file| {
            file.write_all(SCRIPT.as_bytes())?;
            // php-fpm runs as another user.
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
            Ok(file)
        })
        .map_err(|error| format!("cannot write below `{}`: {error}", folder.display()))?;
    let unreachable = |error: std::io::Error| format!("cannot reach php-fpm at `{fpm}`: {error}");
    let answer = if fpm.starts_with('/') {
        let stream = UnixStream::connect(fpm).map_err(unreachable)?;
        stream.set_read_timeout(Some(timeout)).map_err(unreachable)?;
        stream.set_write_timeout(Some(timeout)).map_err(unreachable)?;
        ask(stream, script.path())
    } else {
        let address = fpm.to_socket_addrs().map_err(unreachable)?.next();
        let address = address.ok_or_else(|| format!("`{fpm}` has no address"))?;
        let stream = TcpStream::connect_timeout(&address, timeout).map_err(unreachable)?;
        stream.set_read_timeout(Some(timeout)).map_err(unreachable)?;
        stream.set_write_timeout(Some(timeout)).map_err(unreachable)?;
        ask(stream, script.path())
    }?;
    match answer {
        answer if answer.contains("mkt: reset") => Ok("opcache reset".into()),
        answer if answer.contains("mkt: off") => Ok("opcache is off, nothing to reset".into()),
        answer if answer.contains("mkt: none") => Ok("opcache is not loaded, nothing to reset".into()),
        answer => Err(format!("php-fpm at `{fpm}` answered: {}", answer.trim())),
    }
}

/// One request for `script`; the header and body of the answer, or what PHP logged.
fn ask<S: Read + Write + Unpin>(stream: S, script: &Path) -> Result<String, String> {
    let script = script.to_string_lossy();
    let params = Params::default()
        .request_method("GET")
        .script_filename(&*script)
        .script_name("/opcache-reset.php")
        .request_uri("/opcache-reset.php")
        .server_name("localhost")
        .content_length(0);
    let request = Request::new(params, empty());
    let response = block_on(Client::new(AssertAsync::new(stream)).execute_once(request));
    let response = response.map_err(|error| format!("php-fpm: {error}"))?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    Ok(format!("{}{}", text(response.stdout), text(response.stderr)))
}
