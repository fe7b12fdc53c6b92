//! The questions this program asks the chain, each with the type of its answer.

use super::{
    types::{
        Alias, Assignment, Function, FunctionPage, Grant, Invocation, NamePage, Output, Policy,
        ProviderInfo, ProviderPage, Quote, Resolved, Selector, Text, Version,
    },
    AtBlock, Chain,
};
use crate::{Error, Result};
use defaas_primitives::{Balance, FunctionId, InvocationId, ProviderId, VersionNumber};
use subxt::{dynamic, ext::scale_decode::DecodeAsType, utils::AccountId32};

const REGISTRY: &str = "Registry";
const ACCESS: &str = "Access";
const BILLING: &str = "Billing";
const INVOCATIONS: &str = "Invocations";
const TRUST: &str = "Trust";

/// Most items that the chain puts on a page.
pub const MAX_PAGE: u32 = 100;

/// Functions and who may call them.
impl Chain {
    /// A function.
    pub async fn function(&self, block: &AtBlock, id: FunctionId) -> Result<Option<Function>> {
        self.view(block, REGISTRY, "function", (id,)).await
    }

    /// The id of the function that `owner` calls `name`.
    pub async fn function_by_name(
        &self,
        block: &AtBlock,
        owner: &AccountId32,
        name: &Text,
    ) -> Result<Option<FunctionId>> {
        self.view(block, REGISTRY, "function_by_name", (owner, name))
            .await
    }

    /// Functions with ids from `from` up, looking at `limit` ids.
    pub async fn functions(
        &self,
        block: &AtBlock,
        from: FunctionId,
        limit: u32,
    ) -> Result<FunctionPage> {
        self.view(block, REGISTRY, "functions", (from, limit)).await
    }

    /// Names and ids of the functions of `owner`, after the one of name `after`.
    pub async fn functions_of(
        &self,
        block: &AtBlock,
        owner: &AccountId32,
        after: Option<Text>,
        limit: u32,
    ) -> Result<NamePage> {
        self.view(block, REGISTRY, "functions_of", (owner, after, limit))
            .await
    }

    /// A version.
    pub async fn version(
        &self,
        block: &AtBlock,
        function: FunctionId,
        version: VersionNumber,
    ) -> Result<Option<Version>> {
        self.view(block, REGISTRY, "version", (function, version))
            .await
    }

    /// All aliases of a function.
    pub async fn aliases(
        &self,
        block: &AtBlock,
        function: FunctionId,
    ) -> Result<Vec<(Text, Alias)>> {
        self.view(block, REGISTRY, "aliases", (function,)).await
    }

    /// What a call now would execute.
    pub async fn resolve(
        &self,
        block: &AtBlock,
        function: FunctionId,
        selector: &Selector,
    ) -> Result<Resolved> {
        self.try_view(block, REGISTRY, "resolve", (function, selector))
            .await
    }

    /// Who may call a function. `None`: its owner only.
    pub async fn policy(&self, block: &AtBlock, function: FunctionId) -> Result<Option<Policy>> {
        self.view(block, ACCESS, "policy", (function,)).await
    }

    /// An account's grant for a function.
    pub async fn grant_of(
        &self,
        block: &AtBlock,
        function: FunctionId,
        account: &AccountId32,
    ) -> Result<Option<Grant>> {
        self.view(block, ACCESS, "grant_of", (function, account))
            .await
    }

    /// Whether the rules of a function let an account in that signs itself.
    pub async fn may_call(
        &self,
        block: &AtBlock,
        function: FunctionId,
        account: &AccountId32,
    ) -> Result<bool> {
        self.view(block, ACCESS, "may_call", (function, account))
            .await
    }

    /// The id that the next function will have.
    pub async fn next_function_id(&self, block: &AtBlock) -> Result<FunctionId> {
        self.counter(block, REGISTRY, "NextFunctionId").await
    }

    /// Largest WebAssembly code that the chain takes, in bytes.
    pub fn max_wasm_size(&self, block: &AtBlock) -> Result<u64> {
        block
            .constants()
            .entry(dynamic::constant::<u64>(REGISTRY, "MaxWasmSize"))
            .map_err(|error| Error::Incompatible(error.to_string()))
    }
}

/// Money.
impl Chain {
    /// The account that fees and shares of the network go to.
    pub async fn treasury(&self, block: &AtBlock) -> Result<AccountId32> {
        self.view(block, BILLING, "treasury", ()).await
    }

    /// What an account must keep to exist, in units.
    pub fn existential_deposit(&self, block: &AtBlock) -> Result<Balance> {
        block
            .constants()
            .entry(dynamic::constant::<Balance>(
                "Balances",
                "ExistentialDeposit",
            ))
            .map_err(|error| Error::Incompatible(error.to_string()))
    }
}

/// Calls and their price.
impl Chain {
    /// What a call now would cost.
    pub async fn quote(
        &self,
        block: &AtBlock,
        function: FunctionId,
        selector: &Selector,
    ) -> Result<Quote> {
        self.try_view(block, BILLING, "quote", (function, selector))
            .await
    }

    /// A call, while its record is kept.
    pub async fn invocation(
        &self,
        block: &AtBlock,
        id: InvocationId,
    ) -> Result<Option<Invocation>> {
        self.view(block, INVOCATIONS, "invocation", (id,)).await
    }

    /// Calls with numbers from `from` up, looking at `limit` numbers.
    pub async fn invocations(
        &self,
        block: &AtBlock,
        from: InvocationId,
        limit: u32,
    ) -> Result<Vec<(InvocationId, Invocation)>> {
        self.view(block, INVOCATIONS, "invocations", (from, limit))
            .await
    }

    /// What the function of a settled call wrote, while it is kept.
    pub async fn output(&self, block: &AtBlock, id: InvocationId) -> Result<Option<Output>> {
        self.view(block, INVOCATIONS, "output", (id,)).await
    }

    /// Who executes an open call.
    pub async fn assignment(
        &self,
        block: &AtBlock,
        id: InvocationId,
    ) -> Result<Option<Assignment>> {
        self.view(block, INVOCATIONS, "assignment", (id, 0u8)).await
    }

    /// The number that the next call will have.
    pub async fn next_invocation_id(&self, block: &AtBlock) -> Result<InvocationId> {
        self.counter(block, INVOCATIONS, "NextInvocationId").await
    }
}

/// Providers.
impl Chain {
    /// A provider.
    pub async fn provider(&self, block: &AtBlock, id: ProviderId) -> Result<Option<ProviderInfo>> {
        self.view(block, TRUST, "provider", (id,)).await
    }

    /// The provider of an account.
    pub async fn provider_of(
        &self,
        block: &AtBlock,
        account: &AccountId32,
    ) -> Result<Option<ProviderId>> {
        self.view(block, TRUST, "provider_id_of", (account,)).await
    }

    /// Providers from id `from` up.
    pub async fn providers(
        &self,
        block: &AtBlock,
        from: ProviderId,
        limit: u32,
    ) -> Result<ProviderPage> {
        self.view(block, TRUST, "providers", (from, limit)).await
    }
}

impl Chain {
    /// A number that no view function shows.
    async fn counter(&self, block: &AtBlock, pallet: &str, entry: &str) -> Result<u64> {
        self.stored::<u64>(block, pallet, entry)
            .await
            .map(Option::unwrap_or_default)
    }

    async fn stored<T: DecodeAsType>(
        &self,
        block: &AtBlock,
        pallet: &str,
        entry: &str,
    ) -> Result<Option<T>> {
        let value = block
            .storage()
            .try_fetch(dynamic::storage::<(), T>(pallet, entry), ())
            .await
            .map_err(|error| self.broken(error))?;
        value
            .map(|value| value.decode())
            .transpose()
            .map_err(|error| Error::Incompatible(error.to_string()))
    }
}
