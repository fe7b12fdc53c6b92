//! How code is compiled and where it runs. The compiler's process and this one must agree on the
//! first part, or compiled code is refused.

use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, PoolingAllocationConfig};

use crate::ceilings;

/// Most native stack of a function, in bytes. Part of what a deterministic function can observe.
const WASM_STACK: usize = 1 << 20;
/// Stack for function and host functions together, in bytes.
const FIBER_STACK: usize = 2 << 20;
/// Most elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 200_000;
/// Most tables of one module.
pub(crate) const TABLES: u32 = 4;

/// The two kinds of engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// As fast as can be.
    Plain,
    /// The same input gives the same output everywhere, and work is counted in fuel.
    Deterministic,
}

impl Mode {
    /// The mode of code that must or need not be deterministic.
    pub const fn of(deterministic: bool) -> Self {
        if deterministic {
            Self::Deterministic
        } else {
            Self::Plain
        }
    }

    /// Name for the compiler's command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Deterministic => "deterministic",
        }
    }
}

/// An engine that can compile and run nothing: it reserves no memory for instances.
pub(crate) fn compiling(mode: Mode) -> wasmtime::Result<Engine> {
    Engine::new(&settings(mode))
}

/// An engine that runs up to `instances` at once out of a pool that is reserved now. If the machine
/// refuses so much address space, memory is mapped per call instead, which is slower.
pub(crate) fn running(mode: Mode, instances: u32) -> wasmtime::Result<Engine> {
    let mut pooled = settings(mode);
    pooled.allocation_strategy(pool(instances));
    Engine::new(&pooled).or_else(|error| {
        log::warn!("no pool of instances, calls start slower: {error:#}");
        Engine::new(&settings(mode))
    })
}

fn settings(mode: Mode) -> Config {
    let deterministic = mode == Mode::Deterministic;
    let mut config = Config::new();
    config
        .async_support(true)
        .async_stack_size(FIBER_STACK)
        .max_wasm_stack(WASM_STACK)
        .epoch_interruption(true)
        .consume_fuel(deterministic)
        .cranelift_nan_canonicalization(deterministic)
        .relaxed_simd_deterministic(deterministic)
        // A wait on a shared memory would block a thread of this process with no way to stop it.
        .wasm_threads(false)
        // One memory of 32 bits per instance: the memory limit is one number.
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        // Backtraces name functions of the module; an error's text is output and stays the same.
        .wasm_backtrace(false)
        .generate_address_map(false)
        // The compiler's limits are those of one thread, and it may start no others.
        .parallel_compilation(false);
    config
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    // On 32-bit targets this would not fit; there is no such build of the node.
    let memory = usize::try_from(ceilings::MEMORY_BYTES).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(instances)
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES))
        .total_stacks(instances)
        .max_memories_per_module(1)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(memory);
    pool
}

/// Identity of everything that compiled code depends on: version of the compiler, its settings,
/// features of the processor.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = Fingerprint(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Takes what a [`Hash`] writes into a hash that is the same in every process.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_the_same_for_compiling_and_running_and_differs_by_mode() {
        let of = |mode| fingerprint(&compiling(mode).unwrap());
        for mode in [Mode::Plain, Mode::Deterministic] {
            assert_eq!(of(mode), fingerprint(&running(mode, 1).unwrap()));
        }
        assert_ne!(of(Mode::Plain), of(Mode::Deterministic));
    }
}
