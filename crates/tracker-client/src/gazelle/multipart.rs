//! multipart/form-data (RFC 7578).

/// A form under construction.
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub(super) fn new() -> Self {
        // Random, so that nobody who writes a description can know it.
        let boundary: String = std::iter::repeat_with(fastrand::alphanumeric).take(40).collect();
        Self { boundary, body: Vec::new() }
    }

    /// A field of text.
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\"\r\n"), value.as_bytes());
        self
    }

    /// A file.
    pub(super) fn file(mut self, name: &str, file_name: &str, content: &[u8]) -> Self {
        let safe = file_name.replace(['"', '\r', '\n', '\\'], "_");
        let kind = "Content-Type: application/x-bittorrent\r\n";
        self.part(&format!("name=\"{name}\"; filename=\"{safe}\"\r\n{kind}"), content);
        self
    }

    fn part(&mut self, disposition: &str, content: &[u8]) {
        let head = format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n", self.boundary);
        self.body.extend(head.bytes());
        self.body.extend(content);
        self.body.extend(b"\r\n");
    }

    /// Its content type and body.
    pub(super) fn finish(mut self) -> (String, Vec<u8>) {
        self.body.extend(format!("--{}--\r\n", self.boundary).bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.body)
    }
}
