//! What was seen of a Drupal site on a host.

/// What a host says of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// A release is live.
    pub(super) live: bool,
    /// Where drush is.
    pub(super) drush: Option<String>,
    /// PATH of the session.
    pub(super) path: String,
    /// Where a drush is that the PATH does not lead to.
    pub(super) others: Vec<String>,
    /// Programs that are there.
    pub(super) has: Vec<String>,
    /// By site: whether settings.php includes ours; `None` if it cannot be read.
    pub(super) settings: Vec<(String, Option<bool>)>,
}

/// What drush says of a site.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) connected: bool,
    pub(super) driver: String,
    pub(super) drush: String,
    pub(super) core: String,
    /// Where private files are, as it is set; and below which root.
    pub(super) private: String,
    pub(super) root: String,
}
