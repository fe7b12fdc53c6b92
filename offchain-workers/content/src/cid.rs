//! Content identifiers this store can verify.
//!
//! A [`Cid`] is checked when it is made, so the rest of the crate never meets one that it cannot
//! hash or walk. Accepted: versions 0 and 1; codecs raw and dag-pb; sha2-256 and blake2b-256 with
//! 32-byte digests, and identity up to [`MAX_INLINE_BYTES`], where the "digest" is the content
//! itself. Binary layout: <https://github.com/multiformats/cid>.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cid::multihash::Multihash;
use cid::{CidGeneric, Version};
use multihash_codetable::{Code, MultihashDigest};

/// Most bytes an identity CID may carry.
pub const MAX_INLINE_BYTES: usize = 128;
/// Longest text that is looked at. The longest accepted CID needs about 270 characters even in
/// base 16.
const MAX_TEXT_LEN: usize = 300;

const RAW: u64 = 0x55;
const DAG_PB: u64 = 0x70;
const IDENTITY: u64 = 0x00;
const SHA2_256: u64 = 0x12;
const BLAKE2B_256: u64 = 0xb220;
const DIGEST_LEN: usize = 32;

/// The library's form, with room for the longest digest. Used to read and write only: it takes 160
/// bytes, and CIDs are held in large numbers.
type Parsed = CidGeneric<MAX_INLINE_BYTES>;

/// A content identifier that this store can verify.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid {
    /// Version 0 is spelled otherwise, and always dag-pb with sha2-256.
    is_v0: bool,
    codec: Codec,
    address: Address,
}

/// What a CID says of its block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Address {
    /// Its hash.
    Hash(BlockKey),
    /// All of it.
    Inline(Arc<[u8]>),
}

/// How a block's bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// The bytes are content; there are no links.
    Raw,
    /// A dag-pb node with links and, usually, a UnixFS message.
    DagPb,
}

/// How a block is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashFunction {
    /// sha2-256.
    Sha2,
    /// blake2b with 32-byte digests.
    Blake2b,
}

/// Why something is not a CID that this store can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedCid {
    /// Neither text nor bytes of a CID.
    #[error("this is not a CID")]
    Malformed,
    /// Neither raw nor dag-pb.
    #[error("codec {0:#x} is not supported: import the content as UnixFS (raw or dag-pb)")]
    Codec(u64),
    /// A hash function that is not verified here.
    #[error("hash function {0:#x} is not supported: import the content with sha2-256")]
    Hash(u64),
    /// A digest of the wrong length.
    #[error("a digest of {0} bytes is not supported: use 32 (identity: up to 128)")]
    DigestLength(u8),
}

/// What a stored block is filed under: its multihash. CIDs that differ in version or codec only
/// share one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BlockKey {
    hash: HashFunction,
    digest: [u8; DIGEST_LEN],
}

impl Cid {
    /// The CIDv1 of `block` under a codec and a hash function.
    pub fn of(codec: Codec, hash: HashFunction, block: &[u8]) -> Self {
        let address = Address::Hash(BlockKey {
            hash,
            digest: hash.digest(block),
        });
        Self {
            is_v0: false,
            codec,
            address,
        }
    }

    /// Reads the binary form. Trailing bytes are refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnsupportedCid> {
        let cid = Self::check(&Parsed::try_from(bytes).map_err(|_| UnsupportedCid::Malformed)?)?;
        // The parser stops at the end of the CID and accepts integers longer than needed; one CID
        // has one spelling here.
        if cid.to_bytes() == bytes {
            Ok(cid)
        } else {
            Err(UnsupportedCid::Malformed)
        }
    }

    /// The binary form.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.parsed().to_bytes()
    }

    /// How the block is read.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The content, if the CID itself carries it (identity).
    pub fn inline(&self) -> Option<&[u8]> {
        match &self.address {
            Address::Inline(content) => Some(content),
            Address::Hash(_) => None,
        }
    }

    /// Whether `block` is the block that this names.
    pub fn names(&self, block: &[u8]) -> bool {
        match &self.address {
            Address::Hash(key) => key.names(block),
            Address::Inline(content) => **content == *block,
        }
    }

    /// What the block is filed under; `None` for inline content, which is never stored.
    pub(crate) fn key(&self) -> Option<BlockKey> {
        match &self.address {
            Address::Hash(key) => Some(*key),
            Address::Inline(_) => None,
        }
    }

    fn check(parsed: &Parsed) -> Result<Self, UnsupportedCid> {
        let codec = match parsed.codec() {
            RAW => Codec::Raw,
            DAG_PB => Codec::DagPb,
            other => return Err(UnsupportedCid::Codec(other)),
        };
        let multihash = parsed.hash();
        let wrong_length = UnsupportedCid::DigestLength(multihash.size());
        let hashed = |hash| {
            let digest = multihash.digest().try_into().map_err(|_| wrong_length)?;
            Ok(Address::Hash(BlockKey { hash, digest }))
        };
        let address = match multihash.code() {
            SHA2_256 => hashed(HashFunction::Sha2)?,
            BLAKE2B_256 => hashed(HashFunction::Blake2b)?,
            // The parser has refused what is longer than its room for a digest.
            IDENTITY => Address::Inline(multihash.digest().into()),
            other => return Err(UnsupportedCid::Hash(other)),
        };
        Ok(Self {
            is_v0: parsed.version() == Version::V0,
            codec,
            address,
        })
    }

    fn parsed(&self) -> Parsed {
        let (code, digest) = match &self.address {
            Address::Hash(key) => (key.hash.code(), &key.digest[..]),
            Address::Inline(content) => (IDENTITY, &content[..]),
        };
        let hash = Multihash::wrap(code, digest).expect("no digest is over 128 bytes; qed");
        let codec = match self.codec {
            Codec::Raw => RAW,
            Codec::DagPb => DAG_PB,
        };
        let version = if self.is_v0 { Version::V0 } else { Version::V1 };
        Parsed::new(version, codec, hash).expect("version 0 was read as such; qed")
    }
}

impl HashFunction {
    fn digest(self, block: &[u8]) -> [u8; DIGEST_LEN] {
        let hash = match self {
            Self::Sha2 => Code::Sha2_256.digest(block),
            Self::Blake2b => Code::Blake2b256.digest(block),
        };
        let mut digest = [0; DIGEST_LEN];
        digest.copy_from_slice(hash.digest());
        digest
    }

    fn code(self) -> u64 {
        match self {
            Self::Sha2 => SHA2_256,
            Self::Blake2b => BLAKE2B_256,
        }
    }
}

impl BlockKey {
    /// The CIDv1 that reads the block as a node.
    pub(crate) fn as_node(self) -> Cid {
        Cid {
            is_v0: false,
            codec: Codec::DagPb,
            address: Address::Hash(self),
        }
    }

    /// File name: the multihash in base 16.
    pub(crate) fn file_name(&self) -> String {
        let prefix = match self.hash {
            HashFunction::Sha2 => "1220",
            HashFunction::Blake2b => "a0e40220",
        };
        format!("{prefix}{}", hex::encode(self.digest))
    }

    /// The inverse of [`BlockKey::file_name`].
    pub(crate) fn from_file_name(name: &str) -> Option<Self> {
        let (hash, digits) = if let Some(digits) = name.strip_prefix("1220") {
            (HashFunction::Sha2, digits)
        } else {
            (HashFunction::Blake2b, name.strip_prefix("a0e40220")?)
        };
        let mut digest = [0; DIGEST_LEN];
        hex::decode_to_slice(digits, &mut digest).ok()?;
        let key = Self { hash, digest };
        // Upper-case digits would name a second file for one block.
        (key.file_name() == name).then_some(key)
    }

    /// Which of 256 folders the block is in: the last byte, because the first ones of a digest
    /// chosen by others are as good as any, but the prefix never varies.
    pub(crate) fn shard(&self) -> u8 {
        self.digest[DIGEST_LEN - 1]
    }

    /// Whether `block` is the block filed here.
    pub(crate) fn names(&self, block: &[u8]) -> bool {
        self.hash.digest(block) == self.digest
    }
}

impl FromStr for Cid {
    type Err = UnsupportedCid;

    fn from_str(text: &str) -> Result<Self, UnsupportedCid> {
        // The underlying parser also takes paths (`…/ipfs/<cid>`); this one does not.
        if text.len() > MAX_TEXT_LEN || text.contains('/') {
            return Err(UnsupportedCid::Malformed);
        }
        let cid = Self::check(&Parsed::try_from(text).map_err(|_| UnsupportedCid::Malformed)?)?;
        // Text decodes to bytes first, and trailing bytes are ignored there too.
        let is_exact = if cid.is_v0 {
            cid.to_string() == text
        } else {
            cid::multibase::decode(text).is_ok_and(|(_, bytes)| bytes == cid.to_bytes())
        };
        if is_exact {
            Ok(cid)
        } else {
            Err(UnsupportedCid::Malformed)
        }
    }
}

impl TryFrom<&defaas_primitives::Cid> for Cid {
    type Error = UnsupportedCid;

    fn try_from(cid: &defaas_primitives::Cid) -> Result<Self, UnsupportedCid> {
        Self::from_bytes(cid.as_bytes())
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parsed().fmt(f)
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cid: &str) -> Result<Cid, UnsupportedCid> {
        cid.parse()
    }

    #[test]
    fn empty_raw_block_has_the_known_cid() {
        let cid = Cid::of(Codec::Raw, HashFunction::Sha2, b"");
        assert_eq!(
            cid.to_string(),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
        );
        assert!(cid.names(b""));
        assert!(!cid.names(b"x"));
    }

    #[test]
    fn both_versions_of_one_hash_share_a_block() {
        let v0 = text("QmQAvxmLHvvo4PDpBjSV3Gt7aNt6cL8VW2mSD23DSb2SGS").unwrap();
        assert_eq!(v0.codec(), Codec::DagPb);
        let mut v1 = vec![1, 0x70];
        v1.extend(v0.to_bytes());
        assert_eq!(Cid::from_bytes(&v1).unwrap().key(), v0.key());
    }

    #[test]
    fn what_the_chain_accepts_is_read() {
        let cid = Cid::of(Codec::Raw, HashFunction::Blake2b, b"content");
        let on_chain = defaas_primitives::Cid::parse(&cid.to_bytes()).unwrap();
        assert_eq!(Cid::try_from(&on_chain), Ok(cid));
    }

    #[test]
    fn identity_carries_its_content() {
        let cid = text("bafkqaddimvwgy3zao5xxe3debi").unwrap();
        assert_eq!(cid.inline(), Some(&b"hello world\n"[..]));
        assert_eq!(cid.key(), None);
        assert!(cid.names(b"hello world\n"));
    }

    #[test]
    fn identity_of_128_bytes_is_taken_and_of_129_refused() {
        let identity = |length: u8| {
            let mut bytes = vec![1, 0x55, 0];
            if length < 128 {
                bytes.push(length);
            } else {
                bytes.extend([length, 1]);
            }
            bytes.extend(vec![7; usize::from(length)]);
            Cid::from_bytes(&bytes)
        };
        assert!(identity(127).is_ok());
        assert!(identity(128).is_ok());
        assert!(identity(129).is_err());
    }

    #[test]
    fn other_codecs_hashes_and_lengths_are_refused_with_the_reason() {
        let v1 = |codec, hash: &[u8]| {
            let mut bytes = vec![1, codec];
            bytes.extend(hash);
            bytes.extend([0; 32]);
            Cid::from_bytes(&bytes)
        };
        assert_eq!(v1(0x71, &[0x12, 32]), Err(UnsupportedCid::Codec(0x71)));
        assert_eq!(v1(0x55, &[0x1b, 32]), Err(UnsupportedCid::Hash(0x1b)));
        let short = [&[1, 0x55, 0x12, 20][..], &[0; 20]].concat();
        assert_eq!(
            Cid::from_bytes(&short),
            Err(UnsupportedCid::DigestLength(20))
        );
        assert_eq!(text("not a cid"), Err(UnsupportedCid::Malformed));
        assert_eq!(text(""), Err(UnsupportedCid::Malformed));
    }

    #[test]
    fn trailing_bytes_and_paths_are_refused() {
        let cid = Cid::of(Codec::Raw, HashFunction::Blake2b, b"content");
        let mut bytes = cid.to_bytes();
        bytes.push(0);
        assert_eq!(Cid::from_bytes(&bytes), Err(UnsupportedCid::Malformed));
        assert_eq!(
            text(&format!("/ipfs/{cid}")),
            Err(UnsupportedCid::Malformed)
        );
        let longer = cid::multibase::encode(cid::multibase::Base::Base32Lower, &bytes);
        assert_eq!(text(&longer), Err(UnsupportedCid::Malformed));
    }

    #[test]
    fn file_names_come_back_as_keys_in_one_spelling_only() {
        for hash in [HashFunction::Sha2, HashFunction::Blake2b] {
            let key = Cid::of(Codec::Raw, hash, b"content").key().unwrap();
            assert_eq!(BlockKey::from_file_name(&key.file_name()), Some(key));
            assert_eq!(
                BlockKey::from_file_name(&key.file_name().to_uppercase()),
                None
            );
        }
        assert_eq!(BlockKey::from_file_name("1220ab"), None);
    }

    proptest! {
        #[test]
        fn every_spelling_reads_back(
            block in proptest::collection::vec(any::<u8>(), 0..64),
            dag_pb: bool,
            blake2b: bool,
        ) {
            let codec = if dag_pb { Codec::DagPb } else { Codec::Raw };
            let hash = if blake2b { HashFunction::Blake2b } else { HashFunction::Sha2 };
            let cid = Cid::of(codec, hash, &block);
            prop_assert_eq!(cid.codec(), codec);
            prop_assert_eq!(Cid::from_bytes(&cid.to_bytes()), Ok(cid.clone()));
            prop_assert_eq!(text(&cid.to_string()), Ok(cid));
        }

        #[test]
        fn arbitrary_bytes_and_text_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            string in ".{0,120}",
        ) {
            if let Ok(cid) = Cid::from_bytes(&bytes) {
                prop_assert_eq!(cid.to_bytes(), bytes);
            }
            let _ = text(&string);
        }
    }
}
