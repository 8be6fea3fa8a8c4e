//! Prints what a burst of the largest window costs: `cargo run --release -p filigrane-detect --example cost`

use std::time::Instant;

use filigrane_detect::{Burst, crops, statistics};
use filigrane_frame::Plane;

#[allow(clippy::print_stdout)]
fn main() {
    let mut state = 1_u32;
    let pictures = std::array::from_fn(|_| {
        Plane::from_fn(512, 512, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x / 4 + y / 8) as f32 + (state >> 28) as f32
        })
    });
    let Some(burst) = Burst::new(pictures) else { return };
    let mut sum = 0.0;
    for _ in 0..10 {
        let start = Instant::now();
        sum += statistics(&burst).iter().sum::<f32>();
        let between = Instant::now();
        sum += crops(&burst, 0, (0, 0)).iter().map(|crop| f32::from(crop.pictures[0])).sum::<f32>();
        println!("statistics {:.1?}, crops {:.1?}", between - start, between.elapsed());
    }
    println!("{} (so that nothing is left out)", sum);
}
