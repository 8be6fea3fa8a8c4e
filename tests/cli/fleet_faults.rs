//! Three workers, and everything that can die dies meanwhile.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::fleet::{Site, dismissed, unique_clip};
use crate::postgres_server::Server;
use crate::program::{finish, signal, wait_until};

const CLIPS: u32 = 200;
/// Short times, so that lost files are tried again soon: twice the first and three times the second after a death.
const WORKER: &str = "--jobs 2 --depth credentials --timeout 5 --slack 1";

fn killed(mut worker: Child) {
    signal(worker.id(), "KILL");
    worker.wait().unwrap();
}

#[test]
fn no_file_is_lost_and_none_answered_twice_whoever_is_killed() {
    let mut server = Server::start();
    let mut site = Site::sqlite();
    site.database = server.address("fleet");
    site.run("jobs migrate --quiet").succeeds();
    fs::create_dir(site.user.path("uploads")).unwrap();
    for number in 0..CLIPS {
        fs::write(site.user.path(format!("uploads/{number}.mp4")), unique_clip(number)).unwrap();
    }
    // Poison: some that are no video, and one that no worker will find.
    fs::write(site.user.path("uploads/empty.mp4"), "").unwrap();
    fs::write(site.user.path("uploads/words.mp4"), "no video").unwrap();
    fs::write(site.user.path("uploads/cut.mp4"), &unique_clip(0)[..1000]).unwrap();
    fs::write(site.user.path("uploads/gone.mp4"), "soon gone").unwrap();
    let all = u64::from(CLIPS) + 4;
    let submit = || {
        let lines = site.run("scan uploads --depth credentials --timeout 5 --quiet").succeeds().stdout;
        lines.lines().filter(|line| line.contains("\"new\":true")).count() as u64
    };
    assert_eq!([submit(), submit()], [all, 0], "duplicates");
    fs::rename(site.user.path("uploads/gone.mp4"), site.user.path("gone.mp4")).unwrap();

    let work = || site.worker(WORKER);
    let [mut first, second, mut third] = [work(), work(), work()];
    wait_until(&mut first, || site.count("done") >= 10);
    killed(first);
    killed(second);
    let (mut first, mut second) = (work(), work());
    wait_until(&mut third, || site.count("done") >= 50);
    server.end("KILL");
    sleep(Duration::from_secs(1));
    killed(third);
    server.start_again();
    let third = work();
    wait_until(&mut second, || site.count("done") >= 90);
    // One that is asked, and one that is not.
    dismissed(second);
    killed(third);
    let third = work();
    wait_until(&mut first, || site.count("done") == all - 1 && site.count("dead") == 1);

    let dead = site.run("jobs list --state dead --json").succeeds().json()["jobs"].clone();
    assert_eq!(dead.as_array().unwrap().len(), 1);
    assert!(dead[0]["location"].as_str().unwrap().ends_with("/gone.mp4"), "{dead}");
    assert_eq!(dead[0]["tries"], 3);
    assert!(dead[0]["error"].as_str().unwrap().contains("no such file"), "{dead}");
    let torn = "SELECT 'torn '||count(*) FROM river_job j FULL JOIN filigrane_result r ON r.job_id = j.id
        WHERE (j.state = 'completed') IS DISTINCT FROM (r.job_id IS NOT NULL)";
    assert!(server.query("fleet", torn).contains("torn 0"));
    let tries = "SELECT 'most '||max(attempt) FROM river_job";
    assert!(server.query("fleet", tries).contains("most 3"));

    // It is found again, and tried again.
    fs::rename(site.user.path("gone.mp4"), site.user.path("uploads/gone.mp4")).unwrap();
    site.run("jobs retry --dead --quiet").succeeds();
    let answered = site.run("scan uploads --depth credentials --timeout 5 --wait --quiet").succeeds().stdout;
    [first, third].into_iter().for_each(|worker| drop(dismissed(worker)));
    let mut files = HashSet::new();
    let mut unreadable = Vec::new();
    for line in answered.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let name = line["file"].as_str().unwrap().to_owned();
        if line["verdict"].is_null() {
            assert!(!line["errors"].as_array().unwrap().is_empty(), "{line}");
            unreadable.push(name.clone());
        }
        assert!(files.insert(name), "twice: {line}");
    }
    unreadable.sort();
    assert_eq!(files.len() as u64, all);
    let named = ["cut", "empty", "gone", "words"].map(|name| format!("uploads/{name}.mp4"));
    assert_eq!(unreadable, named);
}

/// A library that sets a program's clock by `SKEW` seconds.
fn skewing(folder: &Path) -> PathBuf {
    const SOURCE: &str = "#define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <time.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, \"clock_gettime\");
            int done = real(clock, time);
            const char *skew = getenv(\"SKEW\");
            if (done == 0 && clock == CLOCK_REALTIME && skew) time->tv_sec += atol(skew);
            return done;
        }";
    let (source, library) = (folder.join("skew.c"), folder.join("skew.so"));
    fs::write(&source, SOURCE).unwrap();
    let built = Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(built.unwrap().success());
    library
}

#[test]
fn workers_whose_clocks_differ_a_little_work_together_and_one_that_is_far_off_refuses() {
    let server = Server::start();
    let mut site = Site::sqlite();
    site.database = server.address("fleet");
    site.run("jobs migrate --quiet").succeeds();
    fs::create_dir(site.user.path("uploads")).unwrap();
    for number in 0..12 {
        fs::write(site.user.path(format!("uploads/{number}.mp4")), unique_clip(number)).unwrap();
    }
    site.run("scan uploads --depth credentials --timeout 5 --quiet").succeeds();
    let library = skewing(&site.user.work());
    let skewed = |seconds: &str| {
        let mut command = site.user.command();
        command.args(["worker", "--json", "--database", &site.database]);
        command.args(["--jobs", "1", "--depth", "credentials", "--timeout", "5", "--slack", "20"]);
        command.env("LD_PRELOAD", &library).env("SKEW", seconds);
        command
    };
    for far in ["3600", "-3600"] {
        let said = finish(skewed(far)).complaint("clocks");
        assert!(said.contains("of at most 10.0 s") && said.contains("NTP"), "{said}");
    }
    let mut workers = ["7", "-7"]
        .map(|seconds| skewed(seconds).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    wait_until(&mut workers[0], || site.count("done") == 12);
    let done = workers.map(|worker| dismissed(worker)["done"].as_u64().unwrap());
    assert_eq!(done.iter().sum::<u64>(), 12);
    assert!(server.query("fleet", "SELECT 'most '||max(attempt) FROM river_job").contains("most 1"));
}
