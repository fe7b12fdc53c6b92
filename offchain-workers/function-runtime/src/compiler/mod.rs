//! Compilation, in a process of its own.
//!
//! A compiler is a large program that reads what strangers wrote. It may be made to run for ever, to
//! use up all memory, or to fall over. So each module is compiled by a child of this process that
//! gets the module on standard input, answers with compiled code on standard output, and has
//! nothing else: no secret, no environment, no open files, bounded time, memory and output.

mod child;
mod limits;
mod parent;

pub(crate) use child::{run as run_child, ChildArgs};
pub use limits::CompileLimits;
pub(crate) use parent::{CompileError, Compiler};

/// Most bytes of compiled code.
pub(crate) const MAX_COMPILED_BYTES: u64 = 512 << 20;
/// Most bytes of what the compiler says about a module it refuses.
const MAX_MESSAGE_BYTES: u64 = 2 << 10;
/// The child's exit code for a module that it refuses, with the reason on standard error.
const REFUSED: u8 = 3;
/// The child's exit code when it could not begin, with the reason on standard error.
const NOT_READY: u8 = 4;
/// The exit code of a Rust program that panicked.
const PANICKED: u8 = 101;
