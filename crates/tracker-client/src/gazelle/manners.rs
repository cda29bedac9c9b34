//! Not calling a site more often than it likes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::json::is_rate_limit;
use crate::{Error, Http, Reply, Request};

/// How often a site is called. The default is what the sites of the family ask for.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Calls of ajax.php within [`Self::window`].
    pub calls: usize,
    /// See [`Self::calls`].
    pub window: Duration,
    /// The least that is waited after a site said that it was too often; at most twice as long.
    pub back_off: Duration,
    /// How often that is waited.
    pub patience: u32,
    /// Time for an upload: the site tells its tracker before it answers, and waits for a dead one.
    pub upload: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            calls: 5,
            window: Duration::from_secs(10),
            back_off: Duration::from_secs(10),
            patience: 3,
            upload: Duration::from_secs(90),
        }
    }
}

/// The way to one site.
#[derive(Debug, Clone)]
pub(super) struct Polite {
    pub(super) http: Http,
    pub(super) manners: Manners,
    calls: Arc<Mutex<VecDeque<Instant>>>,
}

impl Polite {
    pub(super) fn new(http: Http, manners: Manners) -> Self {
        Self { http, manners, calls: Arc::default() }
    }

    /// A call that does no harm when it is made twice.
    pub(super) fn repeat(&self, request: &Request) -> Result<Reply, Error> {
        let mut waited = 0;
        loop {
            self.take_turn(request)?;
            let reply = self.http.repeat(request)?;
            if !is_rate_limit(&reply) {
                return Ok(reply);
            }
            if waited == self.manners.patience {
                return Err(Error::RateLimited { endpoint: reply.endpoint });
            }
            waited += 1;
            let asked = reply.header("retry-after").and_then(|text| text.trim().parse().ok());
            let asked = asked.map(Duration::from_secs).filter(|time| *time <= self.manners.back_off * 6);
            let time = asked.unwrap_or_else(|| self.manners.back_off.mul_f64(1.0 + fastrand::f64()));
            log::info!("{} limits the rate of calls, waiting {:.0} s", reply.endpoint, time.as_secs_f64());
            self.http.wait(time)?;
        }
    }

    /// A call that is made once.
    pub(super) fn once(&self, request: &Request) -> Result<Reply, Error> {
        self.take_turn(request)?;
        self.http.once(request)
    }

    /// Waits until one more call is within the limit, which is one for ajax.php; pages for browsers have none.
    fn take_turn(&self, request: &Request) -> Result<(), Error> {
        if !request.is_for("/ajax.php") {
            return Ok(());
        }
        loop {
            let wait = {
                let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
                while calls.front().is_some_and(|call| call.elapsed() >= self.manners.window) {
                    calls.pop_front();
                }
                if calls.len() < self.manners.calls {
                    calls.push_back(Instant::now());
                    return Ok(());
                }
                calls.front().map(|call| self.manners.window.saturating_sub(call.elapsed()))
            };
            self.http.wait(wait.unwrap_or_default())?;
        }
    }
}
