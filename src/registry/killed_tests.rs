//! Publishing, cut off again and again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Entry, Registry};

const FOLDER: &str = "FILIGRANE_TEST_KILLED_REGISTRY";
const FIRST: &str = "FILIGRANE_TEST_KILLED_FIRST";
const PUBLICATIONS: u32 = 1_000;

fn entry(number: u32) -> Entry {
    Entry {
        urn: format!("urn:c2pa:{number:08x}-0000-4000-8000-000000000001").parse().unwrap(),
        manifest: Some(number.to_le_bytes().repeat(4_000)),
        fingerprint: number.to_le_bytes().to_vec(),
        code: None,
        keys: (0..8).map(|key| u64::from(number) << 8 | key).collect(),
        width: 1920,
        height: 1080,
        duration: 5.0,
        title: format!("clip {number}"),
        issuer: None,
    }
}

/// Not a test of its own: the process that is killed. It says what it has published, and nothing before.
#[test]
fn publish_until_killed() {
    let (Some(folder), Ok(first)) = (std::env::var_os(FOLDER), std::env::var(FIRST)) else { return };
    let registry = Registry::open(Path::new(&folder)).unwrap();
    let mut told = std::io::stderr();
    for number in first.parse::<u32>().unwrap()..PUBLICATIONS {
        registry.publish(&entry(number)).unwrap();
        // In one piece: half a line would be read as another number.
        told.write_all(format!("published {number}\n").as_bytes()).unwrap();
    }
}

fn publisher(folder: &Path, first: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed_tests::publish_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_and_nothing_is_there_by_half() {
    let home = tempfile::tempdir().unwrap();
    let (mut next, mut kills, mut state) = (0, 0, 7_u32);
    while next < PUBLICATIONS {
        let mut child = publisher(home.path(), next);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let patience = state >> 24 & 0x3f;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        for _ in 0..=patience {
            let Some(Ok(line)) = lines.next() else { break };
            next = line.strip_prefix("published ").expect(&line).parse::<u32>().unwrap() + 1;
        }
        // Somewhere within the publication that follows.
        std::thread::sleep(std::time::Duration::from_micros(u64::from(state >> 8 & 0xfff)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said between the last line read and its end counts, too.
        for line in lines.map_while(Result::ok) {
            next = line.strip_prefix("published ").expect(&line).parse::<u32>().unwrap() + 1;
        }
        kills += 1;
    }
    assert!(kills > 15, "{kills}");

    let registry = Registry::open_existing(home.path()).unwrap().unwrap();
    let mut seen = 0;
    registry
        .for_each(&mut |record| {
            assert_eq!(record.entry, entry(seen), "in order, whole, each once");
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, PUBLICATIONS);
    for number in (0..PUBLICATIONS).step_by(97) {
        let found = registry.like(&entry(number).keys, 5).unwrap();
        assert_eq!((found.len(), found[0].urn, found[0].hits), (1, entry(number).urn, 8));
    }
    registry.publish(&entry(PUBLICATIONS)).unwrap();
    let drafts = std::fs::read_dir(home.path().join("manifests/.new")).unwrap();
    assert_eq!(drafts.count(), 0, "what a killed process left is swept up");
}
