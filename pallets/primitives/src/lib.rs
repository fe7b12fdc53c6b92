#![doc = include_str!("../README.md")]
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
pub use invocation_state::{InvocationState, RefundReason, Status};
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
