//! How long a look-up by likeness takes as a registry grows: fills a registry in a folder with made-up records, in steps,
//! and measures after each; a folder filled earlier is taken up where it stands. `growth FOLDER PLOT.svg 100000 1000000 10000000`; prints a table in Markdown.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement that cannot be made ends there"
)]

use std::path::Path;
use std::time::Instant;

use filigrane_registry::{Code, Entry, Published, Registry};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

/// Keys of one record: four pictures with eight bands, a clip of two seconds; at most it is twice that.
const BANDS: u64 = 8;
const PICTURES: u64 = 4;
/// Keys asked for a clip as it is and mirrored, and in the six other orientations.
const ASKED: [usize; 2] = [768, 576];
/// Look-ups measured of each sort.
const ROUNDS: usize = 200;

struct Dice(u64);

impl Dice {
    /// SplitMix64.
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn code(&mut self) -> Code {
        std::array::from_fn(|_| (self.roll() >> 56) as u8)
    }

    fn keys(&mut self, count: usize) -> Vec<u64> {
        (0..count as u64).map(|index| ((index % BANDS) << 32) | (self.roll() >> 32)).collect()
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let folder = Path::new(&folder);
    let plot = arguments.next().unwrap();
    let mut points = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    println!(
        "| clips | keys | database, MB | found: median, ms | 99 % | not found: median, ms | 99 % | processor, ms | by code: median, ms | 99 % | publish: median, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for size in arguments.map(|size| size.parse::<u64>().unwrap()) {
        let held = Registry::open(folder).unwrap().count().unwrap();
        let start = Instant::now();
        if held < size {
            runtime.block_on(fill(&folder.join("registry.sqlite"), held, size));
        }
        eprintln!("{size}: filled in {:.0} s", start.elapsed().as_secs_f64());
        // Other names each time, also in a folder that was measured before.
        points.push((size, measure(folder, size, &mut Dice(held << 8))));
        std::fs::write(&plot, svg(&points)).unwrap();
    }
}

/// Adds made-up records up to `size`, whose keys are even over their range.
async fn fill(database: &Path, held: u64, size: u64) {
    let options = SqliteConnectOptions::new().filename(database).disable_statement_logging();
    let mut connection = options.connect().await.unwrap();
    run(&mut connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000")
        .await;
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        held + 1,
        size
    );
    run(
        &mut connection,
        &format!(
            "INSERT INTO manifests (sequence, urn, payload, fingerprint, width, height, duration, title,
                registered_at, lookup_keys, code)
            {numbers} SELECT i, printf('urn:c2pa:%08x-0000-4000-8000-000000000000', i), i << 32, x'', 1, 1, 1, '',
                '2026-11-23T00:00:00Z', x'', randomblob(32) FROM n"
        ),
    )
    .await;
    for band in 0..BANDS {
        let pictures: Vec<String> = (0..PICTURES)
            .map(|_| format!("SELECT ({band} << 32) | (random() & 4294967295) AS key, i FROM n"))
            .collect();
        let insert = format!(
            "INSERT OR IGNORE INTO keys {numbers} SELECT * FROM ({}) ORDER BY 1",
            pictures.join(" UNION ALL ")
        );
        run(&mut connection, &insert).await;
    }
    for part in 0..8 {
        let random = format!("SELECT ({part} << 32) | (random() & 4294967295) AS part, i FROM n");
        let insert = format!("INSERT OR IGNORE INTO codes {numbers} SELECT * FROM ({random}) ORDER BY 1");
        run(&mut connection, &insert).await;
    }
}

async fn run(connection: &mut SqliteConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}

/// Prints a row of the table; gives the medians for clips that are found and not found, milliseconds.
fn measure(folder: &Path, size: u64, dice: &mut Dice) -> [f64; 2] {
    let registry = Registry::open(folder).unwrap();
    let mut publish = Vec::new();
    let entries: Vec<Entry> = (0..ROUNDS)
        .map(|_| {
            let name =
                format!("urn:c2pa:{:08x}-0000-4000-9000-{:012x}", dice.roll() >> 32, dice.roll() >> 16);
            let entry = Entry {
                urn: name.parse().unwrap(),
                manifest: None,
                // Twenty pictures' worth.
                fingerprint: vec![1; 20 + 20 * 260],
                code: Some(dice.code()),
                keys: dice.keys((BANDS * PICTURES) as usize),
                width: 1920,
                height: 1080,
                duration: 10.0,
                title: String::new(),
                issuer: None,
            };
            let start = Instant::now();
            assert_eq!(registry.publish(&entry).unwrap(), Published::New);
            publish.push(start.elapsed().as_secs_f64() * 1000.0);
            entry
        })
        .collect();
    let [mut found, mut missed, mut near] = [Vec::new(), Vec::new(), Vec::new()];
    let mut spent = 0.0;
    for entry in &entries {
        // A copy of which two keys came through.
        let mut keys = dice.keys(ASKED[0]);
        keys.extend(&entry.keys[3..5]);
        keys.sort_unstable();
        let start = Instant::now();
        let candidates = registry.like(&keys, 24).unwrap();
        found.push(start.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(candidates[0].urn, entry.urn);
        let keys = ASKED.map(|count| {
            let mut keys = dice.keys(count);
            keys.sort_unstable();
            keys
        });
        let (start, before) = (Instant::now(), processor());
        keys.iter()
            .for_each(|keys| assert!(registry.like(keys, 24).unwrap().iter().all(|found| found.hits < 4)));
        missed.push(start.elapsed().as_secs_f64() * 1000.0);
        spent += processor() - before;
        // The code of a copy in which every 32nd bit is another, and one that nobody has.
        let mut copy = entry.code.unwrap();
        copy.iter_mut().step_by(4).for_each(|byte| *byte ^= 8);
        let start = Instant::now();
        let neighbours = registry.near(&copy, 256, 40, 24).unwrap();
        near.push(start.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(neighbours[0].urn, entry.urn);
        let strange = dice.code();
        let start = Instant::now();
        assert!(registry.near(&strange, 256, 40, 24).unwrap().is_empty());
        near.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    let bytes = std::fs::metadata(folder.join("registry.sqlite")).unwrap().len();
    for times in [&mut publish, &mut found, &mut missed, &mut near] {
        times.sort_by(f64::total_cmp);
    }
    let of = |times: &[f64], share: f64| times[(times.len() as f64 * share) as usize];
    println!(
        "| {size} | {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
        size * BANDS * PICTURES,
        bytes / 1_000_000,
        of(&found, 0.5),
        of(&found, 0.99),
        of(&missed, 0.5),
        of(&missed, 0.99),
        spent / ROUNDS as f64,
        of(&near, 0.5),
        of(&near, 0.99),
        of(&publish, 0.5),
    );
    [of(&found, 0.5), of(&missed, 0.5)]
}

/// Time that all threads of this process have had of a processor, milliseconds: what a busy machine does not add to.
fn processor() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let times = threads.map(|thread| {
        let text = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        text.split_whitespace().next().unwrap().parse::<f64>().unwrap()
    });
    times.sum::<f64>() / 1e6
}

/// Both medians over the number of clips, on logarithmic axes: 10 thousand to 10 million, 0.1 to 100 ms.
fn svg(points: &[(u64, [f64; 2])]) -> String {
    let place = |size: u64, time: f64| {
        let x = 60.0 + ((size as f64).log10() - 4.0) / 3.0 * 400.0;
        (x, 260.0 - (time.log10() + 1.0) / 3.0 * 240.0)
    };
    let line = |which: usize, colour: &str| {
        let spots: Vec<String> = points
            .iter()
            .map(|(size, times)| place(*size, times[which]))
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        format!(r#"<polyline fill="none" stroke="{colour}" stroke-width="2" points="{}"/>"#, spots.join(" "))
    };
    let across = (4..=7).map(|power| {
        let (x, _) = place(10_u64.pow(power), 1.0);
        format!(r##"<path d="M{x} 20V260" stroke="#ddd"/><text x="{x}" y="278" text-anchor="middle">10^{power}</text>"##)
    });
    let up = [0.1, 1.0, 10.0, 100.0].map(|time| {
        let (_, y) = place(10_000, time);
        let text = y + 4.0;
        format!(r##"<path d="M60 {y}H460" stroke="#ddd"/><text x="52" y="{text}" text-anchor="end">{time}</text>"##)
    });
    let grid: Vec<String> = across.chain(up).collect();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 310" font-family="sans-serif" font-size="12">
<rect width="480" height="310" fill="#fff"/>{}
{}
{}
<text x="260" y="300" text-anchor="middle">registered clips; median of a look-up, ms: found (blue), not found (orange)</text>
</svg>
"##,
        grid.join(""),
        line(0, "#0072b2"),
        line(1, "#d55e00"),
    )
}
