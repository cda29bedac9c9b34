//! The caller's wish to stop, as this crate asks for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asked often while waiting; once it says yes, waits end with [`Interrupted`](crate::HostFault::Interrupted) and no
/// new host is begun.
#[derive(Clone)]
pub struct Interrupt(Arc<dyn Fn() -> bool + Send + Sync>);

impl Interrupt {
    /// Raised when `check` says so. `check` is called often, from several threads.
    pub fn new(check: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// Never raised.
    pub fn never() -> Self {
        Self::new(|| false)
    }

    /// Whether to stop.
    pub fn is_raised(&self) -> bool {
        (self.0)()
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::never()
    }
}

impl From<Arc<AtomicBool>> for Interrupt {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self::new(move || flag.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.is_raised()).finish()
    }
}
