//! Where the runtime listens, where its folders are, and within which bounds it works.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::{private, CompileLimits, StartError};

/// What no deployment may exceed, whatever it asks for. The same values bound a version on chain.
pub mod ceilings {
    use std::time::Duration;

    /// Longest execution.
    pub const TIMEOUT: Duration = Duration::from_secs(300);
    /// Most memory of one call, in bytes.
    pub const MEMORY_BYTES: u64 = 1 << 30;
    /// Longest input, in bytes.
    pub const INPUT_BYTES: u64 = 16 << 20;
    /// Longest output, in bytes.
    pub const OUTPUT_BYTES: u64 = 16 << 20;
    /// Longest module, in bytes.
    pub const CODE_BYTES: u64 = 64 << 20;
}

/// Settings. The [`Default`] works on one machine as soon as an address and the two folders are
/// set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Unix socket to listen on. Its folder must belong to this user and be closed to others.
    /// `None`: no socket.
    pub socket: Option<PathBuf>,
    /// TCP address to listen on, plain HTTP. `None`: no TCP.
    pub listen: Option<SocketAddr>,
    /// Folder with modules, each named by its sha-256. Only read.
    pub code_dir: PathBuf,
    /// Folder for compiled code, private to this user. Made if absent.
    pub cache_dir: PathBuf,
    /// Most bytes of compiled code kept on disk; the oldest goes first.
    pub cache_bytes: u64,
    /// Most bytes of compiled code kept in memory. A deployment beyond it is refused.
    pub resident_bytes: u64,
    /// Most functions deployed at once. A deployment beyond it is refused.
    pub max_deployments: usize,
    /// Most calls executed at once.
    pub max_concurrency: usize,
    /// Most calls that wait for others to end. More are refused at once.
    pub max_queue: usize,
    /// Longest wait of a call for others to end.
    pub queue_wait: Duration,
    /// Most bytes of memory that all calls together may have by their limits.
    pub memory_pool: u64,
    /// Most connections served at once; more wait to be accepted.
    pub max_connections: usize,
    /// Longest time to receive the head of a request, from the end of the one before; so also how
    /// long a connection may be idle. Longer than clients keep idle ones.
    pub header_timeout: Duration,
    /// Longest time to receive the body of a request.
    pub body_timeout: Duration,
    /// The program that compiles, called with `compile`. It must be this very build. The default,
    /// `/proc/self/exe`, is the running program, even after its file was replaced.
    pub compiler: PathBuf,
    /// Bounds of one compilation.
    pub compile: CompileLimits,
    /// Folder for what is known of crashes, private to this user. Made if absent. `None`: code that
    /// was in flight at crashes is not quarantined.
    pub crash_dir: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            socket: None,
            listen: None,
            code_dir: PathBuf::new(),
            cache_dir: PathBuf::new(),
            cache_bytes: 4 << 30,
            resident_bytes: 1 << 30,
            max_deployments: 1_024,
            max_concurrency: (4 * cores).min(64),
            max_queue: 64,
            queue_wait: Duration::from_secs(1),
            memory_pool: 2 << 30,
            max_connections: 256,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            compiler: PathBuf::from("/proc/self/exe"),
            compile: CompileLimits::default(),
            crash_dir: None,
        }
    }
}

/// Settings that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nowhere to listen.
    #[error("no address to listen on: give `--socket` or `--listen`")]
    NoAddress,
    /// A folder is not named.
    #[error("no folder named: give `{0}`")]
    NoFolder(&'static str),
    /// A bound out of its range.
    #[error("`{option}` must lie between {least} and {most}")]
    OutOfRange {
        /// Which option.
        option: &'static str,
        /// Its least value.
        least: u64,
        /// Its greatest value.
        most: u64,
    },
}

impl Config {
    /// Makes the folders that this process keeps things in, and checks that they are its own.
    pub(crate) fn make_folders(&self) -> Result<(), StartError> {
        self.check()?;
        private::ensure_dir(&self.cache_dir)?;
        self.crash_dir
            .as_deref()
            .map_or(Ok(()), private::ensure_dir)
    }

    /// Checks what can be checked without touching the machine.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.socket.is_none() && self.listen.is_none() {
            return Err(ConfigError::NoAddress);
        }
        for (folder, option) in [
            (&self.code_dir, "--code-dir"),
            (&self.cache_dir, "--cache-dir"),
        ] {
            if folder.as_os_str().is_empty() {
                return Err(ConfigError::NoFolder(option));
            }
        }
        // The upper bounds keep reserved address space, semaphores and descriptors possible.
        for (value, option, least, most) in [
            (self.max_concurrency as u64, "--max-concurrency", 1, 1_024),
            (self.max_queue as u64, "--max-queue", 0, 65_536),
            (self.max_connections as u64, "--max-connections", 1, 65_536),
            (self.max_deployments as u64, "--max-deployments", 1, 65_536),
            (self.memory_pool, "--memory-pool", 64 << 10, 1 << 40),
            (
                self.compile.base_seconds,
                "--compile-base-seconds",
                1,
                3_600,
            ),
            (
                self.compile.bytes_per_second,
                "--compile-rate",
                1 << 10,
                1 << 30,
            ),
            (
                self.compile.wall_factor.into(),
                "--compile-wall-factor",
                1,
                100,
            ),
            (
                self.compile.address_space,
                "--compile-address-space",
                256 << 20,
                1 << 40,
            ),
        ] {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::OutOfRange {
                    option,
                    least,
                    most,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn working() -> Config {
        Config {
            socket: Some("/run/x/s".into()),
            code_dir: "/code".into(),
            cache_dir: "/cache".into(),
            ..Config::default()
        }
    }

    #[test]
    fn check_accepts_the_defaults_with_address_and_folders() {
        assert_eq!(working().check(), Ok(()));
    }

    #[test]
    fn check_names_what_is_missing_or_out_of_range() {
        let no_address = Config {
            socket: None,
            ..working()
        };
        assert_eq!(no_address.check(), Err(ConfigError::NoAddress));
        let no_folder = Config {
            cache_dir: PathBuf::new(),
            ..working()
        };
        assert_eq!(no_folder.check(), Err(ConfigError::NoFolder("--cache-dir")));
        let idle = Config {
            max_concurrency: 0,
            ..working()
        };
        let expected = ConfigError::OutOfRange {
            option: "--max-concurrency",
            least: 1,
            most: 1_024,
        };
        assert_eq!(idle.check(), Err(expected));
    }
}
