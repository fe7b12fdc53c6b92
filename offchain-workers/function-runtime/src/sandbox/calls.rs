//! Which system calls this process may make (seccomp, a filter over their numbers).
//!
//! A list of what is forbidden, not of what is allowed: a list of all that the C library, the
//! engine and the async runtime call on every architecture would break with their next version. It
//! forbids what neither running nor compiling functions needs and what has served to leave a
//! confinement before.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;

use seccompiler::{
    apply_filter_all_threads, BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen,
    SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::SandboxError;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Answered with EPERM, whatever their arguments.
const FORBIDDEN: &[libc::c_long] = &[
    // New sockets and connections. Those that listen are there already.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // Other views of the machine.
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The machine.
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

#[cfg(target_arch = "x86_64")]
const FORBIDDEN_HERE: &[libc::c_long] = &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt];
#[cfg(not(target_arch = "x86_64"))]
const FORBIDDEN_HERE: &[libc::c_long] = &[];

/// New namespaces by way of `clone`. `clone3` has its flags in memory, where a filter cannot look,
/// and is answered as unknown; C libraries then use `clone`.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// On x86-64 the same calls have second numbers with this bit, for programs with short pointers.
/// The filter sees both as the same architecture.
const SHORT_POINTERS: i64 = 0x4000_0000;
/// Forbidden calls that have numbers of their own there: ptrace, kexec_load, process_vm_readv,
/// process_vm_writev.
const SHORT_POINTERS_OWN: [i64; 4] = [521, 528, 539, 540];

/// Forbids the calls to all threads of this process. Nothing new can be listened on or connected to
/// after this.
///
/// Says so with one warning if the kernel has no seccomp.
///
/// # Errors
///
/// If the kernel refuses the filter.
pub fn confine_calls() -> Result<(), SandboxError> {
    for program in programs().map_err(Error::from)? {
        match apply_filter_all_threads(&program) {
            Err(Error::Seccomp(error)) if is_missing(&error) => {
                log::warn!("this kernel has no seccomp: all system calls stay allowed");
                return Ok(());
            }
            applied => applied?,
        }
    }
    Ok(())
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENOSYS) | Some(libc::EINVAL)
    )
}

/// The filters: one per answer.
fn programs() -> Result<[BpfProgram; 2], BackendError> {
    Ok([
        program(forbidden()?, libc::EPERM)?,
        program(unknown(), libc::ENOSYS)?,
    ])
}

fn program(rules: Rules, answer: libc::c_int) -> Result<BpfProgram, BackendError> {
    let answer = SeccompAction::Errno(answer.cast_unsigned());
    SeccompFilter::new(rules, SeccompAction::Allow, answer, ARCH.try_into()?)?.try_into()
}

fn forbidden() -> Result<Rules, BackendError> {
    let whole = FORBIDDEN.iter().chain(FORBIDDEN_HERE);
    let mut rules: Rules = whole.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_clone, namespaces()?);
    if cfg!(target_arch = "x86_64") {
        let second: Vec<_> = rules
            .iter()
            .map(|(call, rules)| (call | SHORT_POINTERS, rules.clone()))
            .collect();
        rules.extend(second);
        let own = SHORT_POINTERS_OWN.map(|call| (call | SHORT_POINTERS, Vec::new()));
        rules.extend(own);
    }
    Ok(rules)
}

fn namespaces() -> Result<Vec<SeccompRule>, BackendError> {
    NAMESPACES
        .into_iter()
        .map(|flag| {
            let flag = u64::from(flag.cast_unsigned());
            let is_set = SeccompCmpOp::MaskedEq(flag);
            SeccompRule::new(vec![SeccompCondition::new(
                0,
                SeccompCmpArgLen::Qword,
                is_set,
                flag,
            )?])
        })
        .collect()
}

fn unknown() -> Rules {
    let mut rules = Rules::from([(libc::SYS_clone3, Vec::new())]);
    if cfg!(target_arch = "x86_64") {
        rules.insert(libc::SYS_clone3 | SHORT_POINTERS, Vec::new());
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;
    use rustix::net::{socket, AddressFamily, SocketType};
    use rustix::thread::{unshare_unsafe, UnshareFlags};
    use std::process::Command;
    use std::thread;

    /// A filter confines the thread that asks for it, and what it starts.
    fn confined<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let confined = thread::spawn(|| {
            for program in programs().unwrap() {
                seccompiler::apply_filter(&program).unwrap();
            }
            work()
        });
        confined.join().unwrap()
    }

    #[test]
    fn sockets_and_namespaces_are_refused() {
        let (unix, tcp, user) = confined(|| {
            // SAFETY: a thread of its own shares neither descriptors nor folders afterwards; it
            // ends here.
            #[allow(unsafe_code)]
            let user = unsafe { unshare_unsafe(UnshareFlags::NEWUSER) };
            (
                socket(AddressFamily::UNIX, SocketType::STREAM, None).err(),
                socket(AddressFamily::INET, SocketType::STREAM, None).err(),
                user,
            )
        });
        assert_eq!(unix, Some(Errno::PERM));
        assert_eq!(tcp, Some(Errno::PERM));
        assert_eq!(user, Err(Errno::PERM));
    }

    #[test]
    fn threads_and_processes_can_still_be_started() {
        let (thread, process) = confined(|| {
            let thread = thread::spawn(|| 7).join().unwrap();
            (thread, Command::new("true").status().unwrap())
        });
        assert_eq!(thread, 7);
        assert!(process.success());
    }

    #[test]
    fn kernel_without_seccomp_is_told_from_one_that_refuses() {
        assert!(is_missing(&io::Error::from_raw_os_error(libc::ENOSYS)));
        assert!(is_missing(&io::Error::from_raw_os_error(libc::EINVAL)));
        assert!(!is_missing(&io::Error::from_raw_os_error(libc::EACCES)));
    }
}
