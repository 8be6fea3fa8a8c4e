//! What a process in the jail can and cannot do. This program is its own child: a harness of its own, since that of Rust has
//! several threads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot be set up has failed"
)]

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use filigrane_jail::{Bounds, Fate, Inmate, Level, Line, Output, Patience, enter, trial};

const BOUNDS: Bounds = Bounds { memory: 128 << 20, cpu_seconds: 60, output: Output::Memory };
/// As one that encodes has them.
const WRITING: Bounds = Bounds { output: Output::Files(1 << 20), ..BOUNDS };
const PATIENCE: Patience = Patience { silence: Duration::from_secs(60), total: Duration::from_secs(120) };

/// The child: enters the jail, says how far it is closed, then does what it is told.
fn inside() {
    let (mut line, mut files) = Line::open().expect("a child");
    let bounds = line.hear().expect("orders").expect("bounds");
    let number = |at: usize| u64::from_le_bytes(bounds[at..at + 8].try_into().expect("eight bytes"));
    let output = match number(16) {
        0 => Output::Memory,
        most => Output::Files(most),
    };
    let readable: Vec<PathBuf> = match &bounds[24..] {
        [] => Vec::new(),
        path => vec![PathBuf::from(String::from_utf8(path.to_vec()).expect("text"))],
    };
    let bounds = Bounds { memory: number(0), cpu_seconds: number(8), output };
    let level = enter(&bounds, files.len() as u64, &readable);
    line.tell(&[level.to_byte()]).expect("told");
    while let Some(order) = line.hear().expect("orders") {
        let answer = act(&String::from_utf8(order).expect("text"), &mut files);
        line.tell(answer.as_bytes()).expect("told");
    }
}

fn act(order: &str, files: &mut [File]) -> String {
    let (act, rest) = order.split_once(' ').unwrap_or((order, ""));
    let done = |result: std::io::Result<()>| match result {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    match act {
        "read" => {
            let mut text = String::new();
            done(files[0].read_to_string(&mut text).map(drop)) + " " + &text
        }
        "write" => {
            let bytes = vec![7; rest.parse().expect("a number")];
            let written = files[1].rewind().and_then(|()| files[1].write_all(&bytes));
            done(written.and_then(|()| files[1].set_len(bytes.len() as u64)))
        }
        "overwrite" => done(files[0].write_all(b"changed")),
        "invent" => done(
            rustix::fs::memfd_create("invented", rustix::fs::MemfdFlags::empty())
                .map(drop)
                .map_err(Into::into),
        ),
        "environment" => std::env::vars_os().count().to_string(),
        "thread" => std::thread::spawn(|| 7).join().expect("a thread").to_string(),
        "open" => done(File::open(rest).map(drop)),
        "change" => done(File::options().write(true).open(rest).map(drop)),
        "again" => done(File::options().write(true).open("/proc/self/fd/3").map(drop)),
        "create" => done(File::create(rest).map(drop)),
        "list" => done(fs::read_dir(rest).map(drop)),
        "look" => done(fs::metadata(rest).map(drop)),
        "remove" => done(fs::remove_file(rest)),
        "connect" => done(TcpStream::connect(rest).map(drop)),
        "datagram" => done(UdpSocket::bind("127.0.0.1:0").map(drop)),
        "run" => done(Command::new("/bin/true").spawn().map(drop)),
        "become" => done(Err(Command::new("/bin/true").exec())),
        "signal" => {
            let parent = rustix::process::getppid().expect("a parent");
            done(rustix::process::kill_process(parent, rustix::process::Signal::TERM).map_err(Into::into))
        }
        "raise" => {
            let more = rustix::process::Rlimit { current: None, maximum: None };
            done(rustix::process::setrlimit(rustix::process::Resource::Data, more).map_err(Into::into))
        }
        "allocate" => {
            let bytes = rest.parse().expect("a number");
            let mut block: Vec<u8> = Vec::new();
            match block.try_reserve_exact(bytes) {
                Ok(()) => "done".to_owned(),
                Err(_) => "refused".to_owned(),
            }
        }
        "demand" => format!("{}", vec![1_u8; rest.parse().expect("a number")].len()),
        "descend" => descend(1).to_string(),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "sleep" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "abort" => std::process::abort(),
        "leave" => std::process::exit(0),
        "flood" => {
            let _ = std::io::stdout().write_all(&[0xff; 64]);
            "flooded".to_owned()
        }
        other => panic!("no such act: {other}"),
    }
}

#[allow(unconditional_recursion, reason = "it is to overflow the stack")]
fn descend(depth: u64) -> u64 {
    let room = [depth; 1000];
    std::hint::black_box(&room);
    descend(depth + 1) + room[0]
}

fn start(bounds: Bounds, patience: Patience, files: &[&File]) -> (Inmate, Level) {
    start_reading(bounds, patience, files, "")
}

fn start_reading(bounds: Bounds, patience: Patience, files: &[&File], readable: &str) -> (Inmate, Level) {
    let program = std::env::current_exe().expect("this program");
    let files: Vec<_> = files.iter().map(|file| file.as_fd()).collect();
    let mut inmate = Inmate::start(&program, &["inside"], &files, bounds, patience).expect("a child");
    let output = match bounds.output {
        Output::Memory => 0,
        Output::Files(most) => most,
    };
    let numbers = [bounds.memory, bounds.cpu_seconds, output].map(u64::to_le_bytes);
    inmate.tell(&[&numbers.concat(), readable.as_bytes()].concat()).expect("told");
    let level = inmate.hear(&|| false).expect("a level");
    (inmate, Level::from_byte(level[0]))
}

fn outcome(order: &str) -> Result<String, Fate> {
    outcome_of(order, BOUNDS, PATIENCE)
}

fn outcome_of(order: &str, bounds: Bounds, patience: Patience) -> Result<String, Fate> {
    let (mut inmate, _) = start(bounds, patience, &[]);
    inmate.tell(order.as_bytes())?;
    inmate.hear(&|| false).map(|answer| String::from_utf8(answer).expect("text"))
}

fn the_jail_is_whole_on_this_machine() {
    assert_eq!(start(BOUNDS, PATIENCE, &[]).1, Level::WHOLE);
}

fn a_trial_tells_that_and_closes_nothing() {
    assert_eq!(trial(), Level::WHOLE);
    File::open("/etc/passwd").expect("still opened");
    assert!(Command::new("/bin/true").status().expect("still run").success());
    TcpListener::bind("127.0.0.1:0").expect("still listened");
}

fn input_comes_by_descriptor_and_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("input");
    fs::write(&path, "content").expect("written");
    let file = File::open(&path).expect("opened");
    let (mut inmate, _) = start(BOUNDS, PATIENCE, &[&file]);
    for (order, answer) in [("read", "done content"), ("thread", "7"), ("environment", "0")] {
        inmate.tell(order.as_bytes()).expect("told");
        assert_eq!(inmate.hear(&|| false).expect(order), answer.as_bytes());
    }
    inmate.tell(b"again").expect("told");
    let answer = inmate.hear(&|| false).expect("an answer");
    assert!(answer.starts_with(b"refused"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(fs::read_to_string(path).expect("still there"), "content");
}

fn an_output_that_was_handed_over_can_be_written_up_to_its_bound_and_nothing_else_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    fs::write(&input, "content").expect("written");
    let open = || {
        let file = File::options().write(true).create(true).truncate(true).open(&output).expect("made");
        (File::open(&input).expect("opened"), file)
    };
    let ask = |order: &str| {
        let (input, output) = open();
        let (mut inmate, level) = start(WRITING, PATIENCE, &[&input, &output]);
        assert_eq!(level, Level::WHOLE);
        inmate.tell(order.as_bytes())?;
        inmate.hear(&|| false).map(|answer| String::from_utf8(answer).expect("text"))
    };
    assert_eq!(ask("write 100000").expect("an answer"), "done");
    assert_eq!(fs::read(&output).expect("there"), vec![7; 100_000]);
    let fate = ask("write 2000000");
    assert!(matches!(fate, Err(Fate::Output)), "{fate:?}");
    assert!(fs::metadata(&output).expect("there").len() <= 1 << 20);
    for order in ["overwrite", "open /etc/passwd", "again", "create /tmp/never-made"] {
        let answer = ask(order).expect("an answer");
        assert!(answer.starts_with("refused"), "{order}: {answer}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let connect = format!("connect {}", listener.local_addr().expect("an address"));
    for order in ["invent", "run", "become", "signal", "raise", "datagram", &connect] {
        let fate = ask(order);
        assert!(matches!(fate, Err(Fate::Forbidden)), "{order}: {fate:?}");
    }
    assert_eq!(outcome("invent").expect("an answer"), "done", "where it writes no file");
    assert_eq!(fs::read_to_string(input).expect("still there"), "content");
}

fn files_cannot_be_opened_made_listed_or_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("made");
    for order in [
        "open /etc/passwd".to_owned(),
        "open /proc/self/environ".to_owned(),
        "open /dev/null".to_owned(),
        "list /".to_owned(),
        format!("create {}", inside.display()),
    ] {
        let answer = outcome(&order).expect("an answer");
        assert!(answer.starts_with("refused"), "{order}: {answer}");
    }
    assert!(!inside.exists());
    forbidden("look /etc/passwd");
}

fn a_file_that_was_named_before_can_be_read_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let [named, other] = ["named", "other"].map(|name| folder.path().join(name));
    for path in [&named, &other] {
        fs::write(path, "content").expect("written");
    }
    let readable = named.to_str().expect("text");
    let ask = |order: &str, path: &Path| {
        let (mut inmate, level) = start_reading(BOUNDS, PATIENCE, &[], readable);
        assert_eq!(level, Level::WHOLE);
        inmate.tell(format!("{order} {}", path.display()).as_bytes())?;
        inmate.hear(&|| false).map(|answer| String::from_utf8(answer).expect("text"))
    };
    for order in ["open", "look"] {
        assert_eq!(ask(order, &named).expect("an answer"), "done", "{order}");
    }
    let refused =
        [("open", &other), ("change", &named), ("create", &named), ("list", &folder.path().to_owned())];
    for (order, path) in refused {
        let answer = ask(order, path).expect("an answer");
        assert!(answer.starts_with("refused"), "{order} {}: {answer}", path.display());
    }
    let (mut inmate, _) = start_reading(BOUNDS, PATIENCE, &[], folder.path().to_str().expect("text"));
    inmate.tell(format!("open {}", named.display()).as_bytes()).expect("told");
    let answer = inmate.hear(&|| false).expect("an answer");
    assert!(answer.starts_with(b"refused"), "all of a folder: {}", String::from_utf8_lossy(&answer));
    let removed = ask("remove", &named);
    assert!(matches!(removed, Err(Fate::Forbidden)), "{removed:?}");
    assert_eq!(fs::read_to_string(named).expect("still there"), "content");
}

#[track_caller]
fn forbidden(order: &str) {
    let fate = outcome(order);
    assert!(matches!(fate, Err(Fate::Forbidden)), "{order}: {fate:?}");
}

fn files_cannot_be_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept");
    fs::write(&path, "").expect("written");
    forbidden(&format!("remove {}", path.display()));
    assert!(path.exists());
}

fn nobody_can_be_called() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    listener.set_nonblocking(true).expect("set");
    forbidden(&format!("connect {}", listener.local_addr().expect("an address")));
    forbidden("datagram");
    assert!(listener.accept().is_err(), "somebody called");
}

fn nothing_can_be_run_and_nobody_signalled() {
    for order in ["run", "become", "signal", "raise"] {
        forbidden(order);
    }
}

fn memory_is_bounded() {
    assert_eq!(outcome(&format!("allocate {}", 1_u64 << 30)).expect("an answer"), "refused");
    assert_eq!(outcome(&format!("allocate {}", 64 << 20)).expect("an answer"), "done");
    let fate = outcome(&format!("demand {}", 1_u64 << 30));
    assert!(matches!(fate, Err(Fate::Memory(memory)) if memory == BOUNDS.memory), "{fate:?}");
}

fn time_is_bounded_by_the_parent_and_by_the_system() {
    let impatient = Patience { silence: Duration::from_secs(1), ..PATIENCE };
    for order in ["spin", "sleep"] {
        let start = Instant::now();
        let fate = outcome_of(order, BOUNDS, impatient);
        assert!(matches!(fate, Err(Fate::Late(_))), "{order}: {fate:?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{order}: {:?}", start.elapsed());
    }
    let fate = outcome_of("spin", Bounds { cpu_seconds: 1, ..BOUNDS }, PATIENCE);
    assert!(matches!(fate, Err(Fate::Processor(1))), "{fate:?}");
    let (mut inmate, _) = start(BOUNDS, PATIENCE, &[]);
    inmate.tell(b"sleep").expect("told");
    assert!(matches!(inmate.hear(&|| true), Err(Fate::Cancelled)));
}

fn crashes_are_told_by_their_sort() {
    for (order, sign) in [("abort", "SIGABRT"), ("descend", "SIG"), ("leave", "exit status 0")] {
        match outcome(order) {
            Err(Fate::Crashed(how)) => assert!(how.contains(sign), "{order}: {how}"),
            other => panic!("{order}: {other:?}"),
        }
    }
}

fn an_answer_without_end_is_not_taken() {
    let fate = outcome("flood");
    assert!(matches!(fate, Err(Fate::Nonsense(_))), "{fate:?}");
}

fn a_child_that_is_let_go_does_not_live_on() {
    let (inmate, _) = start(BOUNDS, PATIENCE, &[]);
    let children = || {
        let own = std::process::id();
        fs::read_to_string(format!("/proc/self/task/{own}/children")).expect("children")
    };
    let before = children();
    drop(inmate);
    assert_ne!(before, "", "it lived");
    assert_eq!(children(), "");
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    if wanted.as_deref() == Some("inside") {
        inside();
        return ExitCode::SUCCESS;
    }
    assert!(Path::new("/proc/self/fd").exists(), "/proc is mounted");
    let wanted = wanted.filter(|name| !name.starts_with('-'));
    macro_rules! all {
        ($($proof:ident),* $(,)?) => {
            $(if wanted.as_deref().is_none_or(|wanted| stringify!($proof).contains(wanted)) {
                $proof();
                println!("proved: {}", stringify!($proof).replace('_', " "));
            })*
        };
    }
    all!(
        the_jail_is_whole_on_this_machine,
        a_trial_tells_that_and_closes_nothing,
        input_comes_by_descriptor_and_cannot_be_written,
        an_output_that_was_handed_over_can_be_written_up_to_its_bound_and_nothing_else_can,
        files_cannot_be_opened_made_listed_or_looked_for,
        a_file_that_was_named_before_can_be_read_and_no_other,
        files_cannot_be_removed,
        nobody_can_be_called,
        nothing_can_be_run_and_nobody_signalled,
        memory_is_bounded,
        time_is_bounded_by_the_parent_and_by_the_system,
        crashes_are_told_by_their_sort,
        an_answer_without_end_is_not_taken,
        a_child_that_is_let_go_does_not_live_on,
    );
    ExitCode::SUCCESS
}
