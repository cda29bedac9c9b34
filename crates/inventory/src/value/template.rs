//! Text with `{address}`, `{name}` and `{release}` in it.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::nearest;

const PLACEHOLDERS: [&str; 3] = ["address", "name", "release"];

/// Text in which a lower-case word between braces is a placeholder; other braces stand for themselves, so that a piece of
/// JSON can be looked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Template(String);

impl Template {
    /// The text with its placeholders replaced by what `value` gives for their names.
    pub fn render(&self, value: impl Fn(&str) -> String) -> String {
        let mut out = String::with_capacity(self.0.len());
        for part in parts(&self.0) {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Placeholder(name) => out.push_str(&value(name)),
            }
        }
        out
    }

    /// Whether the text has this placeholder.
    #[must_use]
    pub fn has_placeholder(&self, name: &str) -> bool {
        parts(&self.0).iter().any(|part| matches!(part, Part::Placeholder(found) if *found == name))
    }
}

enum Part<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Cuts `text` at its placeholders.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from_brace) = rest.split_at(open);
        parts.push(Part::Text(before));
        let inside = from_brace.get(1..).unwrap_or_default();
        match inside.split_once('}') {
            Some((name, after))
                if !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_') =>
            {
                parts.push(Part::Placeholder(name));
                rest = after;
            }
            _ => {
                parts.push(Part::Text("{"));
                rest = inside;
            }
        }
    }
    parts.push(Part::Text(rest));
    parts
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("the text holds a control character".to_owned());
        }
        for part in parts(&text) {
            if let Part::Placeholder(name) = part
                && !PLACEHOLDERS.contains(&name)
            {
                let meant = nearest(name, PLACEHOLDERS)
                    .map_or(String::new(), |near| format!(", did you mean `{{{near}}}`?"));
                return Err(format!("unknown placeholder `{{{name}}}`{meant}"));
            }
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> String {
        Template::try_from(text.to_owned()).unwrap().render(|name| format!("<{name}>"))
    }

    #[test]
    fn replaces_placeholders_and_leaves_other_braces() {
        assert_eq!(render("http://{address}:8080/"), "http://<address>:8080/");
        assert_eq!(render("{name}{release}"), "<name><release>");
        assert_eq!(render(r#"{"status":"ok","id":"{release}"}"#), r#"{"status":"ok","id":"<release>"}"#);
        assert_eq!(render("{ {} {{name}"), "{ {} {<name>");
    }

    #[test]
    fn refuses_a_placeholder_nobody_fills() {
        let error = Template::try_from("http://{adress}/".to_owned()).unwrap_err();
        assert_eq!(error, "unknown placeholder `{adress}`, did you mean `{address}`?");
    }
}
