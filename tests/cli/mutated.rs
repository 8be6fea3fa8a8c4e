//! A signed file with bytes changed at random: always an answer, never `verified` where the signature reaches.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::clip::{once, small};
use crate::program::User;
use crate::unhashed::unhashed;

const VARIANTS: usize = 300;
/// Of a run of the program on half a second of 160x128, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(30);

/// SplitMix64: the same variants on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// One to eight bits flipped anywhere, in the first kilobytes or in the boxes' heads, or the end cut off.
fn variant(original: &[u8], seed: usize) -> (Vec<u8>, Vec<usize>) {
    let mut dice = Dice(seed as u64);
    let mut bytes = original.to_vec();
    if dice.roll(6) == 0 {
        let length = dice.roll(bytes.len());
        bytes.truncate(length);
        return (bytes, (length..original.len()).collect());
    }
    let reach = [original.len(), original.len(), 2000.min(original.len())][dice.roll(3)];
    let mut changed = Vec::new();
    for _ in 0..=dice.roll(8) {
        let at = dice.roll(reach);
        bytes[at] ^= 1 << dice.roll(8);
        changed.push(at);
    }
    changed.retain(|at| bytes[*at] != original[*at]);
    (bytes, changed)
}

#[test]
fn no_mutation_of_a_signed_file_crashes_hangs_or_passes_for_verified() {
    let creator = User::new();
    let signed = once("sweep.mp4", |path| drop(creator.stamp(&small(), path, "--no-credentials").succeeds()));
    let small_signed = creator.path("signed.mp4");
    creator.stamp(&signed, &small_signed, "--no-watermark").succeeds();
    creator.verify(&small_signed, "").verdict("verified", 0);
    let original = fs::read(&small_signed).unwrap();
    let free = unhashed(&original);
    assert!(free.iter().map(ExactSizeIterator::len).sum::<usize>() < original.len() / 2, "{free:?}");
    let next = AtomicUsize::new(0);
    let verdicts = std::sync::Mutex::new(std::collections::BTreeMap::<String, usize>::new());
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (creator, original, free, next, verdicts) = (&creator, &original, &free, &next, &verdicts);
            scope.spawn(move || {
                let file = creator.path(format!("variant-{worker}.mp4"));
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= VARIANTS {
                        return;
                    }
                    let (bytes, changed) = variant(original, seed);
                    fs::write(&file, &bytes).unwrap();
                    let start = Instant::now();
                    let answer = creator.verify(&file, "");
                    assert!(start.elapsed() < LIMIT, "variant {seed} took {:?}", start.elapsed());
                    assert!((0..=3).contains(&answer.exit()), "variant {seed}: {answer:#?}");
                    let document = answer.json();
                    let code = document["verdict"]["code"].as_str().unwrap_or("unreadable").to_owned();
                    if code == "unreadable" {
                        answer.complaint("variant-");
                        assert_ne!(document["errors"], serde_json::json!([]), "variant {seed}");
                    }
                    if code == "verified" {
                        let hashed = changed.iter().find(|at| !free.iter().any(|range| range.contains(at)));
                        assert_eq!(hashed, None, "variant {seed} is verified with byte {hashed:?} changed");
                    }
                    *verdicts.lock().unwrap().entry(code).or_default() += 1;
                }
            });
        }
    });
    let verdicts = verdicts.into_inner().unwrap();
    println!("{verdicts:?}");
    assert_eq!(verdicts.values().sum::<usize>(), VARIANTS);
    assert!(verdicts.get("altered").is_some_and(|count| *count > VARIANTS / 3), "{verdicts:?}");
}
