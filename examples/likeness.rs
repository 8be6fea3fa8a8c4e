//! How often copies of clips are known again by their pictures, and clips of other content are not: `likeness LIST`, where
//! each line of the list is `ORIGINAL<tab>ATTACK<tab>COPY`. Prints a table in Markdown.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that cannot be made ends there"
)]

use std::collections::BTreeMap;
use std::path::Path;

use filigrane::fingerprint::{
    Fingerprint, PdqFrame, PdqSampler, Probes, Sampler, Samples, View, compare, pdq_share,
};
use filigrane::frame::Limits;
use filigrane::media::{Cancel, Decoder};

/// As the search in a registry has them (SPEC.md section 10).
const NEAR: u32 = 36;
const CELLS: u32 = 200;
/// Share of a copy's pictures that vPDQ must find.
const SHARE: f64 = 0.5;

struct Clip {
    samples: Samples,
    pdq: Vec<PdqFrame>,
}

struct Registered {
    fingerprint: Fingerprint,
    keys: Vec<u64>,
    pdq: Vec<PdqFrame>,
}

fn read(path: &str) -> Option<Clip> {
    let mut decoder = Decoder::open(Path::new(path), &Limits::default(), &Cancel::default()).ok()?;
    let (mut sampler, mut pdq) = (Sampler::default(), PdqSampler::default());
    while let Ok(Some(picture)) = decoder.next_picture() {
        sampler.push(picture.luma(), picture.time());
        pdq.push(picture.luma(), picture.time());
    }
    Some(Clip { samples: sampler.finish()?, pdq: pdq.finish() })
}

/// Known again by comparing, by keys and comparing, by vPDQ.
fn known(clip: &Clip, registered: &Registered) -> [bool; 3] {
    let found = compare(&clip.samples, &registered.fingerprint, &View::orientations());
    let near = found.distance <= NEAR && found.cells >= CELLS;
    let probes = Probes::of(&clip.samples);
    let led = [&probes.upright, &probes.turned]
        .into_iter()
        .flatten()
        .any(|key| registered.keys.binary_search(key).is_ok());
    let share = pdq_share(&clip.pdq, &registered.pdq).unwrap_or(0.0);
    [near, near && led, share >= SHARE]
}

fn main() {
    let list = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let mut originals: BTreeMap<&str, Registered> = BTreeMap::new();
    let mut rates: BTreeMap<&str, (u32, [u32; 3])> = BTreeMap::new();
    let mut others = (0_u32, [0_u32; 3]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    for line in &lines {
        if !originals.contains_key(line[0])
            && let Some(clip) = read(line[0])
        {
            let fingerprint = Fingerprint::of(&clip.samples);
            let keys = fingerprint.keys();
            originals.insert(line[0], Registered { fingerprint, keys, pdq: clip.pdq });
        }
    }
    for line in &lines {
        let (Some(clip), true) = (read(line[2]), originals.contains_key(line[0])) else {
            eprintln!("{} can't be read", line[2]);
            continue;
        };
        for (name, registered) in &originals {
            let known = known(&clip, registered);
            let (count, hits) =
                if *name == line[0] { rates.entry(line[1]).or_default() } else { &mut others };
            *count += 1;
            hits.iter_mut().zip(known).for_each(|(hits, known)| *hits += u32::from(known));
        }
    }
    println!("| copy | clips | filigrane, each compared | filigrane, through the index | vPDQ |");
    println!("|---|---|---|---|---|");
    let percent = |hits: u32, count: u32| format!("{:.0} %", 100.0 * f64::from(hits) / f64::from(count));
    for (attack, (count, hits)) in &rates {
        let [each, index, pdq] = hits.map(|hits| percent(hits, *count));
        println!("| {attack} | {count} | {each} | {index} | {pdq} |");
    }
    let (count, [each, index, pdq]) = others;
    // Counts, since rates this low say nothing.
    println!("| *other content* | {count} | {each} | {index} | {pdq} |");
}
