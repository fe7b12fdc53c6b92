//! Every first value of the chain, in one place, with its unit.
//!
//! Three kinds live here: values fixed for the life of the chain (slot length, decimals), values
//! that differ by chain and are written once at genesis (see [`crate::genesis_settings`]), and the
//! first values of parameters that governance can move later (see
//! [`crate::configs::parameters`]). The names of the modules say which is which.

/// Time. The unit of length is the slot; block-denominated spans assume one block per slot and
/// therefore last at least as long as their name says.
pub mod time {
    use crate::BlockNumber;

    /// Length of a slot, milliseconds. BABE reads it as `2 * MinimumPeriod`; it can never change
    /// on a running chain.
    pub const SLOT_DURATION_MILLIS: u64 = 2_000;

    /// Least distance between the timestamps of two blocks, milliseconds.
    pub const MINIMUM_PERIOD_MILLIS: u64 = SLOT_DURATION_MILLIS / 2;

    /// Slots in a minute.
    pub const MINUTES: BlockNumber = 60_000 / SLOT_DURATION_MILLIS as BlockNumber;
    /// Slots in an hour.
    pub const HOURS: BlockNumber = 60 * MINUTES;
    /// Slots in a day.
    pub const DAYS: BlockNumber = 24 * HOURS;

    /// Probability that a slot has at least one primary author, as a fraction (BABE's `c`).
    pub const PRIMARY_PROBABILITY: (u64, u64) = (1, 4);

    /// Number of recent block hashes kept on chain. Bounds how long a mortal transaction may live:
    /// 4 096 blocks are about 2¼ hours.
    pub const BLOCK_HASH_COUNT: BlockNumber = 4_096;
}

/// Values that differ by chain. They are stored at genesis, so that one Wasm blob serves all
/// chains.
pub mod by_chain {
    use super::time::{DAYS, MINUTES};
    use crate::BlockNumber;

    /// Length of an epoch (and of a session), slots: 10 minutes.
    pub const EPOCH_SLOTS: u64 = 10 * MINUTES as u64;
    /// Length of an epoch on development chains, slots: 40 seconds.
    pub const DEV_EPOCH_SLOTS: u64 = 20;

    /// How long a bond stays slashable after its owner asked for it back, blocks: 7 days.
    pub const UNBONDING_BLOCKS: BlockNumber = 7 * DAYS;
    /// The same on development chains, blocks: 2 minutes.
    pub const DEV_UNBONDING_BLOCKS: BlockNumber = 2 * MINUTES;

    /// Least number of validators; a planned set below it is not enacted. Four is the smallest
    /// set in which GRANDPA tolerates one faulty member.
    pub const MIN_VALIDATORS: u32 = 4;
    /// The same on development chains.
    pub const DEV_MIN_VALIDATORS: u32 = 1;
}

/// Size of the validator set.
pub mod validators {
    /// Most validators at once. The weights of BABE and GRANDPA reports are declared for it.
    pub const MAX_VALIDATORS: u32 = 100;
}

/// Money. The unit of account is the plank: 10⁻¹² DFS.
pub mod money {
    use crate::Balance;

    /// Symbol of the token.
    pub const TOKEN_SYMBOL: &str = "DFS";
    /// Decimals of the token.
    pub const TOKEN_DECIMALS: u8 = 12;
    /// SS58 prefix of addresses (the generic Substrate one).
    pub const SS58_PREFIX: u16 = 42;

    /// One DFS.
    pub const DFS: Balance = 10u128.pow(TOKEN_DECIMALS as u32);
    /// 10⁻³ DFS.
    pub const MILLI_DFS: Balance = DFS / 1_000;
    /// 10⁻⁶ DFS.
    pub const MICRO_DFS: Balance = DFS / 1_000_000;

    /// Least balance of an account; what falls below it goes to the treasury.
    pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_DFS;

    /// Held while an account has session keys registered: three keys and their three reverse
    /// entries.
    pub const SESSION_KEY_DEPOSIT: Balance = DFS;

    /// What the treasury account owns at genesis. It must reach the existential deposit, because
    /// an amount resolved to an account that cannot exist is burned.
    pub const TREASURY_ENDOWMENT: Balance = DFS;

    /// What each well-known account owns on development chains.
    pub const DEV_ENDOWMENT: Balance = 1_000_000 * DFS;
}

/// Fees of transactions, at fee multiplier 1.
///
/// The scale is set so that a block full of transactions costs about the same whether it is full
/// by weight (0.5 s × 0.1 DFS) or by length (3.75 MiB × 0.012 µDFS): 0.05 DFS, some 2 000 DFS for
/// a day of full blocks before the multiplier reacts.
pub mod fees {
    use super::money::DFS;
    use crate::Balance;

    /// Price of one second of execution, planks.
    pub const PER_SECOND: Balance = DFS / 10;

    /// Price of one byte of an encoded transaction, planks.
    pub const PER_BYTE: Balance = 12_000;

    /// How strongly the fee of an operational transaction raises its priority.
    pub const OPERATIONAL_MULTIPLIER: u8 = 5;

    /// Fullness of the normal share of a block at which the multiplier stands still, percent.
    pub const TARGET_FULLNESS_PERCENT: u64 = 25;

    /// Speed of the multiplier, millionths per block. With blocks that stay full fees somewhat more
    /// than double in a day: e^(0.000025 × (1 − 0.25) × 43 200) ≈ 2.25.
    pub const ADJUSTMENT_MILLIONTHS: u128 = 25;

    /// Lower bound of the multiplier: fees never fall below the prices of this module.
    pub const MIN_MULTIPLIER: u128 = 1;

    /// Upper bound of the multiplier: one transfer then costs about 0.02 DFS.
    pub const MAX_MULTIPLIER: u128 = 1_000;
}

/// Limits of a block.
pub mod block {
    use super::time::SLOT_DURATION_MILLIS;
    use frame_support::weights::constants::WEIGHT_REF_TIME_PER_MILLIS;

    /// Execution time of a whole block, picoseconds: a third of the slot, so that authoring,
    /// spreading and importing it fit into the slot one after another.
    pub const MAX_REF_TIME: u64 = SLOT_DURATION_MILLIS / 3 * WEIGHT_REF_TIME_PER_MILLIS;

    /// Length of a whole block, bytes.
    pub const MAX_LENGTH: u32 = 5 * 1024 * 1024;

    /// Length of a header, bytes. Most of it is left to digests, of which the list of the next
    /// epoch's authorities is the longest.
    pub const MAX_HEADER_SIZE: u32 = 256 * 1024;

    /// Share of weight and length that ordinary transactions may use, percent. The rest is kept
    /// for operational ones, among them the reports of workers, and holds the largest report also
    /// where a change of session took all else.
    pub const NORMAL_PERCENT: u32 = 75;

    /// Share of a block that the SDK's hooks are expected to use before the inherents, percent; a
    /// single transaction must fit into what they leave. Those of calls run after the inherents, with
    /// shares of their own: see [`super::calls`].
    pub const HOOKS_PERCENT: u32 = 10;
}

/// First values of governed parameters.
pub mod governed {
    use super::money::{DFS, MILLI_DFS};
    use crate::Balance;
    use sp_runtime::Permill;

    /// Share of the execution price that goes to the treasury.
    pub const TREASURY_SHARE: Permill = Permill::from_percent(5);
    /// Price card: per call.
    pub const PRICE_BASE: Balance = MILLI_DFS;
    /// Price card: per second of time limit and 128 MiB of memory limit.
    pub const PRICE_PER_SECOND_128_MIB: Balance = MILLI_DFS / 10;

    /// Least bond of a provider.
    pub const MIN_BOND: Balance = 100 * DFS;
    /// Slices for missed results stop here; only consensus offences go below.
    pub const FLOOR_BOND: Balance = 50 * DFS;
    /// Bond that backs one unit of capacity in the draw.
    pub const BOND_PER_SLOT: Balance = 10 * DFS;
    /// Slashed for one missed result.
    pub const SLICE: Balance = DFS;
}

/// Storage deposits.
pub mod deposits {
    use super::money::{DFS, MILLI_DFS};
    use crate::Balance;

    /// For each entry, planks.
    pub const PER_ENTRY: Balance = 50 * MILLI_DFS;
    /// For each byte of the entry, and of code that others keep for it, planks: about 1 DFS for a
    /// GiB.
    pub const PER_BYTE: Balance = DFS / (1 << 30);
}

/// Calls of functions.
pub mod calls {
    use super::time::{MINUTES, SLOT_DURATION_MILLIS};
    use crate::BlockNumber;
    use pallet_invocations::deadline::MAX_FULL_DELAY;
    use sp_runtime::transaction_validity::TransactionPriority;

    /// Most versions of a function.
    pub const MAX_VERSIONS: u32 = 128;
    /// Most aliases of a function.
    pub const MAX_ALIASES: u32 = 16;
    /// Largest WebAssembly code, bytes.
    pub const MAX_WASM_SIZE: u64 = 64 << 20;
    /// Largest container image, bytes.
    pub const MAX_OCI_SIZE: u64 = 1 << 30;
    /// Longest time-out of a call, milliseconds.
    pub const MAX_TIMEOUT_MILLIS: u32 = 300_000;
    /// Most memory of a call, bytes.
    pub const MAX_MEMORY_BYTES: u32 = 1 << 30;

    /// Most providers that are asked for a call, one after the other.
    pub const MAX_ATTEMPTS: u8 = 3;
    /// How often a call that finds no provider is drawn again: after 2, 4, 8 and 16 ticks.
    pub const MAX_REDRAWS: u8 = 4;
    /// How often a call whose providers are full is drawn again: after up to 4, 8, 16, then 32 ticks,
    /// so for two minutes on average and four at most.
    pub const MAX_FULL_REDRAWS: u8 = 6;
    /// Ticks of every deadline beyond the work, so that no single author can hold a report back.
    pub const DEADLINE_MARGIN: u32 = 6;
    /// Bytes a second that every provider must fetch.
    pub const FETCH_RATE: u32 = 1 << 20;
    /// Bytes of WebAssembly a second that every provider must compile.
    pub const COMPILE_RATE: u32 = 512 << 10;
    /// Ticks that an output stays: an hour.
    pub const OUTPUT_RETENTION: u32 = 1_800;
    /// Ticks that the record of a call stays: a day.
    pub const RECORD_RETENTION: u32 = 43_200;

    /// Share of a block for deadlines that passed, thousandths. The three shares leave room within a
    /// fifth of the block for the hook that takes jailed providers out of their pools.
    pub const SWEEP_PERMILLE: u32 = 40;
    /// Share of a block for draws, thousandths: 45 calls.
    pub const DRAW_PERMILLE: u32 = 78;
    /// Share of a block for removing what is old, thousandths.
    pub const PRUNE_PERMILLE: u32 = 66;

    /// Priority of a report. That of a signed transaction is its tip in planks times the number of its
    /// like that fit into a block, so fees buy nothing against a report, and a tip has to be above 100
    /// DFS. No more than half of the range, so that re-sends can rise.
    pub const REPORT_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;

    /// Blocks between retiring and removing a function. No call lives longer: each attempt may take
    /// its time-out, its transfers and its compilation and the margin; all new draws together take
    /// less than the greatest distance for each.
    pub const REMOVAL_DELAY: BlockNumber = {
        let work = MAX_TIMEOUT_MILLIS as u64 / SLOT_DURATION_MILLIS
            + (MAX_OCI_SIZE + (16 << 20)) * 1_000 / FETCH_RATE as u64 / SLOT_DURATION_MILLIS
            + MAX_WASM_SIZE * 1_000 / COMPILE_RATE as u64 / SLOT_DURATION_MILLIS
            + DEADLINE_MARGIN as u64
            + 4;
        MAX_ATTEMPTS as BlockNumber * work as BlockNumber
            + MAX_FULL_REDRAWS as BlockNumber * MAX_FULL_DELAY
            + MINUTES
    };
}

/// Providers.
pub mod providers {
    use super::{money::DFS, time::MINUTES};
    use crate::{Balance, BlockNumber};
    use sp_runtime::transaction_validity::TransactionPriority;

    /// Greatest capacity that may be declared.
    pub const MAX_CAPACITY: u32 = 1_024;
    /// Blocks between two notices of the same kind by one worker.
    pub const ANNOUNCE_INTERVAL: BlockNumber = MINUTES;
    /// Priority of a worker's notice: above ordinary transactions, below reports.
    pub const NOTICE_PRIORITY: TransactionPriority = TransactionPriority::MAX / 4;

    /// Capacity of the providers of development chains.
    pub const DEV_CAPACITY: u32 = 64;
    /// Bond of the providers of development chains.
    pub const DEV_BOND: Balance = 1_000 * DFS;
    /// Port of the gateway of the first of them; the others follow.
    pub const DEV_GATEWAY_PORT: u16 = 8_180;
}
