use super::state;
use crate::SlotRandomness;

const CURRENT: &str = "randomness";

/// Gives what it was told to; nothing at first.
pub struct MockRandomness;

impl MockRandomness {
    /// The VRF output from now on.
    pub fn set(output: Option<[u8; 32]>) {
        state::put(CURRENT, &(), &output);
    }
}

impl SlotRandomness for MockRandomness {
    fn current() -> Option<[u8; 32]> {
        state::get::<Option<[u8; 32]>>(CURRENT, &()).flatten()
    }
}
