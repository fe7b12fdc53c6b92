//! Once per block, before its transactions: time passes, deadlines are swept, providers are drawn,
//! old records are pruned. In this order, so that a call whose deadline passed is drawn again at
//! once; each with a share of the block of its own, so that none starves the others.
//!
//! Where so many deadlines pass that their share is not enough, they get the share of the draws too,
//! and nothing is drawn until they are done. Else a network whose providers are silent would assign
//! more calls than it sweeps, for ever; so it fills the queue, and new requests are told to wait.

use frame_support::{
    traits::Get,
    weights::{Weight, WeightMeter},
};

use crate::{Config, Pallet, Tick, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Runs the steps. Where the block has no room for even the first, nothing happens and the tick
    /// stands still: then reports would find no room either.
    pub(crate) fn do_poll(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = Tick::<T>::mutate(|tick| {
            // 2³² ticks of 2 s are 272 years.
            *tick = tick.saturating_add(1);
            *tick
        });
        let mut swept = false;
        within(Self::budget(T::SweepShare::get()), meter, |meter| {
            swept = Self::sweep(now, meter);
        });
        within(Self::budget(T::DrawShare::get()), meter, |meter| {
            if swept || Self::sweep(now, meter) {
                Self::draw(now, meter);
            }
        });
        within(Self::budget(T::PruneShare::get()), meter, |meter| {
            Self::prune(now, meter)
        });
    }
}

/// Runs `step` with what `meter` has left, `budget` at most.
fn within(budget: Weight, meter: &mut WeightMeter, step: impl FnOnce(&mut WeightMeter)) {
    let mut own = WeightMeter::with_limit(budget.min(meter.remaining()));
    step(&mut own);
    meter.consume(own.consumed());
}
