//! Directories in one node, and paths through them.

use bytes::Bytes;

use super::balanced::Child;
use super::import::Profile;
use super::{encode_directory, encode_symlink, open, Blocks, Kind};
use crate::cid::{Cid, Codec, HashFunction};
use crate::dagpb::{encode, NewLink};
use crate::error::{Error, Result};

/// A directory does not fit in one node under the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyEntries;

/// Writes a directory. The order of `entries` does not matter.
pub(crate) fn directory(
    mut entries: Vec<(String, Child)>,
    profile: Profile,
) -> Result<(Child, Bytes), TooManyEntries> {
    entries.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let links = entries.iter().map(|(name, child)| NewLink {
        cid: &child.cid,
        name,
        tsize: child.cumulative,
    });
    let block = encode(links, &encode_directory());
    if block.len() > profile.directory_bytes {
        return Err(TooManyEntries);
    }
    let below = entries.iter().map(|(_, child)| child.cumulative).sum();
    Ok(finished(block, below))
}

/// Writes a symbolic link.
pub(crate) fn symlink(target: &str) -> (Child, Bytes) {
    finished(encode([], &encode_symlink(target)), 0)
}

fn finished(block: Vec<u8>, below: u64) -> (Child, Bytes) {
    let child = Child {
        cid: Cid::of(Codec::DagPb, HashFunction::Sha2, &block),
        content: 0,
        cumulative: below + block.len() as u64,
    };
    (child, block.into())
}

/// Follows `path` (names separated by `/`; empty ones are skipped) down from `root`. Symbolic links
/// are not followed.
pub(crate) fn resolve(root: &Cid, path: &str, blocks: &impl Blocks, depth: usize) -> Result<Cid> {
    let mut current = root.clone();
    for (level, name) in path.split('/').filter(|name| !name.is_empty()).enumerate() {
        if level >= depth {
            return Err(Error::TooDeep {
                root: root.clone(),
                limit: depth,
            });
        }
        current = entry(&current, name, blocks)?;
    }
    Ok(current)
}

fn entry(directory: &Cid, name: &str, blocks: &impl Blocks) -> Result<Cid> {
    if directory.codec() == Codec::Raw {
        return Err(Error::NotADirectory {
            cid: directory.clone(),
            kind: Kind::File.name(),
        });
    }
    let (data, mut links) = open(directory, blocks.block(directory)?)?;
    match data.kind {
        Kind::Directory => {}
        Kind::HamtShard | Kind::Metadata => {
            return Err(Error::Unsupported {
                cid: directory.clone(),
                kind: data.kind.name(),
            })
        }
        Kind::File | Kind::Raw | Kind::Symlink => {
            return Err(Error::NotADirectory {
                cid: directory.clone(),
                kind: data.kind.name(),
            })
        }
    }
    let link = links
        .find(|link| link.name == name.as_bytes())
        .ok_or_else(|| Error::NoSuchEntry {
            directory: directory.clone(),
            name: name.into(),
        })?;
    Ok(link.cid?)
}
