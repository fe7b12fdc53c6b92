//! What is checked of what users send.

use defaas_primitives::{Cid, CodeKind, Limits, Placement, Verification};
use frame_support::{ensure, traits::Get};
use sp_runtime::{traits::Zero, DispatchResult};

use crate::{Config, Error, Pallet, Reason, VersionSpec};

impl<T: Config> Pallet<T> {
    pub(super) fn ensure_cid(cid: Option<&Cid>) -> DispatchResult {
        ensure!(
            cid.is_none_or(|cid| cid.check().is_ok()),
            Error::<T>::InvalidCid
        );
        Ok(())
    }

    pub(super) fn ensure_reason(reason: Option<&Reason>) -> DispatchResult {
        ensure!(
            reason.is_none_or(|reason| core::str::from_utf8(reason).is_ok()),
            Error::<T>::InvalidReason
        );
        Ok(())
    }

    pub(super) fn ensure_placement(placement: &Placement) -> DispatchResult {
        ensure!(placement.required.is_valid(), Error::<T>::InvalidLabels);
        ensure!(placement.is_supported(), Error::<T>::Unsupported);
        Ok(())
    }

    pub(super) fn ensure_spec(spec: &VersionSpec) -> DispatchResult {
        Self::ensure_cid(Some(&spec.code.cid))?;
        Self::ensure_cid(spec.manifest.as_ref())?;
        let max_size = match spec.code.kind {
            CodeKind::Wasm => T::MaxWasmSize::get(),
            CodeKind::Oci => T::MaxOciSize::get(),
        };
        ensure!(spec.code.size > 0, Error::<T>::CodeEmpty);
        ensure!(spec.code.size <= max_size, Error::<T>::CodeTooLarge);
        Self::ensure_limits(&spec.limits)?;
        ensure!(
            spec.verification == Verification::Single,
            Error::<T>::Unsupported
        );
        Ok(())
    }

    /// A function may well read or write nothing, but none runs in no time and no memory.
    fn ensure_limits(limits: &Limits) -> DispatchResult {
        let valid = (1..=T::MaxTimeoutMs::get()).contains(&limits.timeout_ms)
            && (1..=T::MaxMemoryBytes::get()).contains(&limits.memory_bytes)
            && limits.max_input_bytes <= T::MaxInputBytes::get()
            && limits.max_output_bytes <= T::MaxOutputBytes::get();
        ensure!(valid, Error::<T>::InvalidLimits);
        Ok(())
    }

    /// What must hold of the runtime's constants.
    ///
    /// # Panics
    /// If it does not: the runtime is wired wrongly.
    pub(crate) fn check_constants() {
        assert!(T::MaxVersions::get() > 0, "a function has a version");
        assert!(T::MaxAliases::get() > 0, "a function has `latest`");
        assert!(
            !T::RemovalDelay::get().is_zero(),
            "a call outlives the block that requests it"
        );
        assert!(
            T::MaxWasmSize::get() > 0 && T::MaxOciSize::get() > 0,
            "some code of each kind can be published"
        );
        assert!(
            T::MaxTimeoutMs::get() > 0 && T::MaxMemoryBytes::get() > 0,
            "some limits are valid"
        );
        assert!(
            T::MaxInputBytes::get() <= defaas_primitives::call::MAX_STORED
                && T::MaxOutputBytes::get() <= defaas_primitives::call::MAX_STORED,
            "inputs and outputs can be as long as their limits"
        );
    }
}
