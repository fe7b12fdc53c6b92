//! Balances.

use defaas_primitives::Balance;
use subxt::ext::scale_decode::{self, DecodeAsType};

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub(in crate::chain) struct AccountInfo {
    pub data: AccountData,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub(in crate::chain) struct AccountData {
    pub free: Balance,
    pub reserved: Balance,
    pub frozen: Balance,
}
