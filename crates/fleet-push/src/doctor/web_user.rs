//! Who serves the site on a host.

/// What a user's processes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// They answer visitors.
    Front,
    /// They run the site.
    Php,
    /// Apache: they answer, and run the site unless somebody else does.
    Both,
}

/// A user that serves the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebUser {
    pub(crate) name: String,
    /// Its own group.
    pub(crate) group: String,
    pub(crate) uid: u64,
    pub(crate) serves: Serves,
    /// All of them, by number.
    pub(crate) groups: Vec<u64>,
}
