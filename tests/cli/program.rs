//! The program under test, with data of its own, and what it answered.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing in these tests may take longer.
const PATIENCE: Duration = Duration::from_secs(150);

/// A user: a folder of the program's own data, and one to work in.
pub struct User {
    folder: TempDir,
}

impl User {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("room")).expect("a folder");
        Self { folder }
    }

    /// A user whose identities, trust and registry are copies of those in `home`.
    pub fn with_home_of(home: &Path) -> Self {
        let user = Self::new();
        copy_folder(home, &user.home());
        user
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The folder worked in: empty at first.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("room")
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work().join(name)
    }

    /// Names of all files in the folder worked in.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.work())
            .expect("readable")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The environment of the program: this user's data and nothing of the machine's.
    pub fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.work())
            .env("FILIGRANE_HOME", self.home())
            .env("HOME", self.folder.path().join("elsewhere"))
            .env_remove("XDG_DATA_HOME")
            .env_remove("FILIGRANE_PASSPHRASE")
            // What has nothing to do with the classifier need not pay for it.
            .env("FILIGRANE_DETECTORS", "none")
            .stdin(Stdio::null());
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        self.prepare(&mut command);
        command
    }

    /// `filigrane ARGUMENTS`.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Answer {
        let mut command = self.command();
        command.args(arguments);
        finish(command)
    }

    /// `filigrane stamp INPUT -o OUTPUT --preset veryfast OPTIONS`; options are separated by spaces.
    pub fn stamp(&self, input: &Path, output: &Path, options: &str) -> Answer {
        let mut command = self.command();
        command.arg("stamp").arg(input).arg("-o").arg(output);
        if !options.contains("--codec") && !options.contains("--no-watermark") {
            command.args(["--codec", "h264", "--preset", "veryfast"]);
        }
        command.args(options.split_whitespace());
        finish(command)
    }

    /// `filigrane verify --json INPUT OPTIONS`; options are separated by spaces.
    pub fn verify(&self, input: &Path, options: &str) -> Answer {
        let mut command = self.command();
        command.args(["verify", "--json"]).arg(input).args(options.split_whitespace());
        finish(command)
    }
}

/// The binary that Cargo built for these tests.
pub fn program() -> &'static str {
    env!("CARGO_BIN_EXE_filigrane")
}

/// Runs a command to its end, which must come in time.
pub fn finish(command: Command) -> Answer {
    finish_within(PATIENCE, command)
}

/// Runs a command to its end, which must come before the limit.
pub fn finish_within(limit: Duration, mut command: Command) -> Answer {
    let shown = format!("{command:?}");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let id = child.id();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    match receive.recv_timeout(limit) {
        Ok(output) => Answer::of(shown, output.expect("its output")),
        Err(_) => {
            signal(id, "KILL");
            panic!("{shown} hangs");
        }
    }
}

/// Sends a signal to a process that a test started.
pub fn signal(id: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().expect("kill");
    assert!(sent.success());
}

/// Waits until `ready`, which must come in time and before the child ends.
pub fn wait_until(child: &mut Child, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early");
        assert!(start.elapsed() < PATIENCE, "nothing happens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What one call of the program gave.
#[derive(Debug)]
pub struct Answer {
    #[expect(dead_code, reason = "for the message of a failed test")]
    command: String,
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn of(command: String, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let answer =
            Self { command, status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) };
        for sign in ["panicked", "RUST_BACKTRACE", "overflow"] {
            assert!(!answer.stderr.contains(sign) && !answer.stdout.contains(sign), "{answer:#?}");
        }
        answer
    }

    /// Exit status; a signal fails the test.
    #[track_caller]
    pub fn exit(&self) -> i32 {
        assert_eq!(self.status.signal(), None, "killed: {self:#?}");
        self.status.code().expect("an exit status")
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.exit(), 0, "{self:#?}");
        self
    }

    /// Standard output with its lines joined: where they break is a matter of width.
    pub fn words(&self) -> String {
        self.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The JSON answer, once verdict code and exit status are as stated.
    #[track_caller]
    pub fn verdict(&self, code: &str, exit: i32) -> Value {
        let answer = self.json();
        assert_eq!((answer["verdict"]["code"].as_str(), self.exit()), (Some(code), exit), "{self:#?}");
        answer
    }

    /// The one line of complaint, once it is clear that it is one, names `name`, and the exit status is 2. At most
    /// one indented line of advice may follow.
    #[track_caller]
    pub fn complaint(&self, name: &str) -> String {
        assert_eq!(self.exit(), 2, "{self:#?}");
        // Said on first use of the default identity, whatever comes then.
        let lines = self.stderr.lines().filter(|line| !line.starts_with("made the signing identity"));
        let lines: Vec<&str> = lines.collect();
        assert!((1..=2).contains(&lines.len()), "{self:#?}");
        assert!(
            lines[0].starts_with("filigrane: ") && lines[0].contains(name),
            "{name:?} is not named: {self:#?}"
        );
        assert!(lines[1..].iter().all(|line| line.starts_with("  ") && line.len() > 8), "{self:#?}");
        lines[0].to_owned()
    }

    /// As [`complaint`](Self::complaint), with nothing on standard output.
    #[track_caller]
    pub fn refusal(&self, name: &str) -> String {
        assert_eq!(self.stdout, "", "{self:#?}");
        self.complaint(name)
    }
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("readable").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
