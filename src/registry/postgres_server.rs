//! A PostgreSQL server of a test's own, in a folder that goes with it.

#![allow(dead_code)] // Each room that has one needs another part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A server that listens on a socket in its folder and nowhere else.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    process: Child,
}

impl Server {
    /// Lays one out with `initdb` and starts it; as root, as the user `postgres`, since it refuses to run as root.
    pub fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        if is_root() {
            for owned in [folder.path(), &data] {
                let changed = Command::new("chown").arg("postgres").arg(owned).status().unwrap();
                assert!(changed.success(), "the Debian package postgresql makes the user postgres");
            }
        }
        let laid_out = as_user(&programs.join("initdb"))
            .args(["--auth=trust", "--username=filigrane", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(laid_out.status.success(), "{laid_out:?}");
        let process = spawned(&programs, folder.path());
        let mut server = Self { folder, programs, process };
        server.wait();
        server
    }

    /// Ends the server by a signal such as `KILL`, and waits until it is gone.
    pub fn end(&mut self, signal: &str) {
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
        self.process.wait().unwrap();
    }

    /// Starts it again after its end.
    pub fn start_again(&mut self) {
        self.process = spawned(&self.programs, self.folder.path());
        self.wait();
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while self.psql("postgres", "SELECT 1").status.code() != Some(0) {
            assert!(start.elapsed() < Duration::from_secs(60), "PostgreSQL does not start");
            // What a killed server left may still hold its memory.
            if self.process.try_wait().unwrap().is_some() {
                self.process = spawned(&self.programs, self.folder.path());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The address of a database, made when missing, with the place of its manifests.
    pub fn database(&self, name: &str, objects: &str) -> String {
        format!("{}&objects={objects}", self.address(name))
    }

    /// The address of a database, made when missing.
    pub fn address(&self, name: &str) -> String {
        let made = self.query("postgres", &format!("CREATE DATABASE {name}"));
        assert!(made.trim() == "CREATE DATABASE" || made.contains("already exists"), "{made}");
        format!("postgres:///{name}?host={}&user=filigrane", self.folder.path().display())
    }

    /// Everything that `psql` says to a query.
    pub fn query(&self, database: &str, query: &str) -> String {
        let output = self.psql(database, query);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    fn psql(&self, database: &str, query: &str) -> Output {
        Command::new(self.programs.join("psql"))
            .args(["-U", "filigrane", "-h"])
            .arg(self.folder.path())
            .args(["-d", database, "-c", query])
            .output()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A fast shutdown; the folder goes afterwards.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn spawned(programs: &Path, folder: &Path) -> Child {
    as_user(&programs.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "fsync=off"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The newest version's programs, where Debian puts them.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.retain(|folder| folder.join("initdb").is_file());
    found.sort();
    found.pop().expect("PostgreSQL is installed: `make test` does so on Debian (package postgresql)")
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    // Replaces itself by the program, so that signals reach it.
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}
