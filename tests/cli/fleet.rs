//! Files that are submitted to workers, and answered as `scan` answers them.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::clip::{ffmpeg, fractal, small};
use crate::postgres_server::Server;
use crate::program::{Answer, User, finish, signal, wait_until};

/// Where the databases of these tests are, and workers that end with it.
pub struct Site {
    pub user: User,
    pub database: String,
}

impl Site {
    pub fn sqlite() -> Self {
        let user = User::new();
        let database = format!("sqlite:{}", user.work().parent().unwrap().join("queue.db").display());
        Self { user, database }
    }

    /// `filigrane ARGUMENTS --database …`; arguments are separated by spaces.
    pub fn run(&self, arguments: &str) -> Answer {
        let mut command = self.user.command();
        command.args(arguments.split(' ')).args(["--database", &self.database]);
        finish(command)
    }

    pub fn worker(&self, arguments: &str) -> Child {
        let mut command = self.user.command();
        command.args(["worker", "--json", "--database", &self.database]).args(arguments.split(' '));
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub fn count(&self, state: &str) -> u64 {
        self.run("jobs stats --json").succeeds().json()["states"][state].as_u64().unwrap()
    }
}

/// Asks a worker to stop; what it says it did.
pub fn dismissed(worker: Child) -> Value {
    signal(worker.id(), "TERM");
    let output = worker.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A clip of its own content: a box that players skip stands at its end.
pub fn unique_clip(number: u32) -> Vec<u8> {
    let mut bytes = fs::read(small()).unwrap();
    bytes.extend([0, 0, 0, 12]);
    bytes.extend(b"free");
    bytes.extend(number.to_be_bytes());
    bytes
}

/// Lines by their files, without what differs from run to run.
fn answers(text: &str) -> BTreeMap<String, Value> {
    let lines = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("timing");
        (line["file"].as_str().unwrap().to_owned(), line)
    });
    lines.collect()
}

#[test]
fn a_fleet_answers_each_file_as_a_scan_does_under_the_name_that_it_was_given() {
    let site = Site::sqlite();
    let user = &site.user;
    fs::create_dir(user.path("uploads")).unwrap();
    for number in 0..3 {
        fs::write(user.path(format!("uploads/{number}.mp4")), unique_clip(number)).unwrap();
    }
    fs::copy(user.path("uploads/0.mp4"), user.path("uploads/again.mp4")).unwrap();
    fs::write(user.path("uploads/words.mp4"), "no video").unwrap();
    fs::write(
        user.path("list"),
        format!("uploads\nmissing.mp4\nfile://{}\n", user.path("uploads/1.mp4").display()),
    )
    .unwrap();
    let worker = site.worker("--jobs 2 --depth key-frames");
    let fleet = site.run("scan @list --depth key-frames --wait --quiet").succeeds();
    let done = dismissed(worker);
    let scan = user.run(["scan", "@list", "--depth", "key-frames", "--quiet", "--timeout", "300"]).succeeds();
    let (fleet, scan) = (answers(&fleet.stdout), answers(&scan.stdout));
    assert_eq!(fleet.len(), 7);
    for (file, line) in &scan {
        if file == "missing.mp4" {
            assert!(fleet[file]["errors"][0].as_str().unwrap().starts_with("cannot read the file"));
        } else {
            assert_eq!(&fleet[file], line, "{file}");
        }
    }
    // Four contents, in spite of seven names.
    assert_eq!((done["done"].as_u64(), done["failed"].as_u64()), (Some(4), Some(0)), "{done}");
    // Known by its content, whoever asks; another tenant's is another's.
    let again = site.run("scan uploads/again.mp4 --depth key-frames --quiet").succeeds().json();
    assert_eq!((again["new"].as_bool(), again["state"].as_str()), (Some(false), Some("done")), "{again}");
    let other = site.run("scan uploads/again.mp4 --depth key-frames --tenant b --quiet").succeeds().json();
    assert_eq!((other["new"].as_bool(), other["state"].as_str()), (Some(true), Some("waiting")), "{other}");
    // Other settings, another question.
    let deeper = site.run("scan uploads/again.mp4 --depth whole --quiet").succeeds().json();
    assert_eq!(deeper["new"], true);
    let loads = site.run("jobs stats --json").succeeds().json();
    assert_eq!(loads["loads"].as_array().unwrap().len(), 2, "{loads}");
}

#[test]
fn a_worker_that_is_stopped_gives_its_file_back_and_the_next_one_answers_it() {
    let site = Site::sqlite();
    // Long enough to be stopped in.
    let long = site.user.path("long.mp4");
    ffmpeg(&format!("-stream_loop 30 -i {} -an -c copy", fractal().display()), &long);
    site.run("scan long.mp4 --quiet").succeeds();
    let mut worker = site.worker("--jobs 1 --grace 0");
    wait_until(&mut worker, || site.count("running") == 1);
    let done = dismissed(worker);
    assert_eq!((done["given_back"].as_u64(), done["done"].as_u64()), (Some(1), Some(0)), "{done}");
    let job = site.run("jobs list --state waiting --json").succeeds().json()["jobs"][0].clone();
    assert_eq!((job["tries"].as_u64(), job["error"].as_str()), (Some(0), None), "{job}");
    fs::copy(small(), long).unwrap();
    let mut worker = site.worker("--jobs 1");
    wait_until(&mut worker, || site.count("dead") == 1);
    dismissed(worker);
    let listed = site.run("jobs list --state dead").succeeds();
    assert!(listed.stdout.contains("not what was submitted"), "{}", listed.stdout);
    site.run("jobs drop --dead --quiet").succeeds();
    assert_eq!(site.run("jobs list --json").succeeds().json()["jobs"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_wrong_with_a_fleet_is_said_in_a_line() {
    let server = Server::start();
    let mut site = Site::sqlite();
    site.database = server.address("fleet");
    fs::copy(small(), site.user.path("clip.mp4")).unwrap();
    for verb in ["worker", "jobs stats", "scan clip.mp4"] {
        assert!(site.run(verb).refusal("postgres").contains("jobs migrate"), "{verb}");
    }
    let migrate = |site: &Site| site.run("jobs migrate --json").succeeds().json()["changed"].clone();
    assert_eq!([migrate(&site), migrate(&site)], [Value::Bool(true), Value::Bool(false)]);
    site.run("jobs retry 5").refusal("no job 5");
    site.run("jobs retry").refusal("");
    site.run("jobs list --state lost").refusal("lost");
    site.run("scan clip.mp4 -o lines").refusal("--wait");
    site.run("scan clip.mp4 --priority 5").refusal("5");
    site.run("worker --registry /nowhere/registry").refusal("registry");
    site.database = "postgres://me:secret@localhost:1/none".to_owned();
    for verb in ["worker", "jobs stats", "scan clip.mp4 --wait"] {
        let said = site.run(verb).refusal("can't be reached");
        assert!(!said.contains("secret"), "{said}");
    }
    site.database = "mysql://localhost/none".to_owned();
    site.run("worker").refusal("postgres://USER@HOST/NAME");
    let none = site.user.run(["jobs", "list", "--json"]);
    assert!(none.json()["errors"][0].as_str().unwrap().contains("--database"));
}
