//! Who asks for a change: the lock and the history say so.

/// Who asks: as given, else the build, else the user.
pub(crate) fn owner(given: Option<String>) -> String {
    given
        .or_else(|| ["BUILD_TAG", "SUDO_USER", "USER"].into_iter().find_map(|name| std::env::var(name).ok()))
        .unwrap_or_else(|| "somebody".into())
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}
