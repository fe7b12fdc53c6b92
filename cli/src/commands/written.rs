//! What a function wrote, as it is shown.

use crate::chain::types::{ContentId, Output, OutputDigest};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a function wrote, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Written {
    size: u32,
    sha256: String,
    /// The bytes, if they are UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The bytes, if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    /// Where they are, if they are not on chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid: Option<ContentId>,
}

impl Written {
    /// An output that the chain still has.
    pub fn new(output: &Output) -> Self {
        match output {
            Output::Inline(bytes) => {
                let mut written = Self::gone(OutputDigest {
                    sha256: Sha256::digest(bytes).into(),
                    size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                });
                written.show(bytes);
                written
            }
            Output::Stored { cid, digest } => Self {
                cid: Some(cid.clone()),
                ..Self::gone(*digest)
            },
        }
    }

    /// Content of a store.
    pub fn of(cid: ContentId, bytes: Vec<u8>) -> Self {
        Self {
            cid: Some(cid),
            ..Self::new(&Output::Inline(bytes))
        }
    }

    /// Adds the bytes themselves.
    pub fn show(&mut self, bytes: &[u8]) {
        self.text = std::str::from_utf8(bytes).ok().map(str::to_owned);
        self.hex = self.text.is_none().then(|| hex::encode(bytes));
    }

    /// An output of which the chain has only the hash.
    pub fn gone(digest: OutputDigest) -> Self {
        Self {
            size: digest.size,
            sha256: hex::encode(digest.sha256),
            text: None,
            hex: None,
            cid: None,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, sha256 {}", self.size, self.sha256)?;
        match &self.cid {
            Some(cid) => write!(f, ", stored under {cid}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_hex_and_text_is_text() {
        let json = |bytes: &[u8]| {
            serde_json::to_value(Written::new(&Output::Inline(bytes.to_vec()))).unwrap()
        };
        let text = json(b"42");
        assert_eq!(text["text"], "42");
        assert_eq!(text["size"], 2);
        assert_eq!(
            text["sha256"],
            "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049"
        );
        assert!(text.get("hex").is_none());
        let binary = json(&[0xff, 0]);
        assert_eq!(binary["hex"], "ff00");
        assert!(binary.get("text").is_none());
    }

    #[test]
    fn content_of_a_store_has_its_cid_and_its_bytes() {
        let written = Written::of(ContentId::raw([7; 32]), b"42".to_vec());
        let json = serde_json::to_value(written).unwrap();
        assert_eq!(json["text"], "42");
        assert_eq!(json["cid"], ContentId::raw([7; 32]).to_string());
    }

    #[test]
    fn a_stored_output_says_where_it_is() {
        let cid = ContentId::raw([7; 32]);
        let digest = OutputDigest {
            sha256: [7; 32],
            size: 9,
        };
        let written = Written::new(&Output::Stored {
            cid: cid.clone(),
            digest,
        });
        assert!(written.to_string().contains(&cid.to_string()));
        let mut json = serde_json::to_value(&written).unwrap();
        assert_eq!(json["size"], 9);
        assert!(json.get("text").is_none());
        let mut written = written;
        written.show(b"fetched");
        json = serde_json::to_value(&written).unwrap();
        assert_eq!(json["text"], "fetched");
        assert_eq!(json["size"], 9);
    }
}
