//! Whether rules let somebody in. Pure: what it must know it is given, the dear things only when it
//! asks for them.

use crate::{Grant, Rule};

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No rule lets it in.
    NotAuthorized,
    /// Its grant is over.
    Expired,
    /// Its grant is used up.
    QuotaExhausted,
}

/// Whether a caller is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<Grant> {
    /// By a rule that needs no grant.
    Free,
    /// By this grant, which is valid and not used up.
    Granted(Grant),
    /// It is not.
    Refused(Refusal),
}

/// Applies `rules`, the cheap ones first. `grant` is asked at most once, and only if no cheaper rule
/// decides.
pub fn decide<AccountId, BlockNumber: PartialOrd, Ticket>(
    rules: &[Rule],
    is_owner: bool,
    now: BlockNumber,
    grant: impl FnOnce() -> Option<Grant<AccountId, BlockNumber, Ticket>>,
) -> Decision<Grant<AccountId, BlockNumber, Ticket>> {
    let free = rules.contains(&Rule::Public) || (is_owner && rules.contains(&Rule::Owner));
    if free {
        return Decision::Free;
    }
    if !rules.contains(&Rule::Accounts) {
        return Decision::Refused(Refusal::NotAuthorized);
    }
    match grant() {
        None => Decision::Refused(Refusal::NotAuthorized),
        Some(grant) if grant.is_expired(now) => Decision::Refused(Refusal::Expired),
        Some(grant) if grant.is_used_up() => Decision::Refused(Refusal::QuotaExhausted),
        Some(grant) => Decision::Granted(grant),
    }
}

impl<AccountId, BlockNumber: PartialOrd, Ticket> Grant<AccountId, BlockNumber, Ticket> {
    /// Whether it is no longer valid in block `now`.
    pub fn is_expired(&self, now: BlockNumber) -> bool {
        self.expiry.as_ref().is_some_and(|expiry| now >= *expiry)
    }

    /// Whether it has a quota and nothing of it is left.
    pub fn is_used_up(&self) -> bool {
        self.quota.is_some_and(|quota| quota.used >= quota.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quota;
    use proptest::{collection::vec, prelude::*};

    type TestGrant = Grant<u64, u32, u8>;

    fn grant(expiry: Option<u32>, quota: Option<Quota>) -> TestGrant {
        Grant {
            expiry,
            quota,
            serial: 1,
            depositor: 1,
            ticket: 0,
        }
    }

    fn rule() -> impl Strategy<Value = Rule> {
        prop_oneof![Just(Rule::Public), Just(Rule::Owner), Just(Rule::Accounts)]
    }

    fn any_grant() -> impl Strategy<Value = Option<TestGrant>> {
        let quota = (0u32..3, 1u32..3).prop_map(|(used, limit)| Quota { limit, used });
        proptest::option::of((proptest::option::of(0u32..10), proptest::option::of(quota)))
            .prop_map(|parts| parts.map(|(expiry, quota)| grant(expiry, quota)))
    }

    proptest! {
        #[test]
        fn lets_in_exactly_who_a_rule_lets_in(
            rules in vec(rule(), 0..4),
            is_owner: bool,
            now in 0u32..10,
            grant in any_grant(),
        ) {
            let valid = grant.as_ref().is_some_and(|grant| {
                grant.expiry.is_none_or(|expiry| now < expiry)
                    && grant.quota.is_none_or(|quota| quota.used < quota.limit)
            });
            let expected = rules.iter().any(|rule| match rule {
                Rule::Public => true,
                Rule::Owner => is_owner,
                Rule::Accounts => valid,
            });
            let decision = decide(&rules, is_owner, now, || grant);
            prop_assert_eq!(!matches!(decision, Decision::Refused(_)), expected);
        }

        #[test]
        fn order_of_rules_decides_nothing(
            rules in vec(rule(), 0..4),
            is_owner: bool,
            now in 0u32..10,
            grant in any_grant(),
        ) {
            let reversed: Vec<_> = rules.iter().rev().copied().collect();
            prop_assert_eq!(
                decide(&rules, is_owner, now, || grant.clone()),
                decide(&reversed, is_owner, now, || grant)
            );
        }

        #[test]
        fn grants_are_not_asked_for_when_a_cheaper_rule_decides(
            rules in vec(rule(), 0..4),
            is_owner: bool,
        ) {
            let mut asked = false;
            let decision = decide(&rules, is_owner, 0, || {
                asked = true;
                None::<TestGrant>
            });
            prop_assert_eq!(
                asked,
                rules.contains(&Rule::Accounts) && decision != Decision::Free
            );
        }
    }

    #[test]
    fn refusal_says_what_is_wrong_with_the_grant() {
        let with = |grant| decide(&[Rule::Accounts], false, 5u32, || grant);
        let used = Quota { limit: 2, used: 2 };
        assert_eq!(with(None), Decision::Refused(Refusal::NotAuthorized));
        assert_eq!(
            with(Some(grant(Some(5), Some(used)))),
            Decision::Refused(Refusal::Expired)
        );
        assert_eq!(
            with(Some(grant(Some(6), Some(used)))),
            Decision::Refused(Refusal::QuotaExhausted)
        );
    }
}
