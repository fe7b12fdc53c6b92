//! What is said about a call.

use super::{
    super::{price::Price, written::Written},
    balances::Balances,
};
use crate::{
    amount::Amount,
    chain::{
        types::{Status, Tried},
        Ended, Payment,
    },
};
use defaas_primitives::{FunctionId, InvocationId, ProviderId, VersionNumber};
use serde::Serialize;
use std::{fmt, time::Duration};
use subxt::utils::AccountId32;

/// A call that was asked for and is not waited for.
#[derive(Serialize)]
pub(super) struct Asked {
    pub invocation: InvocationId,
    pub digest: String,
    pub function: FunctionId,
    pub version: VersionNumber,
    pub request_block: u64,
    /// All that may be charged.
    pub price: Amount,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "call {} of function {}, version {}, requested in block {}, for at most {}",
            self.invocation, self.function, self.version, self.request_block, self.price
        )?;
        write!(
            f,
            "See how it ends: defaas invocation show {}",
            self.invocation
        )
    }
}

/// A call that has ended.
#[derive(Serialize)]
pub(super) struct Report {
    invocation: InvocationId,
    digest: String,
    function: FunctionId,
    version: VersionNumber,
    status: Status,
    /// Why there was no charge, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    provider: Option<ProviderId>,
    provider_account: Option<String>,
    tried: Vec<Tried>,
    request_block: u64,
    result_block: u64,
    /// From sending the request to knowing the result.
    latency_ms: u64,
    /// Execution time, as the provider says.
    duration_ms: Option<u32>,
    price: Price,
    paid: Option<Paid>,
    output: Option<Written>,
    /// Where the output was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(flatten)]
    balances: Option<Balances>,
}

/// Who got what, the network fee aside.
#[derive(Serialize)]
struct Paid {
    developer: Amount,
    provider: Amount,
    treasury: Amount,
    returned: Amount,
}

impl From<Payment> for Paid {
    fn from(payment: Payment) -> Self {
        Self {
            developer: Amount(payment.developer),
            provider: Amount(payment.provider),
            treasury: Amount(payment.treasury),
            returned: Amount(payment.returned),
        }
    }
}

impl Report {
    /// `provider`: the account of who delivered.
    pub fn new(
        ended: &Ended,
        provider: Option<AccountId32>,
        balances: Option<Balances>,
        latency: Duration,
    ) -> Self {
        let record = &ended.record;
        let left = record.delivery.and_then(|delivery| delivery.output);
        Self {
            invocation: ended.id,
            digest: format!("0x{}", hex::encode(record.digest)),
            function: record.resolved.function,
            version: record.resolved.version,
            status: record.status,
            reason: match record.status {
                Status::Refunded(reason) => Some(reason.meaning()),
                _ => None,
            },
            provider: record.delivery.map(|delivery| delivery.provider),
            provider_account: provider.map(|account| account.to_string()),
            tried: record.tried.clone(),
            request_block: record.requested_at.block.into(),
            result_block: ended.block,
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            duration_ms: record.delivery.map(|delivery| delivery.meters.duration_ms),
            price: record.quote.into(),
            paid: ended.payment.map(Paid::from),
            output: ended
                .output
                .as_ref()
                .map(Written::new)
                .or(left.map(Written::gone)),
            file: None,
            balances,
        }
    }

    /// Adds the bytes of an output that is not on chain.
    pub fn show(&mut self, bytes: &[u8]) {
        if let Some(output) = &mut self.output {
            output.show(bytes);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "call             {}", self.invocation)?;
        writeln!(f, "status           {}", self.status)?;
        writeln!(
            f,
            "function         {}, version {}",
            self.function, self.version
        )?;
        for tried in &self.tried {
            writeln!(f, "not delivered    {tried}")?;
        }
        match (self.provider, &self.provider_account) {
            (Some(id), Some(account)) => writeln!(f, "provider         {id} ({account})")?,
            (Some(id), None) => writeln!(f, "provider         {id}")?,
            (None, _) => {}
        }
        if let Some(output) = &self.output {
            writeln!(f, "output           {output}")?;
        }
        if let Some(file) = &self.file {
            writeln!(f, "written to       {file}")?;
        }
        write!(f, "{}", self.price)?;
        if let Some(paid) = &self.paid {
            writeln!(
                f,
                "paid             {} developer, {} provider, {} treasury; {} returned",
                paid.developer, paid.provider, paid.treasury, paid.returned
            )?;
        }
        write!(
            f,
            "time             blocks {} to {}, {}.{:03} s",
            self.request_block,
            self.result_block,
            self.latency_ms / 1_000,
            self.latency_ms % 1_000
        )?;
        match self.duration_ms {
            Some(duration) => writeln!(f, ", executed in {duration} ms")?,
            None => writeln!(f)?,
        }
        match &self.balances {
            Some(balances) => balances.fmt(f),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chain::types::{Outcome, Output, RefundReason},
        commands::fixture::{delivery, record},
    };
    use subxt::utils::H256;

    fn report(status: Status, output: Option<Output>, payment: Payment) -> Report {
        let delivery = output.is_some().then(|| delivery(2));
        let ended = Ended {
            id: 8,
            record: record(status, delivery),
            output,
            block: 12,
            block_hash: H256::zero(),
            payment: Some(payment),
        };
        let provider = delivery.map(|_| AccountId32([5; 32]));
        Report::new(&ended, provider, None, Duration::from_millis(10_050))
    }

    #[test]
    fn a_success_says_who_did_it_for_how_much_and_how_fast() {
        let report = report(
            Status::Settled(Outcome::Success),
            Some(Output::Inline(b"42".to_vec())),
            Payment {
                developer: 1,
                provider: 2,
                treasury: 0,
                returned: 0,
            },
        );
        let text = report.to_string();
        assert!(text.contains("status           Success"));
        let account = AccountId32([5; 32]).to_string();
        assert!(text.contains(&format!("provider         2 ({account})")));
        assert!(text.contains("blocks 7 to 12, 10.050 s, executed in 11 ms"));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["output"]["text"], "42");
        assert_eq!(json["paid"]["provider"], "2");
        assert_eq!(json["provider"], 2);
        assert_eq!(json["provider_account"], account);
        assert_eq!(json["request_block"], 7);
        assert_eq!(json["invocation"], 8);
        assert_eq!(json["result_block"], 12);
        assert!(json.get("reason").is_none());
        assert!(json.get("balances").is_none());
    }

    #[test]
    fn balances_are_there_if_asked_for() {
        let report = Report {
            balances: Some(super::super::balances::fixture()),
            ..report(
                Status::Settled(Outcome::Success),
                None,
                Payment {
                    developer: 1,
                    provider: 2,
                    treasury: 0,
                    returned: 0,
                },
            )
        };
        assert!(report.to_string().contains("free balances"));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["balances"][0]["who"], "caller");
        assert_eq!(json["balances_after_block"], 12);
    }

    #[test]
    fn a_refund_says_why_and_what_came_back() {
        let report = report(
            Status::Refunded(RefundReason::AttemptsExhausted),
            None,
            Payment {
                developer: 0,
                provider: 0,
                treasury: 0,
                returned: 3,
            },
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["status"], "Refunded(AttemptsExhausted)");
        assert_eq!(json["reason"], RefundReason::AttemptsExhausted.meaning());
        assert_eq!(json["paid"]["returned"], "3");
        assert!(json["provider"].is_null());
        assert!(report.to_string().contains("provider 0 (silent)"));
    }
}
