//! What a caller asks for and what it gets.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ConstU32, H256};
use sp_io::hashing::sha2_256;
use sp_runtime::BoundedVec;

use crate::Cid;

/// Most bytes of input or output that stand on chain themselves.
pub const MAX_INLINE: u32 = 4 * 1024;
/// Most bytes of an input or output that is given by CID.
pub const MAX_STORED: u32 = 16 * 1024 * 1024;
/// Longest path with query, in bytes.
pub const MAX_PATH_LEN: u32 = 256;

/// What identifies a call outside the chain: the hash of who asked for what, with the account's
/// nonce and the chain's genesis hash.
pub type Digest = H256;
/// Bytes that stand on chain themselves.
pub type Inline = BoundedVec<u8, ConstU32<MAX_INLINE>>;

/// Path and query that the function sees, `/` if the caller gives none.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Path(pub BoundedVec<u8, ConstU32<MAX_PATH_LEN>>);

impl Default for Path {
    fn default() -> Self {
        Self(BoundedVec::truncate_from(alloc::vec![b'/']))
    }
}

impl Path {
    /// Takes `path` if it is valid.
    pub fn parse(path: &str) -> Option<Self> {
        let path = Self(path.as_bytes().to_vec().try_into().ok()?);
        path.is_valid().then_some(path)
    }

    /// Whether it begins with `/` and holds only what may stand in the path and query of a URL as
    /// it is (RFC 3986 §3.3, §3.4): printable ASCII without space, `"`, `#`, `<`, `>`, `\\`, `^`,
    /// `` ` ``, `{`, `|`, `}`.
    pub fn is_valid(&self) -> bool {
        let allowed = |b: &u8| {
            b.is_ascii_graphic()
                && !matches!(
                    b,
                    b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
                )
        };
        self.0.first() == Some(&b'/') && self.0.iter().all(allowed)
    }
}

/// What the function reads.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Input {
    /// These bytes.
    #[codec(index = 0)]
    Inline(Inline),
    /// Content of `size` bytes under `cid`.
    #[codec(index = 1)]
    Stored {
        /// Root of the content.
        cid: Cid,
        /// Length in bytes.
        size: u32,
    },
}

impl Input {
    /// Length in bytes, as far as the chain knows it.
    pub fn size(&self) -> u32 {
        match self {
            Self::Inline(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Self::Stored { size, .. } => *size,
        }
    }

    /// Whether the CID, if any, can be fetched and the size is within bounds.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Inline(_) => true,
            Self::Stored { cid, size } => *size <= MAX_STORED && cid.check().is_ok(),
        }
    }
}

/// What the function wrote.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Output {
    /// These bytes.
    #[codec(index = 0)]
    Inline(Inline),
    /// Content under a CID, kept by the provider for the retention time.
    #[codec(index = 1)]
    Stored {
        /// Root of the content.
        cid: Cid,
        /// sha-256 and length of the content.
        digest: OutputDigest,
    },
}

/// What remains of an output when the output itself is gone.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct OutputDigest {
    /// sha-256 of the whole output.
    pub sha256: [u8; 32],
    /// Length in bytes.
    pub size: u32,
}

impl Output {
    /// sha-256 and length: computed for inline bytes, as reported otherwise.
    pub fn digest(&self) -> OutputDigest {
        match self {
            Self::Inline(bytes) => OutputDigest {
                sha256: sha2_256(bytes),
                size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            },
            Self::Stored { digest, .. } => *digest,
        }
    }

    /// Length in bytes.
    pub fn size(&self) -> u32 {
        match self {
            Self::Inline(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Self::Stored { digest, .. } => digest.size,
        }
    }

    /// Whether the CID, if any, can be fetched and the size is within bounds.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Inline(_) => true,
            Self::Stored { cid, digest } => digest.size <= MAX_STORED && cid.check().is_ok(),
        }
    }
}
