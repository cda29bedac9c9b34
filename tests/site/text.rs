//! Content of a file: text that looks like code and compresses like it, or noise for pictures.

use super::rng::Rng;

/// Lines made before: what code repeats (braces, doc comments, calls). Picked from unevenly.
const STOCK: usize = 6_000;

/// So many lines in a hundred are fresh, the others come from the stock. Tuned so that zstd -9 packs the site as it packs
/// Drupal's core (22 % of its size).
const FRESH: usize = 62;

/// Writer of contents; one for the whole site.
#[derive(Debug)]
pub struct Writer {
    words: Vec<String>,
    stock: Vec<String>,
}

impl Writer {
    /// Makes the stock.
    #[must_use]
    pub fn new() -> Self {
        let words = super::words::vocabulary();
        let mut rng = Rng::new(3);
        let stock = (0..STOCK)
            .map(|_| {
                let mut line = String::new();
                add_line(&words, &mut line, &mut rng);
                line
            })
            .collect();
        Self { words, stock }
    }

    /// The content of `path`, exactly `size` bytes; `stream` is its own.
    #[must_use]
    pub fn content(&self, path: &str, size: usize, stream: u64) -> Vec<u8> {
        let mut rng = Rng::new(stream);
        if path.ends_with(".png") || path.ends_with(".jpg") {
            return (0..size.div_ceil(8)).flat_map(|_| rng.next().to_le_bytes()).take(size).collect();
        }
        let mut text = String::with_capacity(size + 200);
        text.push_str(header(path));
        while text.len() < size {
            self.line(&mut text, &mut rng);
        }
        text.truncate(size);
        if text.ends_with(|c| c != '\n') {
            text.pop();
            text.push('\n');
        }
        text.into_bytes()
    }

    /// Adds one line.
    pub fn line(&self, text: &mut String, rng: &mut Rng) {
        if rng.below(100) < FRESH {
            add_line(&self.words, text, rng);
        } else {
            text.push_str(rng.skewed::<String>(&self.stock, 2.0));
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

fn header(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "php" | "inc" | "module" | "install" => {
            "<?php\n\ndeclare(strict_types=1);\n\n/**\n * @file\n * Part of the demonstration site.\n */\n\n"
        }
        "js" => {
            "/**\n * @file\n * Behaviors of the demonstration site.\n */\n(function ($, Drupal, once) {\n"
        }
        "yml" => "langcode: en\nstatus: true\ndependencies:\n",
        "css" => "/**\n * @file\n * Styles of the demonstration site.\n */\n",
        "twig" => "{#\n/**\n * @file\n * Template of the demonstration site.\n */\n#}\n",
        "svg" => "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\">\n",
        _ => "",
    }
}

/// One fresh line of code-like text, in one of the forms that code has.
fn add_line(words: &[String], text: &mut String, rng: &mut Rng) {
    let word = |text: &mut String, rng: &mut Rng| text.push_str(rng.skewed::<String>(words, 2.0));
    text.push_str(["  ", "    ", "    ", "      "][rng.below(4)]);
    match rng.below(10) {
        0 => {
            text.push_str("* ");
            for _ in 0..4 + rng.below(8) {
                word(text, rng);
                text.push(' ');
            }
        }
        1 => text.push('}'),
        2 => {
            text.push_str("public function ");
            word(text, rng);
            word(text, rng);
            text.push_str("(array $");
            word(text, rng);
            text.push_str("): void {");
        }
        3 => {
            text.push_str("if (!$this->");
            word(text, rng);
            text.push_str("->has('");
            word(text, rng);
            text.push_str("')) {");
        }
        4 => {
            text.push('\'');
            word(text, rng);
            text.push_str("' => '");
            word(text, rng);
            text.push_str("',");
        }
        5 => {
            text.push_str("return $");
            word(text, rng);
            text.push_str("['");
            word(text, rng);
            text.push_str("'];");
        }
        _ => {
            text.push_str("$this->");
            word(text, rng);
            text.push_str("->");
            word(text, rng);
            text.push_str("($");
            word(text, rng);
            text.push_str(", '");
            word(text, rng);
            text.push_str("');");
        }
    }
    text.push('\n');
}
