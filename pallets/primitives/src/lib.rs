//! Wire types shared by the chain, the worker, the gateway and the CLI.
//!
//! Everything here leaves the chain or is signed by somebody off chain, so every enum has pinned
//! codec indices and [`tests`](self) freeze the encodings. No pallet is named here.
//!
//! | module | holds |
//! |---|---|
//! | [`account`] | accounts, balances, block numbers, the time unit [`account::Tick`] |
//! | [`ids`] | identifiers of functions, versions, invocations, providers |
//! | [`cid`] | content identifiers as the chain stores them |
//! | [`code`] | what a version executes: kind, CID, digest, size, limits |
//! | [`name`] | names of functions and aliases |
//! | [`selector`] | how a caller names a version; what an alias points to |
//! | [`labels`] | where a provider is and where a function wants to run |
//! | [`principal`] | who asks, and in what way |
//! | [`call`] | what a caller asks for: path, input |
//! | [`identity`] | the digest that a call is known by |
//! | [`outcome`] | how an attempt ended |
//! | [`report`] | what a worker tells the chain |
//! | [`job`] | what a worker needs to execute one attempt |
//! | [`invocation_state`] | where a call stands, for whoever waits for it |
//! | [`notice`] | what a worker tells the chain about itself |
//! | [`worker`] | the key that signs reports |
//! | [`endpoint`] | where a provider's gateway is reached |
//! | [`voucher`] | what a client signs for calls outside the chain |
//! | [`signing`] | domain separation of everything signed off chain |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod account;
pub mod call;
pub mod cid;
pub mod code;
pub mod endpoint;
pub mod identity;
pub mod ids;
pub mod invocation_state;
pub mod job;
pub mod labels;
pub mod name;
pub mod notice;
pub mod outcome;
pub mod principal;
pub mod report;
pub mod selector;
pub mod signing;
pub mod voucher;
pub mod worker;

pub use account::{AccountId, Balance, BlockNumber, Hash, Nonce, Signature, Tick};
pub use call::{Digest, Input, Output, OutputDigest, Path};
pub use cid::Cid;
pub use code::{Code, CodeKind, Limits, Verification};
pub use endpoint::{Endpoint, Host};
pub use ids::{Attempt, FunctionId, InvocationId, ProviderId, Replica, VersionNumber};
pub use invocation_state::{InvocationState, Refund, Stage};
pub use job::{Job, JobCursor};
pub use labels::{Label, Labels, Placement};
pub use name::Name;
pub use notice::{Notice, NoticeBody};
pub use outcome::{Fault, Limit, Outcome};
pub use principal::{Principal, Via};
pub use report::{Meters, Report, ReportItem, ReportV1};
pub use selector::{AliasTarget, Selector};
pub use voucher::{ChannelId, Voucher, VoucherV1};
#[cfg(feature = "std")]
pub use worker::WorkerPair;
pub use worker::{WorkerId, WorkerSignature};

#[cfg(test)]
mod tests;
