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
    Fingerprint, PdqFrame, PdqSampler, Probes, Sampler, Samples, VIDEO_CODE_NEAR, VideoCode, View, compare,
    pdq_share,
};
use filigrane::frame::Limits;
use filigrane::media::{Cancel, Decoder, SignatureSampler};

/// As the search in a registry has them (SPEC.md section 10).
const NEAR: u32 = 36;
const CELLS: u32 = 200;
/// Share of a copy's pictures that vPDQ must find.
const SHARE: f64 = 0.5;

struct Clip {
    samples: Samples,
    pdq: Vec<PdqFrame>,
    code: Option<VideoCode>,
}

struct Registered {
    fingerprint: Fingerprint,
    keys: Vec<u64>,
    pdq: Vec<PdqFrame>,
    code: Option<VideoCode>,
}

/// Ways to know a clip again: by comparing, by keys and comparing, by keys or code and comparing, by vPDQ, by code alone.
const WAYS: usize = 5;

/// What was counted of the copies of one sort, or of other content.
#[derive(Default)]
struct Rate {
    count: u32,
    hits: [u32; WAYS],
    /// Distances of the codes.
    distances: Vec<u32>,
}

fn read(path: &str) -> Option<Clip> {
    let mut decoder = Decoder::open(Path::new(path), &Limits::default(), &Cancel::default()).ok()?;
    let (mut sampler, mut pdq) = (Sampler::default(), PdqSampler::default());
    let mut signatures = SignatureSampler::new(decoder.info());
    while let Ok(Some(picture)) = decoder.next_picture() {
        signatures.push(&picture);
        sampler.push(picture.luma(), picture.time());
        pdq.push(picture.luma(), picture.time());
    }
    let code = signatures.finish().ok().and_then(|signatures| VideoCode::of(&signatures));
    Some(Clip { samples: sampler.finish()?, pdq: pdq.finish(), code })
}

/// In which ways a clip is taken for the registered one, and how far apart the codes are.
fn known(clip: &Clip, registered: &Registered) -> ([bool; WAYS], Option<u32>) {
    let found = compare(&clip.samples, &registered.fingerprint, &View::orientations());
    let near = found.distance <= NEAR && found.cells >= CELLS;
    let probes = Probes::of(&clip.samples);
    let led = [&probes.upright, &probes.turned]
        .into_iter()
        .flatten()
        .any(|key| registered.keys.binary_search(key).is_ok());
    let share = pdq_share(&clip.pdq, &registered.pdq).unwrap_or(0.0);
    let codes = clip.code.zip(registered.code);
    let distance = codes.map(|(one, other)| one.distance(&other));
    let like = distance.is_some_and(|distance| distance <= VIDEO_CODE_NEAR);
    // As a registry looks codes up: by parts of 32 bits, of which one may be turned.
    let shared = codes.is_some_and(|(one, other)| {
        let (one, other) = (one.body(), other.body());
        let parts = one.as_chunks::<4>().0.iter().zip(other.as_chunks::<4>().0);
        parts.into_iter().any(|(a, b)| (u32::from_be_bytes(*a) ^ u32::from_be_bytes(*b)).count_ones() <= 1)
    });
    ([near, near && led, near && (led || like && shared), share >= SHARE, like], distance)
}

fn main() {
    let list = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let mut originals: BTreeMap<&str, Registered> = BTreeMap::new();
    let mut rates: BTreeMap<&str, Rate> = BTreeMap::new();
    let mut others = Rate::default();
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    for line in &lines {
        if !originals.contains_key(line[0])
            && let Some(clip) = read(line[0])
        {
            let fingerprint = Fingerprint::of(&clip.samples);
            let keys = fingerprint.keys();
            originals.insert(line[0], Registered { fingerprint, keys, pdq: clip.pdq, code: clip.code });
        }
    }
    for line in &lines {
        let (Some(clip), true) = (read(line[2]), originals.contains_key(line[0])) else {
            eprintln!("{} can't be read", line[2]);
            continue;
        };
        for (name, registered) in &originals {
            let (known, distance) = known(&clip, registered);
            let rate = if *name == line[0] { rates.entry(line[1]).or_default() } else { &mut others };
            rate.count += 1;
            rate.hits.iter_mut().zip(known).for_each(|(hits, known)| *hits += u32::from(known));
            rate.distances.extend(distance);
        }
    }
    println!(
        "| copy | clips | filigrane, each compared | through its keys | through keys or ISCC | vPDQ | ISCC alone | its bits off: least, median, most |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (attack, rate) in &mut rates {
        let shares =
            rate.hits.map(|hits| format!("{:.0} %", 100.0 * f64::from(hits) / f64::from(rate.count)));
        println!("| {attack} | {} | {} | {} |", rate.count, shares.join(" | "), spread(&mut rate.distances));
    }
    // Counts, since rates this low say nothing.
    let hits = others.hits.map(|hits| hits.to_string());
    println!(
        "| *other content* | {} | {} | {} |",
        others.count,
        hits.join(" | "),
        spread(&mut others.distances)
    );
}

fn spread(distances: &mut [u32]) -> String {
    distances.sort_unstable();
    match distances {
        [] => "–".to_owned(),
        [least, .., most] => {
            let (least, most) = (*least, *most);
            format!("{least}, {}, {most}", distances[distances.len() / 2])
        }
        [only] => only.to_string(),
    }
}
