use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::fs::{FileType, fstat};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};

use crate::filter;
use crate::{Bounds, Level, Output};

/// Files that may be open at once beside the input.
const FILES: u64 = 16;
/// Largest file in memory that can be written, bytes: FFmpeg's filter for picture signatures wants one.
const FILE: u64 = 16 << 20;
/// Address space beside the memory that is written to: the program itself, and what allocators set aside.
const SPACE: u64 = 1 << 30;
/// The newest rules of Landlock that are asked for; older kernels give what they have.
const RULES: ABI = ABI::V6;

/// Closes the jail around this process for ever, as far as this system can, and says how far that is. It must have one
/// thread alone, and be done with opening files; `files` of them stay open. Those in `readable` can still be opened by their
/// names, to be read, where the system has Landlock.
pub fn enter(bounds: &Bounds, files: u64, readable: &[PathBuf]) -> Level {
    // Whoever started this process has gone: nobody would end it.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let limits = limit(bounds, files);
    let landlock = deny_files(readable).unwrap_or(false);
    let seccomp = filter::install(landlock, !readable.is_empty(), bounds.output).is_ok();
    Level { limits, landlock, seccomp }
}

/// How far a jail can be closed on this system: tried in a thread, which ends with it. Starting a process for that would cost
/// more than looking at many a file.
pub fn trial() -> Level {
    // Bounds can be lowered everywhere.
    let closed =
        || Level { limits: true, landlock: deny_files(&[]).unwrap_or(false), seccomp: filter::works() };
    let thread = std::thread::Builder::new().name("jail trial".to_owned()).spawn(closed);
    thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
}

/// `RLIMIT_NPROC` is left out: it counts the threads of all of the user's processes. The filter refuses new processes.
fn limit(bounds: &Bounds, files: u64) -> bool {
    let file = match bounds.output {
        Output::Memory => FILE,
        Output::Files(most) => most,
    };
    let all = [
        (Resource::Core, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
        (Resource::Fsize, file),
        (Resource::Nofile, files.saturating_add(FILES)),
        (Resource::Cpu, bounds.cpu_seconds),
        (Resource::Data, bounds.memory),
        (Resource::As, bounds.memory.saturating_add(SPACE)),
    ];
    all.into_iter().all(|(resource, most)| {
        // Whoever started the program may have set narrower ones.
        let present = getrlimit(resource);
        let most = [present.current, present.maximum].into_iter().flatten().fold(most, u64::min);
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    })
}

fn is_regular(file: &PathFd) -> bool {
    fstat(file).is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile)
}

/// All that the set of rules handles is refused, but for reading these files. Also makes that no program gains rights by
/// being run.
fn deny_files(readable: &[PathBuf]) -> Result<bool, landlock::RulesetError> {
    // What can't be opened now needs no rule: it won't be later. A folder's would hold for all that lies in it.
    let open = readable.iter().filter_map(|path| PathFd::new(path).ok()).filter(is_regular);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .handle_access(AccessNet::from_all(RULES))?
        .scope(Scope::from_all(RULES))?
        .create()?
        .add_rules(
            open.map(|file| Ok::<_, landlock::RulesetError>(PathBeneath::new(file, AccessFs::ReadFile))),
        )?
        .restrict_self()?;
    // Older kernels lack the rules for sockets, which the filter refuses in any case.
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
