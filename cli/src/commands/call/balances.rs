//! What the parties of a call have: before the block of the request, and after that of the result.
//! Whatever else happens to them between those blocks is in the difference too.

use crate::{
    amount::Amount,
    chain::{Chain, Ended},
    Result,
};
use serde::Serialize;
use std::fmt;
use subxt::utils::AccountId32;

/// Free balances of the parties.
#[derive(Debug, Serialize)]
pub(super) struct Balances {
    #[serde(rename = "balances")]
    rows: Vec<Row>,
    /// In whose state they had `before`: the parent of the request's block.
    balances_before_block: u64,
    /// In whose state they had `after`: the block of the result.
    balances_after_block: u64,
}

#[derive(Debug, Serialize)]
struct Row {
    who: &'static str,
    account: String,
    before: Amount,
    after: Amount,
}

impl Balances {
    /// Reads them. `provider`: the account of who delivered, if somebody did.
    pub async fn read(chain: &Chain, ended: &Ended, provider: Option<AccountId32>) -> Result<Self> {
        let requested = u64::from(ended.record.requested_at.block);
        let before = chain.at_number(requested.saturating_sub(1)).await?;
        let after = chain.at(ended.block_hash).await?;
        let treasury = chain.treasury(&after).await?;
        let parties = [
            ("caller", Some(ended.record.principal.account)),
            ("developer", Some(ended.record.resolved.owner)),
            ("provider", provider),
            ("treasury", Some(treasury)),
        ];
        let mut rows = Vec::new();
        for (who, account) in parties {
            let Some(account) = account else { continue };
            rows.push(Row {
                who,
                account: account.to_string(),
                before: Amount(chain.balances(&before, &account).await?.free),
                after: Amount(chain.balances(&after, &account).await?.free),
            });
        }
        Ok(Self {
            rows,
            balances_before_block: before.block_number(),
            balances_after_block: after.block_number(),
        })
    }
}

impl Row {
    /// With its sign.
    fn change(&self) -> String {
        let sign = if self.after < self.before { '-' } else { '+' };
        format!("{sign}{}", Amount(self.after.0.abs_diff(self.before.0)))
    }
}

impl fmt::Display for Balances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "free balances    {:<48}  {:<28} {:<28} change",
            "account",
            format!("after block {}", self.balances_before_block),
            format!("after block {}", self.balances_after_block)
        )?;
        self.rows.iter().try_for_each(|row| {
            writeln!(
                f,
                "  {:<14} {:<48}  {:<28} {:<28} {}",
                row.who,
                row.account,
                row.before.to_string(),
                row.after.to_string(),
                row.change()
            )
        })
    }
}

#[cfg(test)]
pub(super) fn fixture() -> Balances {
    use crate::amount::DFS;
    let row = |who, before, after| Row {
        who,
        account: AccountId32([1; 32]).to_string(),
        before: Amount(before),
        after: Amount(after),
    };
    Balances {
        rows: vec![
            row("caller", 5 * DFS, 2 * DFS),
            row("treasury", DFS, 3 * DFS / 2),
        ],
        balances_before_block: 6,
        balances_after_block: 12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_columns_stand_under_their_headings() {
        let text = fixture().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].ends_with("-3 DFS"), "{text}");
        assert!(lines[2].ends_with("+0.5 DFS"), "{text}");
        assert_eq!(lines[0].find("after block 6"), lines[1].find("5 DFS"));
        assert_eq!(lines[0].find("after block 12"), lines[1].find("2 DFS"));
        assert_eq!(lines[0].find("change"), lines[1].find("-3 DFS"));
    }

    #[test]
    fn json_has_rows_and_the_two_blocks() {
        let json = serde_json::to_value(fixture()).unwrap();
        assert_eq!(json["balances"][0]["who"], "caller");
        assert_eq!(json["balances"][0]["before"], "5000000000000");
        assert_eq!(json["balances"][1]["after"], "1500000000000");
        assert_eq!(json["balances_before_block"], 6);
        assert_eq!(json["balances_after_block"], 12);
    }
}
