//! Which files exist for this process: its own folders, itself, and what it was linked with
//! (Landlock, Linux 5.13 and later). Newer kernels also forbid TCP connections, and signals and
//! abstract sockets to processes outside.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, ABI,
};

use super::{check_single_thread, SandboxError};
use crate::Config;

/// What is asked of the kernel. Older kernels enforce a part of it.
const KNOWN: ABI = ABI::V6;
/// The files that this program has in memory: the dynamic linker needs them again to start the
/// compiler.
const MAPS: &str = "/proc/self/maps";
/// Where the dynamic linker looks first, if it is there.
const LINKER_CACHE: &str = "/etc/ld.so.cache";

/// Leaves this process the folders of `config` and the files of its own program. Must be called
/// before any thread is started, and when the folders are there.
///
/// Says so with one warning if the kernel enforces this in part or not at all.
///
/// # Errors
///
/// If a folder cannot be opened or the kernel refuses the rules.
pub fn confine_files(config: &Config) -> Result<(), SandboxError> {
    check_single_thread()?;
    let listen = if config.listen.is_some() {
        AccessNet::ConnectTcp.into()
    } else {
        AccessNet::from_all(KNOWN)
    };
    let mut rules = closed(listen)?;
    for (path, access) in allowed(config)? {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?;
    }
    match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => {}
        RulesetStatus::PartiallyEnforced => {
            log::warn!(
                "landlock of this kernel confines files in part only: use a newer kernel (6.12)"
            );
        }
        RulesetStatus::NotEnforced => {
            log::warn!("this kernel has no landlock: files are confined by their permissions only");
        }
    }
    Ok(())
}

/// Leaves this process no files at all, where the kernel can. Open ones stay open.
pub(crate) fn close_files() -> Result<(), SandboxError> {
    closed(AccessNet::from_all(KNOWN))?.restrict_self()?;
    Ok(())
}

fn closed(network: BitFlags<AccessNet>) -> Result<RulesetCreated, SandboxError> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(network)?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    Ok(rules)
}

/// Paths that stay, each with what may be done there.
fn allowed(config: &Config) -> Result<Vec<(PathBuf, BitFlags<AccessFs>)>, SandboxError> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let own = read
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile;
    let mut paths = vec![
        (config.code_dir.clone(), read),
        (config.cache_dir.clone(), own),
    ];
    paths.extend(config.crash_dir.iter().map(|dir| (dir.clone(), own)));
    if let Some(socket) = &config.socket {
        let folder = crate::private::folder_of(socket).to_owned();
        paths.push((folder, AccessFs::MakeSock | AccessFs::RemoveFile));
    }
    for file in program()? {
        paths.push((file, read | AccessFs::Execute));
    }
    for file in [LINKER_CACHE, crate::crashes::BOOT_ID] {
        if Path::new(file).exists() {
            paths.push((file.into(), read));
        }
    }
    Ok(paths)
}

/// The files of the running program: itself, also if its file was replaced, and its libraries.
fn program() -> Result<BTreeSet<PathBuf>, SandboxError> {
    let maps =
        fs::read_to_string(MAPS).map_err(|source| SandboxError::Proc { path: MAPS, source })?;
    let mut files: BTreeSet<PathBuf> = mapped(&maps)
        .map(PathBuf::from)
        .filter(|path| path.is_file())
        .collect();
    files.insert("/proc/self/exe".into());
    Ok(files)
}

/// The paths in the form of proc_pid_maps(5).
fn mapped(maps: &str) -> impl Iterator<Item = &str> {
    maps.lines()
        .filter_map(|line| line.find('/').and_then(|begin| line.get(begin..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::thread;

    #[test]
    fn mapped_files_are_those_with_a_path() {
        let maps = "55d0-55d1 r--p 00000000 fe:00 131 /usr/bin/a b\n\
                    7ffc-7ffd rw-p 00000000 00:00 0 [stack]\n\
                    7ffe-7fff rw-p 00000000 00:00 0\n";
        assert_eq!(mapped(maps).collect::<Vec<_>>(), ["/usr/bin/a b"]);
    }

    #[test]
    fn program_consists_of_itself_and_its_libraries() {
        let files = program().unwrap();
        assert!(files.contains(&std::env::current_exe().unwrap()));
        assert!(files.len() > 1, "{files:?}");
    }

    /// Landlock confines the thread that asks for it, so a test can do without a process.
    #[test]
    fn closed_files_are_refused_where_the_kernel_can() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        fs::write(&path, "content").unwrap();
        let seen = thread::spawn(move || {
            let status = closed(AccessNet::from_all(KNOWN))
                .and_then(|rules| Ok(rules.restrict_self()?))
                .unwrap();
            (status.ruleset, fs::read(path))
        });
        match seen.join().unwrap() {
            (RulesetStatus::NotEnforced, read) => assert_eq!(read.unwrap(), b"content"),
            (_, read) => assert_eq!(read.unwrap_err().kind(), ErrorKind::PermissionDenied),
        }
    }
}
