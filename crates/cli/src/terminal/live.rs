//! A few lines that a terminal shows below those that stay, drawn anew while long work goes on.

use ::console::Term;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Console;
use crate::sanitize;

/// What stands for the rest of a line that is too long.
const CUT: &str = "...";

/// The lines. They are gone when it is dropped.
#[derive(Debug)]
pub struct Live(ProgressBar);

impl Console {
    /// Lines that are drawn anew below those that stay; `None` where there is no terminal.
    #[must_use]
    pub fn live(&self) -> Option<Live> {
        Live::start(self)
    }
}

impl Live {
    /// Nothing is shown yet; `None` if standard error is no terminal.
    fn start(console: &Console) -> Option<Self> {
        let bar = console.bars()?.add(ProgressBar::no_length());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Some(Self(bar))
    }

    /// Columns and lines of the terminal, which may change at any time.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (lines, columns) = Term::stderr().size();
        (columns.into(), lines.into())
    }

    /// Shows these in the place of those before. Every line is sanitised.
    pub fn show(&self, lines: &[String]) {
        let text: Vec<String> = lines.iter().map(|line| sanitize(line)).collect();
        self.0.set_message(text.join("\n"));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The text in at most `width` columns of a terminal, where some characters take two.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    ::console::truncate_str(text, width, if width > 2 * CUT.len() { CUT } else { "" }).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_by_what_they_take_on_a_terminal() {
        assert_eq!(cut("web1 downloading", 80), "web1 downloading");
        assert_eq!(cut("web1 downloading", 10), "web1 do...");
        assert_eq!(cut("web1", 3), "web");
        assert_eq!(cut("\u{5343}\u{53f0}\u{5343}\u{53f0}\u{5343}", 9), "\u{5343}\u{53f0}\u{5343}...");
        assert_eq!(cut("x", 0), "");
    }
}
