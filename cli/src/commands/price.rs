//! The price of a call, as it is shown.

use crate::{amount::Amount, chain::types::Quote};
use serde::Serialize;
use std::fmt;

/// The price of a call in its parts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Price {
    developer_fee: Amount,
    execution_price: Amount,
    treasury_share: Amount,
    network_fee: Amount,
    pub total: Amount,
}

impl From<Quote> for Price {
    fn from(quote: Quote) -> Self {
        Self {
            developer_fee: Amount(quote.developer_fee),
            execution_price: Amount(quote.execution_price),
            treasury_share: Amount(quote.treasury_share),
            network_fee: Amount(quote.network_fee),
            total: Amount(quote.total()),
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "developer fee    {}", self.developer_fee)?;
        writeln!(
            f,
            "execution price  {} ({} of it to the treasury)",
            self.execution_price, self.treasury_share
        )?;
        writeln!(f, "network fee      {} (not given back)", self.network_fee)?;
        writeln!(f, "total            {}", self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::DFS;

    #[test]
    fn the_total_is_what_may_be_charged_and_amounts_are_texts_in_json() {
        let price = Price::from(Quote {
            developer_fee: DFS,
            execution_price: 2 * DFS,
            treasury_share: DFS / 10,
            network_fee: DFS / 2,
        });
        let json = serde_json::to_value(price).unwrap();
        assert_eq!(json["total"], "3500000000000");
        assert_eq!(json["treasury_share"], "100000000000");
        assert!(price.to_string().contains("total            3.5 DFS"));
    }
}
