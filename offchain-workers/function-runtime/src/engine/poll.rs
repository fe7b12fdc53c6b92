//! `poll_oneoff` of WASI preview 1 for deterministic functions: see
//! [`deterministic`](super::deterministic) for what it promises.
//!
//! Source of the layouts: WASI snapshot preview 1, `subscription` (48 bytes) and `event` (32).

use wasmtime::{Caller, Extern, Linker};

use super::deterministic::{VirtualClock, EPOCH};
use super::run::Guest;

const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;
/// Most subscriptions in one call; there are three streams and two clocks.
const MAX_SUBSCRIPTIONS: u32 = 64;

const TAG_CLOCK: u8 = 0;
const TAG_FD_READ: u8 = 1;
const TAG_FD_WRITE: u8 = 2;
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const FLAG_ABSOLUTE: u16 = 1;

/// Error numbers of WASI preview 1.
const SUCCESS: i32 = 0;
const BADF: u16 = 8;
const FAULT: i32 = 21;
const INVAL: i32 = 28;

/// Replaces the function in `linker`.
pub(crate) fn replace(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "poll_oneoff",
        |mut caller: Caller<'_, Guest>, subscriptions: u32, events: u32, count: u32, ready: u32| {
            match poll(&mut caller, subscriptions, events, count, ready) {
                Ok(()) => SUCCESS,
                Err(errno) => errno,
            }
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn poll(
    caller: &mut Caller<'_, Guest>,
    subscriptions: u32,
    events: u32,
    count: u32,
    ready: u32,
) -> Result<(), i32> {
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(INVAL);
    }
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(FAULT);
    };
    let (bytes, guest) = memory.data_and_store_mut(caller);
    let clock = guest.clock.as_ref().ok_or(INVAL)?;
    let wanted = slice(bytes, subscriptions, count as usize * SUBSCRIPTION)?;
    let wanted = wanted
        .chunks_exact(SUBSCRIPTION)
        .map(Subscription::read)
        .collect::<Result<Vec<_>, _>>()?;
    let written: Vec<u8> = answer(&wanted, clock).into_iter().flatten().collect();
    slice(bytes, events, written.len())?.copy_from_slice(&written);
    let number = (written.len() / EVENT) as u32;
    slice(bytes, ready, 4)?.copy_from_slice(&number.to_le_bytes());
    Ok(())
}

/// The part of a function's memory, or an error number if it is not all there.
fn slice(memory: &mut [u8], start: u32, length: usize) -> Result<&mut [u8], i32> {
    let start = start as usize;
    let end = start.checked_add(length).ok_or(FAULT)?;
    memory.get_mut(start..end).ok_or(FAULT)
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subscription {
    userdata: u64,
    tag: u8,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Clock {
        id: u32,
        timeout: u64,
        absolute: bool,
    },
    Stream(u32),
}

impl Subscription {
    fn read(bytes: &[u8]) -> Result<Self, i32> {
        let tag = bytes[8];
        let what = match tag {
            TAG_CLOCK => What::Clock {
                id: u32::from_le_bytes(array(bytes, 16)),
                timeout: u64::from_le_bytes(array(bytes, 24)),
                absolute: u16::from_le_bytes(array(bytes, 40)) & FLAG_ABSOLUTE != 0,
            },
            TAG_FD_READ | TAG_FD_WRITE => What::Stream(u32::from_le_bytes(array(bytes, 16))),
            _ => return Err(INVAL),
        };
        match what {
            What::Clock { id, .. } if id != CLOCK_REALTIME && id != CLOCK_MONOTONIC => Err(INVAL),
            _ => Ok(Self {
                userdata: u64::from_le_bytes(array(bytes, 0)),
                tag,
                what,
            }),
        }
    }

    /// When its clock rings, by the monotonic clock. `None`: it is a stream.
    fn rings_at(&self, now: u64) -> Option<u64> {
        let What::Clock {
            id,
            timeout,
            absolute,
        } = self.what
        else {
            return None;
        };
        Some(match (absolute, id) {
            (false, _) => now.saturating_add(timeout),
            (true, CLOCK_REALTIME) => timeout.saturating_sub(EPOCH.as_nanos() as u64),
            (true, _) => timeout,
        })
    }

    fn event(&self) -> [u8; EVENT] {
        let mut event = [0; EVENT];
        event[..8].copy_from_slice(&self.userdata.to_le_bytes());
        event[10] = self.tag;
        if let What::Stream(fd) = self.what {
            // Standard input can be read, output and error can be written; nothing else is open.
            let is_open = matches!((self.tag, fd), (TAG_FD_READ, 0) | (TAG_FD_WRITE, 1 | 2));
            if is_open {
                event[16] = 1;
            } else {
                event[8..10].copy_from_slice(&BADF.to_le_bytes());
            }
        }
        event
    }
}

/// Copies out of a subscription, whose length was checked.
fn array<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    let mut copy = [0; N];
    copy.copy_from_slice(&bytes[start..start + N]);
    copy
}

fn answer(wanted: &[Subscription], clock: &VirtualClock) -> Vec<[u8; EVENT]> {
    let now = clock.peek();
    let ringing = wanted.iter().filter_map(|one| one.rings_at(now));
    let has_streams = wanted.iter().any(|one| one.rings_at(now).is_none());
    let until = if has_streams {
        now
    } else {
        ringing.min().unwrap_or(now)
    };
    clock.advance_to(until);
    wanted
        .iter()
        .filter(|one| one.rings_at(now).is_none_or(|rings_at| rings_at <= until))
        .map(Subscription::event)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn sleep(userdata: u64, timeout: u64) -> Subscription {
        let what = What::Clock {
            id: CLOCK_MONOTONIC,
            timeout,
            absolute: false,
        };
        Subscription {
            userdata,
            tag: TAG_CLOCK,
            what,
        }
    }

    fn stream(userdata: u64, tag: u8, fd: u32) -> Subscription {
        Subscription {
            userdata,
            tag,
            what: What::Stream(fd),
        }
    }

    fn userdata(events: &[[u8; EVENT]]) -> Vec<u64> {
        events
            .iter()
            .map(|event| u64::from_le_bytes(array(event, 0)))
            .collect()
    }

    #[test]
    fn earliest_clock_rings_and_time_has_passed() {
        let clock = VirtualClock::default();
        let events = answer(&[sleep(1, 2 * SECOND), sleep(2, SECOND)], &clock);
        assert_eq!(userdata(&events), [2]);
        assert_eq!(clock.peek(), SECOND);
    }

    #[test]
    fn streams_are_ready_before_any_time_passes() {
        let clock = VirtualClock::default();
        let events = answer(&[sleep(1, SECOND), stream(2, TAG_FD_READ, 0)], &clock);
        assert_eq!(userdata(&events), [2]);
        assert_eq!(clock.peek(), 0);
    }

    #[test]
    fn streams_that_are_not_open_get_an_error() {
        let event = stream(1, TAG_FD_WRITE, 0).event();
        assert_eq!(u16::from_le_bytes(array(&event, 8)), BADF);
        assert_eq!(
            u16::from_le_bytes(array(&stream(1, TAG_FD_WRITE, 1).event(), 8)),
            0
        );
    }

    #[test]
    fn absolute_real_time_is_counted_from_the_epoch() {
        let timeout = EPOCH.as_nanos() as u64 + SECOND;
        let what = What::Clock {
            id: CLOCK_REALTIME,
            timeout,
            absolute: true,
        };
        let alarm = Subscription {
            userdata: 1,
            tag: TAG_CLOCK,
            what,
        };
        assert_eq!(alarm.rings_at(0), Some(SECOND));
    }

    #[test]
    fn read_takes_the_fields_from_their_places() {
        let mut bytes = [0; SUBSCRIPTION];
        bytes[0] = 9;
        bytes[16] = 1;
        bytes[24] = 5;
        bytes[40] = 1;
        let what = What::Clock {
            id: CLOCK_MONOTONIC,
            timeout: 5,
            absolute: true,
        };
        let expected = Subscription {
            userdata: 9,
            tag: TAG_CLOCK,
            what,
        };
        assert_eq!(Subscription::read(&bytes), Ok(expected));
        bytes[8] = 3;
        assert_eq!(Subscription::read(&bytes), Err(INVAL));
    }
}
