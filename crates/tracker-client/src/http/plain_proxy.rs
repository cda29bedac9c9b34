//! Plain http through a proxy: the whole URL in the request line (RFC 9112, 3.2.2), as proxies expect it.
//!
//! ureq would ask for a tunnel with CONNECT, which proxies as they are installed allow to port 443 only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

/// ureq's own ways, and this one for plain http where a proxy is configured.
#[derive(Debug, Default)]
pub(super) struct Ways(DefaultConnector);

impl Connector<()> for Ways {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        let plain = details.uri.scheme() == Some(&Scheme::HTTP);
        let Some(proxy) = details.config.proxy().filter(|_| plain) else {
            return self.0.connect(details, chained);
        };
        let config = Config::builder().proxy(None).tls_config(details.config.tls_config().clone()).build();
        let to_proxy = ConnectionDetails {
            uri: proxy.uri(),
            addrs: details.resolver.resolve(proxy.uri(), &config, details.timeout)?,
            config: &config,
            request_level: true,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let inner = (details.run_connector)(&to_proxy)?;
        let login = proxy.username().map(|user| {
            let password = proxy.password().unwrap_or_default();
            format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{password}")))
        });
        let (origin, login) = (origin(details.uri), login.unwrap_or_default());
        Ok(Some(Box::new(WholeUrl { inner, origin, login, begun: false })))
    }
}

fn origin(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A user name in it would be for the target, not for the proxy to see.
    format!("http://{}", authority.rsplit('@').next().unwrap_or_default())
}

/// A connection to a proxy. Each serves one request: the client keeps none.
#[derive(Debug)]
struct WholeUrl {
    inner: Box<dyn Transport>,
    /// Scheme, host and port: what the request line lacks.
    origin: String,
    /// The header line for the proxy, or nothing.
    login: String,
    begun: bool,
}

impl Transport for WholeUrl {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let amount = if self.begun {
            amount
        } else {
            self.begun = true;
            complete(self.inner.buffers().output(), amount, &self.origin, &self.login).ok_or_else(too_long)?
        };
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

fn too_long() -> Error {
    Error::ConnectProxyFailed("the request does not fit".to_owned())
}

/// Puts `origin` before the path and `login` behind the first line; gives the new length.
fn complete(buffer: &mut [u8], length: usize, origin: &str, login: &str) -> Option<usize> {
    let head = buffer.get(..length)?;
    let path = head.iter().position(|byte| *byte == b' ')? + 1;
    let headers = head.windows(2).position(|two| two == b"\r\n")? + 2;
    let longer = [
        head.get(..path)?,
        origin.as_bytes(),
        head.get(path..headers)?,
        login.as_bytes(),
        head.get(headers..)?,
    ]
    .concat();
    buffer.get_mut(..longer.len())?.copy_from_slice(&longer);
    Some(longer.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_line_gets_the_whole_url() {
        let head = b"GET /k3y/scrape?a HTTP/1.1\r\nhost: t:81\r\n\r\n";
        let mut buffer = [0; 160];
        buffer[..head.len()].copy_from_slice(head);
        let length = complete(&mut buffer, head.len(), "http://t:81", "Proxy-Authorization: x\r\n").unwrap();
        assert_eq!(
            std::str::from_utf8(&buffer[..length]).unwrap(),
            "GET http://t:81/k3y/scrape?a HTTP/1.1\r\nProxy-Authorization: x\r\nhost: t:81\r\n\r\n"
        );
        assert_eq!(complete(&mut buffer[..head.len()], head.len(), "http://t:81", ""), None, "no room");
        assert_eq!(origin(&"http://u:p@t:81/x".parse().unwrap()), "http://t:81");
    }
}
