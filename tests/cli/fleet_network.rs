//! Workers in networks of their own, to which bad things happen.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fleet::{Site, dismissed, unique_clip};
use crate::postgres_server::Server;
use crate::program::{signal, wait_until};
use crate::strait::{Strait, Weather};

/// Short times, so that lost files are tried again soon.
const WORKER: &str = "--jobs 1 --depth credentials --timeout 5 --slack 1";

/// A fleet's database behind a strait, with files submitted to it.
fn site(clips: u32) -> (Server, Site, Strait) {
    let server = Server::start();
    let mut site = Site::sqlite();
    site.database = server.address("fleet");
    let strait = Strait::to(&site.database);
    site.run("jobs migrate --quiet").succeeds();
    fs::create_dir(site.user.path("uploads")).unwrap();
    for number in 0..clips {
        fs::write(site.user.path(format!("uploads/{number}.mp4")), unique_clip(number)).unwrap();
    }
    site.run("scan uploads --depth credentials --timeout 5 --quiet").succeeds();
    (server, site, strait)
}

/// Each file has one answer, and each job ended with it.
fn check(server: &Server, site: &Site, clips: u32) {
    let torn = "SELECT 'torn '||count(*) FROM river_job j FULL JOIN filigrane_result r ON r.job_id = j.id
        WHERE (j.state = 'completed') IS DISTINCT FROM (r.job_id IS NOT NULL)";
    assert!(server.query("fleet", torn).contains("torn 0"));
    let results = "SELECT 'results '||count(*) FROM filigrane_result";
    assert!(server.query("fleet", results).contains(&format!("results {clips}\n")));
    let answered = site.run("scan uploads --depth credentials --timeout 5 --wait --quiet").succeeds().stdout;
    let mut files = HashSet::new();
    for line in answered.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["verdict"]["code"], "inconclusive", "{line}");
        assert!(files.insert(line["file"].as_str().unwrap().to_owned()), "twice: {line}");
    }
    assert_eq!(files.len() as u32, clips);
}

#[test]
fn a_worker_outlives_connections_that_hang_or_are_cut_and_answers_all_by_itself() {
    const CLIPS: u32 = 120;
    let (server, site, strait) = site(CLIPS);
    let mut command = site.user.command();
    command.args(["worker", "--json", "--database", &strait.address("fleet")]).args(WORKER.split(' '));
    let mut worker = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut goal = 10;
    for (weather, lasting) in [(Weather::Held, 2), (Weather::Cut, 2), (Weather::Swallowed, 2)] {
        wait_until(&mut worker, || site.count("done") >= goal);
        strait.turn(weather);
        sleep(Duration::from_secs(lasting));
        strait.turn(Weather::Fair);
        let (start, done) = (Instant::now(), site.count("done"));
        wait_until(&mut worker, || site.count("done") > done + 2);
        assert!(start.elapsed() < Duration::from_secs(30), "{weather:?}: {:?}", start.elapsed());
        goal = done + 10;
    }
    wait_until(&mut worker, || site.count("done") == u64::from(CLIPS));
    let told = dismissed(worker);
    assert!(told["done"].as_u64().unwrap() + 6 >= u64::from(CLIPS), "{told}");
    check(&server, &site, CLIPS);
}

/// A worker in a network of its own, with a cable to this one that can be pulled.
struct Island {
    worker: Child,
    cable: String,
}

fn ip(arguments: &str) -> Result<(), String> {
    let ran = Command::new("ip").args(arguments.split(' ')).output().map_err(|error| error.to_string())?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned()) }
}

impl Island {
    /// `Err` with the reason where networks can't be made.
    fn settled(site: &Site, strait: &Strait, number: u8) -> Result<Self, String> {
        let (cable, end) = (format!("fg{number}a{}", std::process::id()), format!("fg{number}b"));
        let host = format!("198.18.{}.{}", std::process::id() % 200, number * 4 + 1);
        let guest = format!("198.18.{}.{}", std::process::id() % 200, number * 4 + 2);
        let mut command = Command::new("unshare");
        site.user.prepare(&mut command);
        command.args(["-n", "sh", "-c", "read go && exec \"$@\"", "sh", crate::program::program()]);
        command.args(["worker", "--json", "--database", &strait.address_by(&host, "fleet")]);
        command.args(WORKER.split(' '));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let worker = command.spawn().map_err(|error| error.to_string())?;
        let id = worker.id();
        let mut island = Self { worker, cable: cable.clone() };
        // It is in a network of its own once this is not this one's.
        let network = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
        let start = Instant::now();
        while network(&id.to_string()) == network("self") {
            if start.elapsed() > Duration::from_secs(5) || island.worker.try_wait().unwrap().is_some() {
                return Err("no network namespace may be made".to_owned());
            }
            sleep(Duration::from_millis(10));
        }
        ip(&format!("link add {cable} type veth peer name {end} netns {id}"))?;
        ip(&format!("addr add {host}/30 dev {cable}"))?;
        ip(&format!("link set {cable} up"))?;
        let inside = format!("ip link set lo up && ip addr add {guest}/30 dev {end} && ip link set {end} up");
        let entered =
            Command::new("nsenter").args(["-n", "-t", &id.to_string(), "sh", "-c", &inside]).status();
        if !entered.is_ok_and(|status| status.success()) {
            return Err("the network of the worker can't be laid out".to_owned());
        }
        island.worker.stdin.take().unwrap().write_all(b"go\n").map_err(|error| error.to_string())?;
        Ok(island)
    }

    fn pull(&self) {
        ip(&format!("link set {} down", self.cable)).unwrap();
    }

    fn plug(&self) {
        ip(&format!("link set {} up", self.cable)).unwrap();
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        // The cable goes with the network at its other end.
        let _ = self.worker.kill();
        let _ = self.worker.wait();
    }
}

#[test]
fn workers_in_networks_of_their_own_lose_no_file_when_cables_are_pulled_and_one_is_killed() {
    const CLIPS: u32 = 150;
    let (server, site, strait) = site(CLIPS);
    let mut islands = Vec::new();
    for number in 0..3 {
        match Island::settled(&site, &strait, number) {
            Ok(island) => islands.push(island),
            Err(why) => {
                println!("skipped: no workers in networks of their own here ({why})");
                return;
            }
        }
    }
    wait_until(&mut islands[0].worker, || site.count("done") >= 10);
    islands[1].pull();
    wait_until(&mut islands[0].worker, || site.count("done") >= 30);
    signal(islands[2].worker.id(), "KILL");
    islands[2].worker.wait().unwrap();
    // The last that works is cut off, too, for longer than a file may take.
    islands[0].pull();
    sleep(Duration::from_secs(10));
    let before = site.count("done");
    islands[1].plug();
    let start = Instant::now();
    wait_until(&mut islands[1].worker, || site.count("done") > before + 2);
    assert!(start.elapsed() < Duration::from_secs(30), "back after {:?}", start.elapsed());
    islands[0].plug();
    wait_until(&mut islands[1].worker, || site.count("done") == u64::from(CLIPS));
    let [first, second, _] = &mut islands[..] else { panic!("three") };
    for island in [first, second] {
        signal(island.worker.id(), "TERM");
        assert!(island.worker.wait().unwrap().success());
    }
    check(&server, &site, CLIPS);
}
