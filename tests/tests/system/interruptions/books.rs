//! Who should own what.

use defaas_cli::chain::{types::Quote, Chain};
use defaas_primitives::Balance;
use defaas_system_tests::price::treasury;
use subxt_signer::sr25519::dev;

/// What a provider of the development chain has at stake at first.
const BOND: Balance = 1_000 * defaas_cli::amount::DFS;
/// What one silence costs it.
const SLICE: Balance = defaas_cli::amount::DFS;

/// Those between whom money moves.
#[derive(Clone, Copy, Debug)]
enum Party {
    Developer,
    Provider,
    Caller,
    Treasury,
}

/// What each party owned, held money included, and what has become of it since by the rules. No
/// party owns anything that another one does not lose.
pub struct Books {
    owned: [Balance; 4],
    bond: Balance,
}

impl Books {
    /// What the parties own now.
    pub async fn open(chain: &Chain) -> Self {
        Self {
            owned: owned(chain).await,
            bond: BOND,
        }
    }

    /// A transaction of the caller's stands in a block.
    pub fn charged(&mut self, transaction_fee: Balance) {
        self.pay(Party::Caller, Party::Treasury, transaction_fee);
    }

    /// A call was requested: two fees are gone for good.
    pub fn requested(&mut self, transaction_fee: Balance, quote: &Quote) {
        self.charged(transaction_fee);
        self.pay(Party::Caller, Party::Treasury, quote.network_fee);
    }

    /// It was settled with success.
    pub fn settled(&mut self, quote: &Quote) {
        let share = quote.treasury_share;
        self.pay(Party::Caller, Party::Developer, quote.developer_fee);
        self.pay(Party::Caller, Party::Treasury, share);
        let rest = quote.execution_price - share;
        self.pay(Party::Caller, Party::Provider, rest);
    }

    /// The provider was silent.
    pub fn slashed(&mut self) {
        self.pay(Party::Provider, Party::Treasury, SLICE);
        self.bond -= SLICE;
    }

    fn pay(&mut self, from: Party, to: Party, amount: Balance) {
        self.owned[from as usize] -= amount;
        self.owned[to as usize] += amount;
    }

    /// What the provider should have at stake.
    pub fn bond(&self) -> Balance {
        self.bond
    }

    /// Compares with what the parties own now, to the last unit.
    pub async fn check(&self, chain: &Chain) {
        let names = [
            Party::Developer,
            Party::Provider,
            Party::Caller,
            Party::Treasury,
        ];
        let owned = owned(chain).await;
        for party in names {
            assert_eq!(
                owned[party as usize], self.owned[party as usize],
                "what the {party:?} owns",
            );
        }
    }
}

async fn owned(chain: &Chain) -> [Balance; 4] {
    let [developer, provider, caller] =
        [dev::bob(), dev::alice(), dev::charlie()].map(|key| key.public_key().to_account_id());
    let block = chain.best().await.unwrap();
    let mut owned = [0; 4];
    let accounts = [developer, provider, caller, treasury()];
    for (owned, account) in owned.iter_mut().zip(accounts) {
        let balances = chain.balances(&block, &account).await.unwrap();
        *owned = balances.free + balances.held;
    }
    owned
}
