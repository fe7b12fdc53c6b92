//! Keeps a call within its memory limit, and remembers whether it asked for more.
//!
//! A refused growth is answered as the specification of Wasm says, by -1, so that a program may get
//! along without. Only if the call then fails, the limit is its reason.

use wasmtime::ResourceLimiter;

use super::settings::TABLE_ELEMENTS;

/// The memory of one call.
pub(crate) struct MemoryMeter {
    limit: usize,
    /// Whether the last growth was allowed by this limit and by the module's own.
    allowed: bool,
    /// Whether the function was refused memory at its limit.
    pub was_refused: bool,
    /// Whether the machine had no memory although the limit allows it.
    pub machine_failed: bool,
}

impl MemoryMeter {
    pub fn new(limit_bytes: u64) -> Self {
        Self {
            limit: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            allowed: false,
            was_refused: false,
            machine_failed: false,
        }
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let within_limit = desired <= self.limit;
        let within_module = maximum.is_none_or(|maximum| desired <= maximum);
        self.allowed = within_limit && within_module;
        self.was_refused |= !within_limit;
        Ok(within_limit)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // Also called when a module exceeds its own maximum, which is its own affair.
        if self.allowed {
            self.machine_failed = true;
            return Err(error);
        }
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        super::settings::TABLES as usize
    }
}
