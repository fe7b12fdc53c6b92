//! From a digest to code that can be started.
//!
//! Trigger: a deployment → steps: code of another deployment, else compiled code out of the cache,
//! else, when its turn has come, the module from the folder of code, checked, and compiled in a
//! process of its own → failure: a [`LoadError`], which says who is to blame.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Engine, InstancePre, Linker, Module};
use wasmtime_wasi::preview1;

use super::poll;
use super::run::Guest;
use super::settings::{compiling, Mode};
use crate::compiler::CompileError;
use crate::digest::Digest;
use crate::outcome::Fault;
use crate::{ceilings, Config};

/// The first eight bytes of a module of Wasm 1 and later, and of a component.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Code in memory, ready to be started any number of times.
pub(crate) struct Code {
    pub digest: Digest,
    pub mode: Mode,
    /// Memory that it has from the start, in bytes.
    pub initial_memory: u64,
    pre: InstancePre<Guest>,
    _resident: Resident,
}

/// Why code cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("there is no code {0} in the folder of code: fetch it first")]
    Missing(Digest),
    #[error("cannot read code {digest}: {source}")]
    Unreadable { digest: Digest, source: io::Error },
    #[error("the file of code {expected} has digest {found}: fetch it again")]
    WrongDigest { expected: Digest, found: Digest },
    #[error("the code has {0} bytes, more than {max}", max = ceilings::CODE_BYTES)]
    TooLarge(u64),
    #[error("the code is no WebAssembly module")]
    NotWasm,
    #[error("the code is a component; only modules that are WASI preview 1 commands can be run")]
    Component,
    #[error("the code exports no function `_start` without parameters: it is no command")]
    NoStart,
    #[error("the code cannot start: {0}")]
    Unlinkable(String),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error("compiled code was not accepted: {0}")]
    NotAccepted(String),
    #[error("a thread of the runtime failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
    #[error("compiled code in memory has reached {0} bytes: delete functions that are not used")]
    Full(u64),
    #[error("too many deployments at once: try again later")]
    Busy,
    #[error("{reason}; this is known from before, and tried again in {} s", left.as_secs())]
    Known {
        fault: Fault,
        reason: String,
        left: Duration,
    },
}

impl LoadError {
    fn unreadable(digest: &Digest, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(*digest),
            _ => Self::Unreadable {
                digest: *digest,
                source,
            },
        }
    }

    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Missing(_) | Self::WrongDigest { .. } => Fault::CodeUnavailable,
            Self::TooLarge(_) | Self::NotWasm | Self::NoStart => Fault::InvalidCode,
            Self::Component | Self::Unlinkable(_) => Fault::Unsupported,
            Self::Compile(error) => error.fault(),
            // A file that is there and cannot be read is a fault of this machine.
            Self::Unreadable { .. } | Self::NotAccepted(_) | Self::Thread(_) => Fault::Internal,
            Self::Full(_) | Self::Busy => Fault::Overloaded,
            Self::Known { fault, .. } => *fault,
        }
    }

    /// Whether it is about the code alone and took work to find out, so that it is worth keeping.
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Compile(error) => error.fault() == Fault::InvalidCode,
            Self::NoStart | Self::Unlinkable(_) => true,
            _ => false,
        }
    }
}

/// Length of a module that has not been read yet, in bytes. Blocks.
pub(crate) fn module_bytes(code_dir: &Path, digest: &Digest) -> Result<u64, LoadError> {
    match fs::symlink_metadata(code_dir.join(digest.to_string())) {
        Ok(metadata) => Ok(metadata.len()),
        Err(source) => Err(LoadError::unreadable(digest, source)),
    }
}

/// Reads the module and checks that it is the one asked for. Blocks.
pub(crate) fn read_module(code_dir: &Path, digest: &Digest) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::unreadable(digest, source);
    // Non-blocking, so that a pipe in that place cannot hold this thread.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(code_dir.join(digest.to_string()))
        .map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    if metadata.len() > ceilings::CODE_BYTES {
        return Err(LoadError::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    // The file may grow while it is read.
    file.take(ceilings::CODE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(LoadError::WrongDigest {
            expected: *digest,
            found,
        });
    }
    match bytes.get(..8) {
        Some(MODULE) => Ok(bytes),
        Some(COMPONENT) => Err(LoadError::Component),
        _ => Err(LoadError::NotWasm),
    }
}

/// Makes compiled code startable.
///
/// Blocks. `compiled` must come from this build's own compiler: see the safety comment.
pub(crate) fn link(
    engine: &Engine,
    digest: Digest,
    mode: Mode,
    compiled: &[u8],
    resident: &Arc<ResidentBytes>,
) -> Result<Code, LoadError> {
    let reserved = resident.reserve(compiled.len() as u64)?;
    let module = module(engine, mode, compiled)?;
    let is_command = module.get_export("_start").is_some_and(|export| {
        export
            .func()
            .is_some_and(|start| start.params().len() == 0 && start.results().len() == 0)
    });
    if !is_command {
        return Err(LoadError::NoStart);
    }
    let pre = linker(engine, mode)
        .and_then(|linker| linker.instantiate_pre(&module))
        .map_err(|error| LoadError::Unlinkable(format!("{error:#}")))?;
    const PAGE: u64 = 64 << 10;
    let pages = module
        .resources_required()
        .max_initial_memory_size
        .unwrap_or(0);
    let initial_memory = pages.saturating_mul(PAGE);
    Ok(Code {
        digest,
        mode,
        initial_memory,
        pre,
        _resident: reserved,
    })
}

/// The compiled code as a module. If the engine refuses it, an engine without a pool tells whether
/// the pool has no room for such a module or the code is of another build.
fn module(engine: &Engine, mode: Mode, compiled: &[u8]) -> Result<Module, LoadError> {
    // SAFETY: `compiled` is native code, and must be what `Engine::precompile_module` made. It
    // comes either from the compiler's process, which is this same program started anew, over a
    // pipe that nobody else has, or from the cache, whose entries are authenticated with a key
    // that only this user can read. Versions and settings are compared by wasmtime itself.
    #[allow(unsafe_code)]
    let deserialize = |engine: &Engine| unsafe { Module::deserialize(engine, compiled) };
    deserialize(engine).map_err(|error| {
        let reason = format!("{error:#}");
        match compiling(mode).and_then(|unpooled| deserialize(&unpooled)) {
            Ok(_) => LoadError::Unlinkable(reason),
            Err(_) => LoadError::NotAccepted(reason),
        }
    })
}

fn linker(engine: &Engine, mode: Mode) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    preview1::add_to_linker_async(&mut linker, |guest: &mut Guest| &mut guest.wasi)?;
    if mode == Mode::Deterministic {
        poll::replace(&mut linker)?;
    }
    Ok(linker)
}

impl Code {
    pub fn pre(&self) -> &InstancePre<Guest> {
        &self.pre
    }

    pub fn module(&self) -> &Module {
        self.pre.module()
    }
}

/// Counts the bytes of compiled code in memory.
pub(crate) struct ResidentBytes {
    used: AtomicU64,
    most: u64,
}

/// Bytes in use; given back when dropped.
struct Resident {
    counter: Arc<ResidentBytes>,
    bytes: u64,
}

impl ResidentBytes {
    pub fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicU64::new(0),
            most: config.resident_bytes,
        })
    }

    fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Resident, LoadError> {
        let add = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.most);
        match self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        {
            Ok(_) => Ok(Resident {
                counter: self.clone(),
                bytes,
            }),
            Err(used) => Err(LoadError::Full(used)),
        }
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.counter.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_module_checks_presence_digest_kind_and_size() {
        let scratch = tempfile::tempdir().unwrap();
        let put = |name: &Digest, bytes: &[u8]| {
            fs::write(scratch.path().join(name.to_string()), bytes).unwrap();
        };
        let read = |digest: &Digest| read_module(scratch.path(), digest);

        let absent = Digest::of(b"absent");
        assert!(matches!(read(&absent), Err(LoadError::Missing(_))));
        let text = Digest::of(b"text");
        put(&text, b"other");
        assert!(matches!(read(&text), Err(LoadError::WrongDigest { .. })));
        put(&text, b"text");
        assert!(matches!(read(&text), Err(LoadError::NotWasm)));
        let component = Digest::of(COMPONENT);
        put(&component, COMPONENT);
        assert!(matches!(read(&component), Err(LoadError::Component)));
        let module = Digest::of(MODULE);
        put(&module, MODULE);
        assert_eq!(read(&module).unwrap(), MODULE);
        let huge = Digest::of(b"huge");
        let file = fs::File::create(scratch.path().join(huge.to_string())).unwrap();
        file.set_len(ceilings::CODE_BYTES + 1).unwrap();
        assert!(matches!(read(&huge), Err(LoadError::TooLarge(_))));
    }

    #[test]
    fn read_module_follows_no_links_and_waits_for_no_pipe() {
        let scratch = tempfile::tempdir().unwrap();
        let module = Digest::of(MODULE);
        fs::write(scratch.path().join("elsewhere"), MODULE).unwrap();
        let path = scratch.path().join(module.to_string());
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(matches!(
            read_module(scratch.path(), &module),
            Err(LoadError::Unreadable { .. })
        ));
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert!(matches!(
            read_module(scratch.path(), &module),
            Err(LoadError::Unreadable { .. })
        ));
    }

    #[test]
    fn resident_bytes_are_refused_beyond_the_bound_and_given_back() {
        let config = Config {
            resident_bytes: 10,
            ..Config::default()
        };
        let resident = ResidentBytes::new(&config);
        let held = resident.reserve(6).unwrap();
        assert!(matches!(resident.reserve(5), Err(LoadError::Full(6))));
        drop(held);
        assert!(resident.reserve(10).is_ok());
    }
}
