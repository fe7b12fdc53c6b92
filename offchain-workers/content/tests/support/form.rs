//! Multipart forms as clients write them.

use reqwest::header::CONTENT_TYPE;
use reqwest::RequestBuilder;

const BOUNDARY: &str = "----boundary-of-the-tests";

/// A multipart form.
#[derive(Default)]
pub struct Form(Vec<u8>);

impl Form {
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a part; `file_name` may be empty.
    pub fn part(mut self, file_name: &str, content: impl AsRef<[u8]>) -> Self {
        let file_name = match file_name {
            "" => String::new(),
            name => format!("; filename=\"{name}\""),
        };
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"{file_name}\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content.as_ref());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Makes it the body of a request.
    pub fn on(mut self, request: RequestBuilder) -> RequestBuilder {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        request
            .header(
                CONTENT_TYPE,
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(self.0)
    }
}
