//! The system calls of a jailed process: those that decoding and hashing were seen to make. All others end the process.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter, apply_filter_all_threads,
};

use crate::Output;

/// Whatever their arguments.
const FREE: &[i64] = &[
    // What was opened before.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_dup,
    libc::SYS_ppoll,
    libc::SYS_ftruncate,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // Threads.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // Signals to itself, and time.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_getrandom,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
];

/// Answered with an error: libraries ask, and can do without.
const REFUSED: &[i64] = &[
    libc::SYS_ioctl,
    libc::SYS_faccessat,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_statfs,
    // x265: where its threads run and where their memory lies.
    libc::SYS_getpriority,
    libc::SYS_setpriority,
    libc::SYS_sched_setaffinity,
    libc::SYS_get_mempolicy,
    libc::SYS_set_mempolicy,
    libc::SYS_mbind,
];

/// Those that x86 has beside.
#[cfg(target_arch = "x86_64")]
mod older {
    pub const FREE: &[i64] = &[libc::SYS_poll, libc::SYS_time, libc::SYS_dup2, libc::SYS_arch_prctl];
    pub const REFUSED: &[i64] = &[libc::SYS_access, libc::SYS_readlink, libc::SYS_stat, libc::SYS_lstat];
    pub const OPENING: &[i64] = &[libc::SYS_open];
}
#[cfg(not(target_arch = "x86_64"))]
mod older {
    pub const FREE: &[i64] = &[];
    pub const REFUSED: &[i64] = &[];
    pub const OPENING: &[i64] = &[];
}

/// Opening a file by its name.
const OPENING: &[i64] = &[libc::SYS_openat];

/// Why there is no filter.
#[derive(Debug)]
pub(crate) struct Missing;

impl From<Error> for Missing {
    fn from(_: Error) -> Self {
        Self
    }
}

impl From<BackendError> for Missing {
    fn from(_: BackendError) -> Self {
        Self
    }
}

/// Making a file in memory.
const MAKING: &[i64] = &[libc::SYS_memfd_create];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Installs the filters in all threads. Where Landlock keeps files away, opening is left to it: FFmpeg's filter for picture
/// signatures opens a file in memory by its name. `named`: files that it lets be read are asked for by name before that. Of
/// several filters the strictest answer counts.
pub(crate) fn install(landlock: bool, named: bool, output: Output) -> Result<(), Missing> {
    let errno = |code: i32| SeccompAction::Errno(u32::try_from(code).unwrap_or(1));
    // The C library then starts its threads by `clone`, whose flags a filter can see.
    let newer = rules([libc::SYS_clone3].into_iter());
    apply(newer, SeccompAction::Allow, errno(libc::ENOSYS))?;
    let mut refused: Rules = rules(REFUSED.iter().chain(older::REFUSED).copied());
    if !landlock {
        refused.append(&mut rules(OPENING.iter().chain(older::OPENING).copied()));
    }
    apply(refused, SeccompAction::Allow, errno(libc::EACCES))?;
    apply(allowed(named, output)?, SeccompAction::KillProcess, SeccompAction::Allow)
}

/// Whether the calling thread, and no other, could be given a filter: it has one now.
pub(crate) fn works() -> bool {
    let refused = SeccompAction::Errno(libc::EACCES.cast_unsigned());
    let program = program(rules([libc::SYS_ptrace].into_iter()), SeccompAction::Allow, refused);
    program.is_ok_and(|program| apply_filter(&program).is_ok())
}

fn rules(calls: impl Iterator<Item = i64>) -> Rules {
    calls.map(|call| (call, Vec::new())).collect()
}

fn allowed(named: bool, output: Output) -> Result<Rules, Missing> {
    let simple = [FREE, REFUSED, OPENING, older::FREE, older::REFUSED, older::OPENING, &[libc::SYS_clone3]];
    let mut all = rules(simple.concat().into_iter());
    if output == Output::Memory {
        all.append(&mut rules(MAKING.iter().copied()));
    }
    let own = u64::from(std::process::id());
    let number = |value: i32| u64::from(value.cast_unsigned());
    // Threads, not processes.
    let thread = number(libc::CLONE_THREAD);
    all.insert(libc::SYS_clone, vec![masked(0, thread, thread)?]);
    // Memory that can be run is what the program came with.
    let run = number(libc::PROT_EXEC);
    all.insert(libc::SYS_mmap, vec![masked(2, run, 0)?]);
    all.insert(libc::SYS_mprotect, vec![masked(2, run, 0)?]);
    // Aborting is a signal to oneself.
    all.insert(libc::SYS_tgkill, vec![equal(0, own)?]);
    // Asking for a limit, not setting one.
    all.insert(libc::SYS_prlimit64, vec![equal(2, 0)?]);
    // Facts about an open file, not about one by its name.
    let of_open = number(libc::AT_EMPTY_PATH);
    for (call, flags) in [(libc::SYS_newfstatat, 3), (libc::SYS_statx, 2)] {
        all.insert(call, if named { Vec::new() } else { vec![masked(flags, of_open, of_open)?] });
    }
    // Names of threads and of memory.
    let names = [libc::PR_SET_NAME, libc::PR_SET_VMA].map(|name| equal(0, number(name)));
    all.insert(libc::SYS_prctl, names.into_iter().collect::<Result<_, _>>()?);
    let commands = [
        libc::F_DUPFD,
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_ADD_SEALS,
    ];
    let commands = commands.map(|command| equal(1, number(command)));
    all.insert(libc::SYS_fcntl, commands.into_iter().collect::<Result<_, _>>()?);
    Ok(all)
}

fn equal(argument: u8, value: u64) -> Result<SeccompRule, BackendError> {
    rule(argument, SeccompCmpOp::Eq, value)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompRule, BackendError> {
    rule(argument, SeccompCmpOp::MaskedEq(mask), value)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    SeccompRule::new(vec![condition])
}

fn apply(rules: Rules, other: SeccompAction, listed: SeccompAction) -> Result<(), Missing> {
    Ok(apply_filter_all_threads(&program(rules, other, listed)?)?)
}

fn program(rules: Rules, other: SeccompAction, listed: SeccompAction) -> Result<BpfProgram, Missing> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, other, listed, architecture)?.try_into()?)
}
