//! What pages say, without an HTML parser: the few places that matter are fixed texts of the site's templates.

/// How the form shows why an upload was refused.
const RED: &str = "<p style=\"color: red; text-align: center;\">";

/// The longest text taken from a page, in characters.
const LONGEST: usize = 300;

/// The red paragraph, still with its links.
pub(super) fn red_paragraph(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(RED)?;
    rest.split_once("</p>").map(|(inside, _)| inside)
}

/// `<title>`, without the site's name behind it.
pub(super) fn title(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    title.split("::").next().map(str::trim)
}

/// Whether it says that this very torrent is there.
pub(super) fn is_duplicate(text: &str) -> bool {
    text.to_lowercase().contains("exact same torrent")
}

/// Text without tags and entities, on one line.
pub(super) fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    for (entity, text) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        out = out.replace(entity, text);
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_red_paragraph_is_found_and_read() {
        let page = "<html><title>Upload :: Site</title><p>x</p><p style=\"color: red; text-align: center;\">A <a \
                    href=\"torrents.php?torrentid=7\">b</a> &amp;\n c</p></html>";
        assert_eq!(title(page), Some("Upload"));
        assert_eq!(plain(red_paragraph(page).unwrap()), "A b & c");
        assert_eq!(red_paragraph("<p style=\"color: blue\">x</p>"), None);
    }

    #[test]
    fn text_from_a_site_is_bounded() {
        assert_eq!(plain(&"x".repeat(1000)).len(), LONGEST);
        assert_eq!(plain("<<<>>"), ">");
    }
}
