//! "Did you mean": the known name nearest to a mistyped one.

/// The candidate nearest to `typed`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(typed, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposes_only_what_is_near() {
        let keys = ["address", "port", "user"];
        assert_eq!(nearest("adress", keys), Some("address"));
        assert_eq!(nearest("usr", keys), Some("user"));
        assert_eq!(nearest("colour", keys), None);
    }
}
