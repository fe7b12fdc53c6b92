//! *A call that is to be sent* → ask the chain what it would say → *the most to pay, or the refusal,
//! before a fee is spent on it*.
//!
//! What changes between the question and the transaction the chain refuses itself.

use super::super::access::join;
use crate::{
    amount::Amount,
    chain::{
        types::{Function, FunctionStatus, Grant, Limits, Policy, Quote, Rule, Selector},
        AtBlock, Balances, Chain,
    },
    Error, Result,
};
use defaas_primitives::{Balance, FunctionId};
use subxt::utils::AccountId32;

/// What is to be asked for.
pub(super) struct Plan<'a> {
    pub function: FunctionId,
    pub selector: &'a Selector,
    pub caller: &'a AccountId32,
    /// Length of the input, in bytes.
    pub input: u32,
    /// Most to pay, if the caller says.
    pub max_fee: Option<Amount>,
}

impl Plan<'_> {
    /// The most to pay, if the chain would take the call at `block`.
    pub async fn check(&self, chain: &Chain, block: &AtBlock) -> Result<Amount> {
        let id = self.function;
        let function = chain
            .function(block, id)
            .await?
            .ok_or_else(|| Error::NotFound(format!("function {id}")))?;
        in_service(id, &function)?;
        let resolved = chain
            .resolve(block, id, self.selector)
            .await
            .map_err(|error| not_resolved(id, error))?;
        fits(id, self.input, &resolved.limits)?;
        if !chain.may_call(block, id, self.caller).await? {
            let policy = chain.policy(block, id).await?;
            let grant = chain.grant_of(block, id, self.caller).await?;
            let now = block.block_number();
            return Err(self.not_let_in(&function, policy.as_ref(), grant.as_ref(), now));
        }
        let quote = chain.quote(block, id, self.selector).await?;
        let max_fee = max_fee(&quote, self.max_fee)?;
        let balances = chain.balances(block, self.caller).await?;
        let least = chain.existential_deposit(block)?;
        affordable(quote.total(), &balances, least)?;
        Ok(max_fee)
    }

    /// Why the caller may not call, and who can change that.
    fn not_let_in(
        &self,
        function: &Function,
        policy: Option<&Policy>,
        grant: Option<&Grant>,
        now: u64,
    ) -> Error {
        let (id, caller, owner) = (self.function, self.caller, &function.owner);
        let rules = policy.map_or(&[Rule::Owner][..], |policy| &policy.rules);
        let by_grant = rules.contains(&Rule::Accounts);
        let grant = grant.filter(|_| by_grant);
        let over = grant
            .and_then(|grant| grant.expiry)
            .filter(|expiry| u64::from(*expiry) <= now);
        let what = match (over, grant.and_then(|grant| grant.quota)) {
            (Some(expiry), _) => format!("its grant ended in block {expiry}"),
            (None, Some(quota)) => {
                format!(
                    "{} of the {} calls of its grant are used",
                    quota.used, quota.limit
                )
            }
            (None, None) => format!("its rules are: {}", join(rules)),
        };
        let open = if by_grant {
            String::new()
        } else {
            format!(
                "defaas access set {id} {}, and then ",
                join(&with_accounts(rules))
            )
        };
        Error::NotSent {
            what: format!("{caller} may not call function {id}: {what}"),
            hint: format!(
                "Its owner, {owner}, can let this account in with: {open}defaas grant {id} {caller}"
            ),
        }
    }
}

fn with_accounts(rules: &[Rule]) -> Vec<Rule> {
    super::super::access::tidy(rules.iter().copied().chain([Rule::Accounts]).collect())
}

fn in_service(id: FunctionId, function: &Function) -> Result<()> {
    let hint = match &function.status {
        FunctionStatus::Active => return Ok(()),
        FunctionStatus::Paused(_) => format!(
            "Call it later. Its owner, {}, resumes it with: defaas function resume {id}",
            function.owner
        ),
        FunctionStatus::Retired { .. } => {
            "It will not be back. List others with: defaas function list".into()
        }
    };
    Err(Error::NotSent {
        what: format!("function {id} is {}", function.status),
        hint,
    })
}

/// The chain's refusal as one that cost nothing.
fn not_resolved(id: FunctionId, error: Error) -> Error {
    let hint = error.hint();
    match error {
        Error::Refused { name, docs, .. } => Error::NotSent {
            what: format!(
                "function {id}: {}",
                if docs.is_empty() {
                    &name
                } else {
                    docs.trim_end_matches('.')
                }
            ),
            hint: hint
                .unwrap_or_default()
                .replace("FUNCTION", &id.to_string()),
        },
        other => other,
    }
}

fn fits(id: FunctionId, input: u32, limits: &Limits) -> Result<()> {
    if input <= limits.max_input_bytes {
        return Ok(());
    }
    Err(Error::NotSent {
        what: format!(
            "the input has {input} bytes, and function {id} takes {}",
            limits.max_input_bytes
        ),
        hint: "Send less, or call another version with --version N.".into(),
    })
}

/// What may be spent at most.
fn max_fee(quote: &Quote, given: Option<Amount>) -> Result<Amount> {
    let price = Amount(quote.total());
    match given {
        Some(given) if given < price => Err(Error::NotSent {
            what: format!("the call costs {price}, more than --max-fee {given}"),
            hint: "Give a higher --max-fee, or none to pay what the quote says.".into(),
        }),
        Some(given) => Ok(given),
        None => Ok(price),
    }
}

/// Whether there is enough for the price. The fee of the transaction comes on top of it.
fn affordable(price: Balance, balances: &Balances, least: Balance) -> Result<()> {
    let needed = price.saturating_add(least);
    if balances.free >= needed {
        return Ok(());
    }
    Err(Error::NotSent {
        what: format!(
            "the account has {} free, and the call costs {}",
            Amount(balances.free),
            Amount(price)
        ),
        hint: format!(
            "It needs at least {} more, and the fee of the transaction: it keeps {} to exist. Look \
             at it with: defaas account show",
            Amount(needed - balances.free),
            Amount(least)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        amount::DFS,
        chain::types::{Placement, Quota, Text},
    };

    const QUOTE: Quote = Quote {
        developer_fee: DFS,
        execution_price: DFS,
        treasury_share: 0,
        network_fee: DFS,
    };

    fn function(status: FunctionStatus) -> Function {
        Function {
            owner: AccountId32([2; 32]),
            name: "f".into(),
            description: None,
            status,
            fee: 0,
            placement: Placement::default(),
            versions: 1,
            offered_to: None,
        }
    }

    fn refusal(rules: Option<&[Rule]>, grant: Option<Grant>) -> Error {
        let selector = Selector::Version(1);
        let plan = Plan {
            function: 3,
            selector: &selector,
            caller: &AccountId32([1; 32]),
            input: 0,
            max_fee: None,
        };
        let policy = rules.map(|rules| Policy {
            rules: rules.to_vec(),
        });
        let function = function(FunctionStatus::Active);
        plan.not_let_in(&function, policy.as_ref(), grant.as_ref(), 100)
    }

    #[test]
    fn the_most_to_pay_is_the_price_unless_said_otherwise() {
        assert_eq!(max_fee(&QUOTE, None).unwrap(), Amount(3 * DFS));
        let more = Some(Amount(4 * DFS));
        assert_eq!(max_fee(&QUOTE, more).unwrap(), Amount(4 * DFS));
    }

    #[test]
    fn less_than_the_price_is_refused_before_anything_is_sent() {
        let error = max_fee(&QUOTE, Some(Amount(2 * DFS))).unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().contains("3 DFS"));
        assert!(error.hint().unwrap().contains("--max-fee"));
    }

    #[test]
    fn what_is_out_of_service_says_why_and_for_how_long() {
        assert!(in_service(3, &function(FunctionStatus::Active)).is_ok());
        let paused = FunctionStatus::Paused(Some(Text::from("maintenance")));
        let error = in_service(3, &function(paused)).unwrap_err();
        assert!(error.to_string().contains("paused: maintenance"));
        assert!(error.hint().unwrap().contains("function resume 3"));
        assert_eq!(error.exit_code(), 4);
        let retired = FunctionStatus::Retired { since: 9 };
        let error = in_service(3, &function(retired)).unwrap_err();
        assert!(error.to_string().contains("retired since block 9"));
    }

    #[test]
    fn a_version_that_cannot_be_called_costs_nothing() {
        let error = not_resolved(
            3,
            Error::Refused {
                pallet: "Registry".into(),
                name: "AliasNotFound".into(),
                docs: "The function has no such alias.".into(),
            },
        );
        assert_eq!(
            error.to_string(),
            "not sent: function 3: The function has no such alias"
        );
        assert!(error.hint().unwrap().ends_with("defaas function show 3"));
        let broken = not_resolved(3, Error::Incompatible("x".into()));
        assert!(matches!(broken, Error::Incompatible(_)));
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused() {
        let limits = Limits {
            timeout_ms: 1,
            memory_bytes: 1,
            max_input_bytes: 10,
            max_output_bytes: 1,
        };
        assert!(fits(3, 10, &limits).is_ok());
        assert!(fits(3, 11, &limits)
            .unwrap_err()
            .to_string()
            .contains("takes 10"));
    }

    #[test]
    fn whoever_is_not_let_in_is_told_who_can_change_that() {
        let owner = AccountId32([2; 32]).to_string();
        let caller = AccountId32([1; 32]).to_string();
        let by_grant = refusal(Some(&[Rule::Owner, Rule::Accounts]), None);
        assert!(by_grant.to_string().contains("owner,accounts"));
        let hint = by_grant.hint().unwrap();
        assert!(hint.contains(&owner), "{hint}");
        assert!(
            hint.ends_with(&format!("with: defaas grant 3 {caller}")),
            "{hint}"
        );
        let hint = refusal(None, None).hint().unwrap();
        assert!(hint.contains("defaas access set 3 owner,accounts, and then defaas grant 3"));
    }

    #[test]
    fn a_grant_that_is_over_or_used_up_is_the_reason() {
        let rules = Some(&[Rule::Accounts][..]);
        let over = Grant {
            expiry: Some(100),
            quota: None,
        };
        assert!(refusal(rules, Some(over)).to_string().contains("block 100"));
        let used = Grant {
            expiry: Some(101),
            quota: Some(Quota { limit: 2, used: 2 }),
        };
        assert!(refusal(rules, Some(used))
            .to_string()
            .contains("2 of the 2 calls"));
    }

    #[test]
    fn an_account_keeps_what_it_needs_to_exist() {
        let has = |free| Balances {
            free,
            ..Balances::default()
        };
        assert!(affordable(3 * DFS, &has(4 * DFS), DFS).is_ok());
        let error = affordable(3 * DFS, &has(3 * DFS), DFS).unwrap_err();
        assert!(error.to_string().contains("costs 3 DFS"));
        assert!(error.hint().unwrap().contains("1 DFS more"));
        assert_eq!(error.exit_code(), 4);
    }
}
