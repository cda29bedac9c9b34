//! Tables for people: columns as wide as their longest cell, the last one unpadded.

use crate::sanitize;

/// Lays out rows under a head. Cells are sanitised.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = std::iter::once(head.iter().map(ToString::to_string).collect())
        .chain(rows.iter().map(|row| row.iter().map(|cell| sanitize(cell)).collect()))
        .collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["web1".into(), "staged".into(), String::new()],
            vec!["x".into(), "y".into(), "a\nb".into()],
        ];
        assert_eq!(
            table(&["host", "state", "error"], &rows),
            "host  state   error\nweb1  staged\nx     y       a\\nb\n"
        );
    }
}
