//! The parts of on-chain types that this program reads, matched to the chain's metadata by name.

use defaas_primitives::Balance;
use subxt::ext::scale_decode::{self, DecodeAsType};

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub(super) struct AccountInfo {
    pub data: AccountData,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub(super) struct AccountData {
    pub free: Balance,
    pub reserved: Balance,
    pub frozen: Balance,
}
