//! What the kernel says of processes.

use std::fs;
use std::path::PathBuf;

use super::wait_until;

/// The compiler that this process has started, as soon as there is one.
pub async fn compiler_of(parent: u32) -> u32 {
    let mut compiler = None;
    wait_until(async || {
        compiler = child_of(parent);
        compiler.is_some()
    })
    .await;
    compiler.unwrap()
}

/// `/proc/PID/status` of each thread.
pub fn statuses(pid: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let status = |thread: PathBuf| fs::read_to_string(thread.join("status")).ok();
    threads
        .filter_map(|thread| status(thread.unwrap().path()))
        .collect()
}

/// Whether this kernel has seccomp with filters.
pub fn has_seccomp() -> bool {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .contains("Seccomp_filters:")
}

/// Whether this kernel confines everything that is asked of Landlock.
pub fn has_landlock() -> bool {
    use landlock::{Access, Scope, ABI};
    use landlock::{CompatLevel, Compatible, Ruleset, RulesetAttr};
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::from_all(ABI::V6))
        .and_then(Ruleset::create)
        .is_ok()
}

fn child_of(parent: u32) -> Option<u32> {
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let (_, after) = stat(pid)?;
        let its_parent: u32 = after.split(' ').nth(1)?.parse().ok()?;
        // Before it executes the compiler, a child has the command line of its parent.
        let compiles = command.split('\0').any(|argument| argument == "compile");
        (its_parent == parent && compiles).then_some(pid)
    })
}

/// State of a process; `None`: it is gone.
pub fn state(pid: u32) -> Option<char> {
    stat(pid).map(|(state, _)| state)
}

/// State and what follows the name in `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    Some((after.chars().next()?, after.to_owned()))
}
