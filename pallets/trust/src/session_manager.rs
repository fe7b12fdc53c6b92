//! The validator set: for now the validators of the genesis state, in every session.
//!
//! They stay validators whatever happens to them as providers: trouble with functions must not stop
//! the chain. Candidates who bid with their bonds, leaving by own wish, and slashing for
//! equivocation come with a later version; until then the set changes by a runtime upgrade only.

use alloc::vec::Vec;
use pallet_session::{historical, SessionManager};
use sp_staking::SessionIndex;

use crate::pallet::{Config, InitialValidators, Pallet};

impl<T: Config> Pallet<T> {
    /// `None`, which keeps the set as it is, if the genesis state named nobody.
    fn validators() -> Option<Vec<T::AccountId>> {
        let validators = InitialValidators::<T>::get().into_inner();
        (!validators.is_empty()).then_some(validators)
    }
}

impl<T: Config> SessionManager<T::AccountId> for Pallet<T> {
    fn new_session(_: SessionIndex) -> Option<Vec<T::AccountId>> {
        Self::validators()
    }

    fn start_session(_: SessionIndex) {}

    fn end_session(_: SessionIndex) {}
}

impl<T: Config> historical::SessionManager<T::AccountId, ()> for Pallet<T> {
    fn new_session(_: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
        let validators = Self::validators()?;
        Some(
            validators
                .into_iter()
                .map(|account| (account, ()))
                .collect(),
        )
    }

    fn start_session(_: SessionIndex) {}

    fn end_session(_: SessionIndex) {}
}
