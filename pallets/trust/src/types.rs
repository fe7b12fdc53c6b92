//! What the pallet stores about a provider.
//!
//! A provider has two records. [`Provider`] is small and holds what the draw reads and writes;
//! [`Profile`] holds what only its owner changes and what only others off chain read.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{Balance, BlockNumber, CodeKind, Endpoint, Labels, ProviderId, WorkerId};
use scale_info::TypeInfo;

use crate::{draw::Burden, health::LastVerdict, score::Score};

/// Kinds of code that a provider executes: a set of [`CodeKind`], bit `n` for codec index `n`.
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
pub struct Capabilities(pub u8);

impl Capabilities {
    /// Every kind there is.
    pub const KINDS: [CodeKind; 2] = [CodeKind::Wasm, CodeKind::Oci];

    /// The set of these kinds.
    pub fn of(kinds: &[CodeKind]) -> Self {
        Self(kinds.iter().fold(0, |set, kind| set | Self::bit(*kind)))
    }

    /// Whether `kind` is in the set.
    pub fn has(&self, kind: CodeKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// The kinds in the set.
    pub fn kinds(self) -> impl Iterator<Item = CodeKind> {
        Self::KINDS.into_iter().filter(move |kind| self.has(*kind))
    }

    /// Whether there is at least one kind, and no bit without one.
    pub fn is_valid(&self) -> bool {
        self.0 != 0 && self.0 & !Self::of(&Self::KINDS).0 == 0
    }

    fn bit(kind: CodeKind) -> u8 {
        match kind {
            CodeKind::Wasm => 1 << 0,
            CodeKind::Oci => 1 << 1,
        }
    }
}

/// Where a provider stands.
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
pub enum Status {
    /// May be drawn.
    #[codec(index = 0)]
    Active,
    /// Its bond came down to the floor; it is not drawn until the bond is topped up.
    #[codec(index = 1)]
    Jailed,
    /// It is not drawn any more; the bond stays held.
    #[codec(index = 2)]
    Leaving {
        /// First block in which it may withdraw.
        until: BlockNumber,
    },
}

/// What the draw needs to know of a provider.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Provider<AccountId> {
    /// Owner of the bond, receiver of the pay.
    pub account: AccountId,
    /// Signs reports and notices.
    pub worker: WorkerId,
    /// What is held on the account, in units of money.
    pub bond: Balance,
    /// Most open assignments, as declared. What counts is [`Self::effective_capacity`].
    pub capacity: u32,
    /// Open assignments.
    pub load: u32,
    /// Sum of the execution prices of the open assignments.
    pub exposure: Balance,
    /// How well it has done lately.
    pub score: Score,
    /// Where it stands.
    pub status: Status,
    /// Whether it takes new assignments; said by its worker.
    pub available: bool,
    /// The last verdict on it, if there was any: what it counts for in the health of the network.
    pub judged: Option<LastVerdict>,
}

impl<AccountId> Provider<AccountId> {
    /// Whether it may be drawn at all, and so belongs to its pools.
    pub fn serves(&self) -> bool {
        self.status == Status::Active && self.available
    }

    /// Most open assignments that count: as declared, but no more than the bond pays for at
    /// `bond_per_slot` each. A price of 0 sets no bound.
    pub fn effective_capacity(&self, bond_per_slot: Balance) -> u32 {
        match self.bond.checked_div(bond_per_slot) {
            Some(slots) => self.capacity.min(u32::try_from(slots).unwrap_or(u32::MAX)),
            None => self.capacity,
        }
    }

    /// Whether it could take an assignment of this exposure once it has nothing else to do.
    pub fn could_take(&self, exposure: Balance, bond_per_slot: Balance) -> bool {
        self.serves() && self.effective_capacity(bond_per_slot) > 0 && exposure <= self.bond
    }

    /// Its burden, if it can take one more assignment of this exposure in block `now`.
    pub fn burden(
        &self,
        exposure: Balance,
        bond_per_slot: Balance,
        now: BlockNumber,
    ) -> Option<Burden> {
        let capacity = self.effective_capacity(bond_per_slot);
        let exposed = self.exposure.checked_add(exposure)?;
        (self.serves() && self.load < capacity && exposed <= self.bond).then(|| Burden {
            load: self.load,
            capacity,
            score: self.score.at(now),
        })
    }
}

/// What others need to know of a provider, and the book of its notices.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Profile {
    /// Where its gateway is reached.
    pub endpoint: Endpoint,
    /// Where it is.
    pub labels: Labels,
    /// What it executes.
    pub capabilities: Capabilities,
    /// X25519 public key (RFC 7748) for what is meant for its worker alone.
    pub encryption_key: Option<[u8; 32]>,
    /// Number of the last notice taken.
    pub sequence: u64,
    /// Block of the last notice of an endpoint.
    pub announced_at: Option<BlockNumber>,
    /// Block of the last notice of availability.
    pub switched_at: Option<BlockNumber>,
}

impl Profile {
    /// Whether both put a provider into the same pools.
    pub fn is_placed_like(&self, other: &Self) -> bool {
        self.labels == other.labels && self.capabilities == other.capabilities
    }
}

/// What a provider offers when it registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// See [`Profile::endpoint`].
    pub endpoint: Endpoint,
    /// See [`Profile::labels`].
    pub labels: Labels,
    /// See [`Profile::capabilities`].
    pub capabilities: Capabilities,
    /// See [`Provider::capacity`].
    pub capacity: u32,
    /// See [`Profile::encryption_key`].
    pub encryption_key: Option<[u8; 32]>,
}

/// What a provider changes: each field only when given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New [`Profile::endpoint`].
    pub endpoint: Option<Endpoint>,
    /// New [`Profile::labels`], all three.
    pub labels: Option<Labels>,
    /// New [`Profile::capabilities`].
    pub capabilities: Option<Capabilities>,
    /// New [`Provider::capacity`].
    pub capacity: Option<u32>,
    /// New [`Profile::encryption_key`]. A key can be replaced, not withdrawn.
    pub encryption_key: Option<[u8; 32]>,
}

/// A provider as views show it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ProviderInfo<AccountId> {
    /// Which one.
    pub id: ProviderId,
    /// Small record.
    pub provider: Provider<AccountId>,
    /// Large record.
    pub profile: Profile,
    /// Most open assignments that count now.
    pub effective_capacity: u32,
    /// What the score is worth now, in millionths.
    pub score: u32,
}

/// Providers in ascending order of their ids.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ProviderPage<AccountId> {
    /// Those found.
    pub providers: Vec<ProviderInfo<AccountId>>,
    /// Where the next page begins; `None` after the last provider.
    pub next: Option<ProviderId>,
}
