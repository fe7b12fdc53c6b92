//! One call of one module.
//!
//! Trigger: a request → steps: set up the world it sees, instantiate, call `_start`, look how that
//! ended → failure: every end is an [`End`]. The function runs on a thread of its own; it pauses at
//! each tick of the epoch, and is dropped there when its time is up or nobody waits for it any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use wasmtime::{Store, Trap};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::preview1::WasiP1Ctx;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

use super::deterministic::{self, SeededRandom, VirtualClock};
use super::load::Code;
use super::memory::MemoryMeter;
use super::settings::Mode;
use super::stdio::{Sink, STDERR_BYTES};
use crate::deployment::FunctionLimits;
use crate::outcome::Limit;

/// Most random bytes a function gets in one go; it may ask again.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

/// What the host keeps for a function.
pub(crate) struct Guest {
    pub wasi: WasiP1Ctx,
    memory: MemoryMeter,
    /// Of deterministic functions.
    pub clock: Option<VirtualClock>,
}

/// What a function gets.
pub(crate) struct Call {
    /// Its only argument.
    pub name: String,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// Its standard input.
    pub input: Bytes,
    /// What the caller adds to the seed of a deterministic function.
    pub seed: [u8; 32],
    pub limits: FunctionLimits,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub end: End,
    pub duration: Duration,
    /// Fuel used by a deterministic function.
    pub fuel: Option<u64>,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With exit code 0 and this output.
    Success(Vec<u8>),
    /// With another exit code or a trap; the end of standard error.
    Failed(Vec<u8>),
    /// At a limit.
    Limited(Limit),
    /// It was told to stop.
    Stopped,
    /// The machine had no memory or no place for it.
    NoRoom(String),
    /// It could not be started, for a reason that is no fault of the code.
    Broken(String),
}

/// How the run of the module ended, before it is judged.
enum Finish {
    Returned(wasmtime::Result<()>),
    TimedOut,
    Stopped,
}

/// Runs a call to its end on the current thread, which must be one that may block.
pub(crate) fn run(code: &Arc<Code>, call: Call, stop: &CancellationToken) -> Ended {
    let begin = Instant::now();
    let stdout = Sink::bounded(usize::try_from(call.limits.max_output_bytes).unwrap_or(usize::MAX));
    let stderr = Sink::tail(STDERR_BYTES);
    let timeout = call.limits.timeout;
    let fuel = (code.mode == Mode::Deterministic).then(|| deterministic::fuel(timeout));
    let guest = guest(code, call, &stdout, &stderr);

    let mut store = Store::new(code.module().engine(), guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    if let Some(fuel) = fuel {
        if let Err(error) = store.set_fuel(fuel) {
            return Ended::broken(begin, format!("{error:#}"));
        }
    }
    let finish = Handle::current().block_on(drive(code, &mut store, timeout, stop));
    let used = fuel.map(|fuel| fuel - store.get_fuel().unwrap_or(0).min(fuel));
    let end = judge(finish, &store.data().memory, &stdout, &stderr);
    Ended {
        end,
        duration: begin.elapsed(),
        fuel: used,
    }
}

impl Ended {
    /// A call that did not come to run.
    pub fn broken(begin: Instant, why: String) -> Self {
        Self {
            end: End::Broken(why),
            duration: begin.elapsed(),
            fuel: None,
        }
    }
}

/// Nothing of this machine is in it: no files, no network, no arguments or environment but the
/// given ones.
fn guest(code: &Code, call: Call, stdout: &Sink, stderr: &Sink) -> Guest {
    let mut wasi = WasiCtxBuilder::new();
    wasi.arg(&call.name)
        .envs(&call.environment)
        .stdin(MemoryInputPipe::new(call.input))
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .allow_blocking_current_thread(false)
        .max_random_size(MAX_RANDOM_BYTES);
    let clock = (code.mode == Mode::Deterministic).then(VirtualClock::default);
    if let Some(clock) = &clock {
        let seed = deterministic::seed(&code.digest, &call.seed);
        wasi.wall_clock(clock.clone())
            .monotonic_clock(clock.clone())
            .secure_random(SeededRandom::new(seed))
            .insecure_random(SeededRandom::new(seed))
            .insecure_random_seed(0);
    }
    Guest {
        wasi: wasi.build_p1(),
        memory: MemoryMeter::new(call.limits.memory_bytes),
        clock,
    }
}

async fn drive(
    code: &Code,
    store: &mut Store<Guest>,
    timeout: Duration,
    stop: &CancellationToken,
) -> Finish {
    let execution = async {
        let instance = code.pre().instantiate_async(&mut *store).await?;
        let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
        start.call_async(&mut *store, ()).await
    };
    tokio::select! {
        biased;
        // Before the function: one that sleeps may not touch its timer when the timers have ended.
        () = stop.cancelled() => Finish::Stopped,
        result = execution => Finish::Returned(result),
        () = tokio::time::sleep(timeout) => Finish::TimedOut,
    }
}

fn judge(finish: Finish, memory: &MemoryMeter, stdout: &Sink, stderr: &Sink) -> End {
    let error = match finish {
        Finish::TimedOut => return End::Limited(Limit::Timeout),
        Finish::Stopped => return End::Stopped,
        Finish::Returned(Ok(())) => return End::Success(stdout.take()),
        Finish::Returned(Err(error)) => error,
    };
    let exit = error.downcast_ref::<I32Exit>().map(|exit| exit.0);
    let trap = error.downcast_ref::<Trap>();
    if exit == Some(0) {
        End::Success(stdout.take())
    } else if stdout.is_exceeded() {
        End::Limited(Limit::Output)
    } else if trap == Some(&Trap::OutOfFuel) {
        End::Limited(Limit::Timeout)
    } else if memory.machine_failed || error.is::<wasmtime::PoolConcurrencyLimitError>() {
        End::NoRoom(format!("{error:#}"))
    } else if memory.was_refused {
        End::Limited(Limit::Memory)
    } else {
        End::Failed(failure_output(stderr.take(), exit, &error))
    }
}

/// The end of standard error. After a trap, its reason as last line; after an exit code without
/// any text, the code, as the classic watchdog of OpenFaaS says it.
fn failure_output(mut output: Vec<u8>, exit: Option<i32>, error: &wasmtime::Error) -> Vec<u8> {
    match exit {
        Some(code) if output.is_empty() => return format!("exit status {code}\n").into_bytes(),
        Some(_) => return output,
        None => {}
    }
    if output.last().is_some_and(|last| *last != b'\n') {
        output.push(b'\n');
    }
    output.extend_from_slice(format!("{}\n", error.root_cause()).as_bytes());
    let excess = output.len().saturating_sub(STDERR_BYTES);
    output.drain(..excess);
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::engine::load::{self, ResidentBytes};
    use crate::engine::settings;
    use crate::Config;

    fn judged(error: impl Into<wasmtime::Error>, memory: &MemoryMeter, stderr: &[u8]) -> End {
        let (out, err) = (Sink::bounded(8), Sink::tail(STDERR_BYTES));
        out.push(b"out").unwrap();
        err.push(stderr).unwrap();
        judge(Finish::Returned(Err(error.into())), memory, &out, &err)
    }

    #[tokio::test]
    async fn call_that_is_told_to_stop_does_not_go_on() {
        let module = wat::parse_str(r#"(module (func (export "_start")))"#).unwrap();
        let compiler = settings::compiling(Mode::Plain).unwrap();
        let compiled = compiler.precompile_module(&module).unwrap();
        let engine = settings::running(Mode::Plain, 1).unwrap();
        let resident = ResidentBytes::new(&Config::default());
        let digest = Digest::of(&module);
        let code = load::link(&engine, digest, Mode::Plain, &compiled, &resident).unwrap();
        let code = Arc::new(code);
        for (is_stopped, end) in [(false, End::Success(Vec::new())), (true, End::Stopped)] {
            let call = Call {
                name: "f".into(),
                environment: Vec::new(),
                input: Bytes::new(),
                seed: [0; 32],
                limits: FunctionLimits::default(),
            };
            let (code, stop) = (code.clone(), CancellationToken::new());
            if is_stopped {
                stop.cancel();
            }
            let running = tokio::task::spawn_blocking(move || run(&code, call, &stop));
            assert_eq!(running.await.unwrap().end, end);
        }
    }

    #[test]
    fn exit_code_0_is_success_whatever_was_refused_before() {
        let mut memory = MemoryMeter::new(0);
        memory.was_refused = true;
        assert_eq!(
            judged(I32Exit(0), &memory, b""),
            End::Success(b"out".to_vec())
        );
        assert_eq!(
            judged(I32Exit(1), &memory, b""),
            End::Limited(Limit::Memory)
        );
    }

    #[test]
    fn failure_carries_standard_error_or_the_exit_code() {
        let memory = MemoryMeter::new(0);
        assert_eq!(
            judged(I32Exit(3), &memory, b"why"),
            End::Failed(b"why".to_vec())
        );
        assert_eq!(
            judged(I32Exit(3), &memory, b""),
            End::Failed(b"exit status 3\n".to_vec())
        );
    }

    #[test]
    fn trap_is_named_behind_standard_error_within_its_bound() {
        let memory = MemoryMeter::new(0);
        let End::Failed(output) =
            judged(Trap::UnreachableCodeReached, &memory, &[b'x'; STDERR_BYTES])
        else {
            panic!("a trap is the function's failure");
        };
        assert_eq!(output.len(), STDERR_BYTES);
        assert!(output.ends_with(b"`unreachable` instruction executed\n"));
    }

    #[test]
    fn empty_fuel_is_the_time_out() {
        let memory = MemoryMeter::new(0);
        assert_eq!(
            judged(Trap::OutOfFuel, &memory, b""),
            End::Limited(Limit::Timeout)
        );
    }
}
