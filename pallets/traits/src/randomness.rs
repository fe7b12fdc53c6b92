//! Randomness that nobody could know when the requests of earlier blocks were made.

/// The VRF output of the block that is being executed.
pub trait SlotRandomness {
    /// 32 bytes, or `None` if this block carries no VRF: then nothing may be drawn in it.
    fn current() -> Option<[u8; 32]>;
}
