//! Bytes that people read: names, reasons, labels, content identifiers.

use defaas_primitives::{Cid, Name};
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};
use subxt::ext::{
    scale_decode::{self, DecodeAsType},
    scale_encode::{self, EncodeAsType},
};

/// A text that somebody put on chain. Shown without control characters, which could rewrite what
/// stands on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct Text(pub Vec<u8>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<&Name> for Text {
    fn from(name: &Name) -> Self {
        Self(name.0.to_vec())
    }
}

impl Text {
    /// The text with its line breaks, and without other control characters.
    pub fn lines(&self) -> String {
        self.without_controls(|c| c == '\n')
    }

    fn without_controls(&self, kept: impl Fn(char) -> bool) -> String {
        let shown = |c: char| {
            if c.is_control() && !kept(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        String::from_utf8_lossy(&self.0)
            .chars()
            .map(shown)
            .collect()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.without_controls(|_| false))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.0))
    }
}

/// A content identifier in binary form. Reads and writes the usual text: `bafy…`, `Qm…`.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct ContentId(pub Vec<u8>);

impl ContentId {
    /// That of a single raw block with this sha-256.
    pub fn raw(sha256: [u8; 32]) -> Self {
        Self(Cid::raw_sha256(sha256).as_bytes().to_vec())
    }
}

impl FromStr for ContentId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = cid::Cid::try_from(text)
            .map_err(|error| format!("{text:?} is not a CID: {error}"))?
            .to_bytes();
        Cid::parse(&bytes).map_err(|error| {
            format!(
                "{text:?} cannot be fetched by every provider ({error:?}); use version 0 or 1, \
                 raw or dag-pb, sha2-256 or blake2b-256"
            )
        })?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match cid::Cid::try_from(self.0.as_slice()) {
            Ok(cid) => f.pad(&cid.to_string()),
            // The chain checks what it takes, so this is of a chain that knows more.
            Err(_) => write!(f, "0x{}", hex::encode(&self.0)),
        }
    }
}

impl Serialize for ContentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
    const V0: &str = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";

    #[test]
    fn a_cid_reads_back_as_it_was_written() {
        for text in [RAW, V0] {
            assert_eq!(text.parse::<ContentId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_cid_of_a_raw_block_is_that_of_its_hash() {
        // Of "hello world", as `ipfs add --cid-version 1` says.
        use sha2::{Digest, Sha256};
        let sha256 = Sha256::digest(b"hello world").into();
        assert_eq!(ContentId::raw(sha256).to_string(), RAW);
    }

    #[test]
    fn what_providers_cannot_fetch_is_refused() {
        // Identity hash; dag-cbor; no CID.
        for text in [
            "bafkqaaa",
            "bafyreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
            "word",
            "",
        ] {
            assert!(text.parse::<ContentId>().is_err(), "{text}");
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let reason = Text::from("a\u{1b}[2Jb\nc");
        assert_eq!(reason.to_string(), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(reason.lines(), "a\u{fffd}[2Jb\nc");
    }
}
