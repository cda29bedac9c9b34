//! Ending a command early.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Whether a command that runs must end at once.
pub(crate) struct Stop<'a> {
    asked: Box<dyn FnMut() -> Option<String> + 'a>,
    bell: Option<Bell>,
}

impl<'a> Stop<'a> {
    /// `asked` gives the reason to end. It is called when `bell` rings, and now and then besides.
    pub(crate) fn when(bell: &Bell, asked: impl FnMut() -> Option<String> + 'a) -> Self {
        Self { asked: Box::new(asked), bell: Some(bell.clone()) }
    }

    /// Nobody ends it.
    pub(crate) fn never() -> Self {
        Self { asked: Box::new(|| None), bell: None }
    }

    /// The reason to end, if there is one now.
    pub(crate) fn reason(&mut self) -> Option<String> {
        // Silenced first: what rings from now on is not yet asked about.
        if let Some(bell) = &self.bell {
            bell.silence();
        }
        (self.asked)()
    }

    /// To be waited for.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.bell.as_ref().map(|bell| bell.0.as_fd())
    }
}

/// Wakes who waits for a command: there is something to ask about. Any number of threads may ring.
#[derive(Debug, Clone)]
pub(crate) struct Bell(Arc<OwnedFd>);

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    pub(crate) fn ring(&self) {
        // It fails only after 2^64 rings that nobody has read.
        let _full = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    fn silence(&self) {
        let _silent = rustix::io::read(&*self.0, &mut [0_u8; 8]);
    }
}
