//! What keeps two names apart that are one name elsewhere.

use std::fmt;

/// What keeps two names apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Upper and lower case, as in `Lib` and `lib`.
    Case,
    /// The Unicode form: a letter with its accent as one code point, or as two.
    UnicodeForm,
    /// Both.
    CaseAndUnicodeForm,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Case => "case",
            Self::UnicodeForm => "Unicode form",
            Self::CaseAndUnicodeForm => "case and Unicode form",
        })
    }
}
