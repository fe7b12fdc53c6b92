//! A call for tests, and a command line that names neither account nor store.

use super::Context;
use crate::chain::types::{
    Delivery, Fault, Invocation, Limits, Meters, Moment, OutputDigest, Principal, Quote, Resolved,
    Status, Tried,
};
use crate::{keys::KeyDir, output::Output};
use std::path::PathBuf;
use subxt::utils::AccountId32;

/// Without account, keys and store.
pub(super) fn context(screen: &Output) -> Context<'_> {
    Context {
        node: String::new(),
        account: None,
        keys: KeyDir::at("/nonexistent"),
        store: None,
        store_token: PathBuf::new(),
        output: screen,
    }
}

/// A call that two providers did not deliver.
pub(crate) fn record(status: Status, delivery: Option<Delivery>) -> Invocation {
    let caller = AccountId32([1; 32]);
    Invocation {
        digest: [9; 32],
        principal: Principal { account: caller },
        payer: caller,
        quote: Quote {
            developer_fee: 1,
            execution_price: 2,
            treasury_share: 0,
            network_fee: 3,
        },
        resolved: Resolved {
            function: 4,
            owner: AccountId32([2; 32]),
            version: 5,
            limits: Limits {
                timeout_ms: 1,
                memory_bytes: 1,
                max_input_bytes: 1,
                max_output_bytes: 1,
            },
        },
        input_bytes: 6,
        requested_at: Moment { block: 7 },
        status,
        tried: vec![
            Tried {
                provider: 0,
                fault: None,
            },
            Tried {
                provider: 1,
                fault: Some(Fault::Overloaded),
            },
        ],
        delivery,
    }
}

/// What provider 2 delivered in 11 ms.
pub(crate) fn delivery(size: u32) -> Delivery {
    Delivery {
        provider: 2,
        output: Some(OutputDigest {
            sha256: [3; 32],
            size,
        }),
        meters: Meters { duration_ms: 11 },
    }
}
