//! Functions, in the text format of WebAssembly.

use std::fmt::Write;

/// Writes its input to its output.
pub const ECHO: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $count i32)
    (loop $again
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 65536))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
        (then unreachable))
      (local.set $count (i32.load (i32.const 8)))
      (if (local.get $count) (then
        (i32.store (i32.const 4) (local.get $count))
        (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
          (then unreachable))
        (br $again))))))"#;

/// Writes its arguments, then its environment, each string with a zero byte at its end.
pub const SURROUNDINGS: &str = r#"(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func $print (param $start i32) (param $length i32)
    (i32.store (i32.const 8) (local.get $start))
    (i32.store (i32.const 12) (local.get $length))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))
  (func (export "_start")
    (drop (call $args_sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 1024) (i32.const 8192)))
    (call $print (i32.const 8192) (i32.load (i32.const 4)))
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $environ (i32.const 1024) (i32.const 8192)))
    (call $print (i32.const 8192) (i32.load (i32.const 4)))))"#;

/// Stops at an instruction that must not be reached.
pub const TRAP: &str = r#"(module (memory (export "memory") 1)
  (func (export "_start") unreachable))"#;

/// Computes for ever.
pub const SPIN: &str = r#"(module (memory (export "memory") 1)
  (func (export "_start") (loop $again (br $again))))"#;

/// Takes memory until it gets no more, then stops with a trap.
pub const GROW: &str = r#"(module (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    unreachable))"#;

/// Takes memory until it gets no more, and is content.
pub const GROW_AND_BE_CONTENT: &str = r#"(module (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))))"#;

/// Asks for 60 s of sleep, then says so.
pub const SLEEP: &str = r#"(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "slept")
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 60000000000))
    (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
      (then unreachable))
    (i32.store (i32.const 200) (i32.const 512))
    (i32.store (i32.const 204) (i32.const 5))
    (drop (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 208)))))"#;

/// Writes 32 random bytes, the real time and the monotonic time.
pub const CHANCE: &str = r#"(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (call $random (i32.const 64) (i32.const 32)) (then unreachable))
    (if (call $clock (i32.const 0) (i64.const 1) (i32.const 96)) (then unreachable))
    (if (call $clock (i32.const 1) (i64.const 1) (i32.const 104)) (then unreachable))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 48))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Tries to open a file and ends with the error number it gets.
pub const OPEN_FILE: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "etc/passwd")
  (func (export "_start")
    (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 10) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)))))"#;

/// Tries to accept a connection and ends with the error number it gets.
pub const ACCEPT: &str = r#"(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $exit (call $accept (i32.const 3) (i32.const 0) (i32.const 64)))))"#;

/// Writes `text` again and again to `fd`.
pub fn flood(fd: u32, text: &str) -> String {
    writer(fd, text, "(br $again)")
}

/// Writes `text` to standard error and ends with `code`.
pub fn fail(text: &str, code: u32) -> String {
    writer(2, text, &format!("(call $exit (i32.const {code}))"))
}

fn writer(fd: u32, text: &str, then: &str) -> String {
    let length = text.len();
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 64) "{text}")
  (func (export "_start")
    (loop $again
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const {length}))
      (drop (call $write (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 8)))
      {then})))"#
    )
}

/// A module that takes several seconds to compile: thousands of functions with much to optimise.
pub fn laborious() -> Vec<u8> {
    to_optimise(4_000, 400)
}

/// A module of about 16 bytes for each of `size` that takes long to compile: as many variables as
/// nested loops, each of which may be entered again with any of them changed. Doubling `size` takes
/// more than four times the work; 3 000 are half a minute on a present machine.
pub fn bomb(size: usize) -> Vec<u8> {
    let mut text = String::from("(module (func (export \"_start\") (local");
    text.push_str(&" i32".repeat(size));
    text.push(')');
    text.push_str(&" loop".repeat(size));
    for variable in 0..size {
        let next = (variable + 1) % size;
        let _ = write!(
            text,
            " local.get {variable} i32.const 1 i32.add local.set {next}"
        );
    }
    text.push_str(&" local.get 0 br_if 0 end".repeat(size));
    text.push_str("))");
    wat::parse_str(&text).unwrap()
}

/// A module that takes much memory to compile: a single function, nearly as long as one may be.
pub fn greedy() -> Vec<u8> {
    to_optimise(1, 500_000)
}

fn to_optimise(count: u32, steps: usize) -> Vec<u8> {
    // local.get 0; i32.const 7; i32.mul; local.get 1; i32.xor; local.tee 1; local.set 0
    const STEP: [u8; 13] = [
        0x20, 0, 0x41, 7, 0x6c, 0x20, 1, 0x73, 0x22, 1, 0x21, 0, 0x01,
    ];
    // Two locals of type i32, the steps, the end.
    let mut body = vec![1, 2, 0x7f];
    body.extend(STEP.repeat(steps));
    body.push(0x0b);
    let mut codes = unsigned(count);
    for _ in 0..count {
        codes.extend(unsigned(body.len() as u32));
        codes.extend(&body);
    }
    let mut functions = unsigned(count);
    functions.resize(functions.len() + count as usize, 0);
    let mut export = vec![1, 6];
    export.extend(b"_start");
    export.extend([0, 0]);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in [
        (1, vec![1, 0x60, 0, 0]),
        (3, functions),
        (7, export),
        (10, codes),
    ] {
        module.push(id);
        module.extend(unsigned(content.len() as u32));
        module.extend(content);
    }
    module
}

/// LEB128, as the binary format writes numbers.
fn unsigned(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Text that is `length` bytes long and different at each place.
pub fn numbered(length: usize) -> String {
    let mut text = String::new();
    for number in 0.. {
        if text.len() >= length {
            break;
        }
        let _ = write!(text, "{number} ");
    }
    text.truncate(length);
    text
}
