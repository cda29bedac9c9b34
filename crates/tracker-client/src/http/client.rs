//! The HTTP client.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::unversioned::resolver::DefaultResolver;

use super::exchange::{exchange, no_answer};
use super::patience::Patience;
use super::plain_proxy::Ways;
use super::proxy::Proxies;
use super::redirect;
use super::request::{Reply, Request};
use super::trust::Trust;
use crate::Error;

/// How often a waiting call looks whether somebody asked to end.
const GLANCE: Duration = Duration::from_millis(20);
/// Time to find out that nobody listens.
const CONNECT: Duration = Duration::from_secs(10);

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    agent: Agent,
    patience: Patience,
    proxies: Proxies,
    cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("patience", &self.patience)
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

impl Http {
    /// A client that goes directly, trusts the public authorities, and ends its calls soon after `cancelled` gives true.
    pub fn new(patience: Patience, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self::over(Proxies::default(), &Trust::public(), patience, cancelled)
    }

    /// A client that goes through `proxies` and believes whom `trust` names.
    pub fn over(
        proxies: Proxies,
        trust: &Trust,
        patience: Patience,
        cancelled: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Not ureq's own reading of the environment; each exchange is told its proxy.
            .proxy(None)
            .tls_config(trust.config())
            // Gazelle throttles the names of common libraries.
            .user_agent(concat!("mkt-tracker-publish/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT.min(patience.timeout)))
            .max_response_header_size(32 * 1024)
            // Ocelot closes after each reply unless told otherwise; a stale connection would look like a fault.
            .max_idle_connections(0)
            .build();
        let agent = Agent::with_parts(config, Ways::default(), DefaultResolver::default());
        Self { agent, patience, proxies, cancelled: Arc::new(cancelled) }
    }

    /// One exchange. Any status is an answer.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Foreign`] for a body over the limit, [`Error::Cancelled`].
    pub fn once(&self, request: &Request) -> Result<Reply, Error> {
        let (sender, answer) = mpsc::sync_channel(1);
        let (agent, wanted) = (self.agent.clone(), request.clone());
        let proxy = self.proxies.to(&request.url).cloned();
        let timeout = request.timeout.unwrap_or(self.patience.timeout);
        let unreachable = |reason: String| Error::Unreachable { endpoint: request.endpoint(), reason };
        // On a thread of its own: a blocking read cannot be woken, but it can be left behind.
        thread::Builder::new()
            .name("http".into())
            .spawn(move || {
                let _nobody_waits = sender.send(exchange(&agent, proxy.as_ref(), &wanted, timeout));
            })
            .map_err(|error| unreachable(error.to_string()))?;
        let deadline = Instant::now() + timeout + Duration::from_secs(1);
        loop {
            match answer.recv_timeout(GLANCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) if (self.cancelled)() => return Err(Error::Cancelled),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
                Err(RecvTimeoutError::Timeout) => return Err(unreachable(no_answer(timeout))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(unreachable("the exchange ended without a result".to_owned()));
                }
            }
        }
    }

    /// An exchange that does no harm when it is made twice; repeated while nobody answers.
    ///
    /// # Errors
    /// Those of [`Self::once`].
    pub fn repeat(&self, request: &Request) -> Result<Reply, Error> {
        let mut attempt = 1;
        loop {
            match self.once(request) {
                Err(error) if error.is_unreachable() && attempt < self.patience.attempts => {
                    log::debug!("{error}; attempt {attempt}");
                    self.wait(self.patience.pause_after(attempt, fastrand::f64()))?;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// [`Self::repeat`], and the same question again where a redirect leads, a few times: peers' clients do so with
    /// trackers, too. Not for what has secrets of ours in its headers.
    ///
    /// # Errors
    /// Those of [`Self::once`]; [`Error::Foreign`] for a redirect that leads in a circle, or from https to http.
    pub fn follow(&self, request: &Request) -> Result<Reply, Error> {
        let mut request = request.clone();
        for _ in 0..=redirect::MOST {
            let reply = self.repeat(&request)?;
            let Some(location) = reply.location() else { return Ok(reply) };
            let foreign = |reason: &str| Error::Foreign {
                endpoint: reply.endpoint.clone(),
                what: "the expected server",
                reason: reason.to_owned(),
            };
            request.url = redirect::target(&request.url, location).map_err(foreign)?;
            log::debug!("{} redirects to {}", reply.endpoint, request.endpoint());
        }
        Err(Error::Foreign {
            endpoint: request.endpoint(),
            what: "the expected server",
            reason: format!("it redirects more than {} times", redirect::MOST),
        })
    }

    /// Waits, but ends at once when somebody asked to.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn wait(&self, time: Duration) -> Result<(), Error> {
        let until = Instant::now() + time;
        loop {
            if (self.cancelled)() {
                return Err(Error::Cancelled);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(GLANCE));
        }
    }
}
