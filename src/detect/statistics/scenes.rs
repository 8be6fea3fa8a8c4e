//! Pictures for tests, made from numbers alone.

use filigrane_frame::Plane;

/// A whole number from a seed and a place (splitmix64).
fn hash(seed: u64, index: u64) -> u64 {
    let mut value = (seed << 32 ^ index).wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Normal white noise of that standard deviation.
pub(crate) fn noise(width: usize, height: usize, seed: u64, deviation: f32) -> Plane<f32> {
    Plane::from_fn(width, height, |x, y| {
        let number =
            |part: u64| (hash(seed * 2 + part, (y * width + x) as u64) >> 40) as f32 / (1_u64 << 24) as f32;
        let radius = (-2.0 * (1.0 - number(0)).ln()).sqrt();
        deviation * radius * (std::f32::consts::TAU * number(1)).cos()
    })
}

/// Shades, an edge and a disc.
pub(crate) fn scene(width: usize, height: usize) -> Plane<f32> {
    Plane::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let disc = if (x - 0.6).hypot(y - 0.4) < 0.2 { 60.0 } else { 0.0 };
        (60.0 + 80.0 * x + 30.0 * (6.0 * y).sin() + disc).clamp(0.0, 255.0)
    })
}

/// Twice the size, by the nearest sample or linearly.
pub(crate) fn enlarged(small: &Plane<f32>, bilinear: bool) -> Plane<f32> {
    let (width, height) = (small.width(), small.height());
    let place = |index: usize, length: usize| {
        let other = if index.is_multiple_of(2) {
            (index / 2).saturating_sub(1)
        } else {
            (index / 2 + 1).min(length - 1)
        };
        (index / 2, other)
    };
    Plane::from_fn(2 * width, 2 * height, |x, y| {
        let ((x, beside), (y, below)) = (place(x, width), place(y, height));
        if !bilinear {
            return small.row(y)[x];
        }
        let across = |y: usize| 0.75 * small.row(y)[x] + 0.25 * small.row(y)[beside];
        0.75 * across(y) + 0.25 * across(below)
    })
}

/// Blocks that each have a shade of their own, with a little noise.
pub(crate) fn blocks(width: usize, height: usize, side: usize) -> Plane<f32> {
    let faint = noise(width, height, 77, 0.5);
    Plane::from_fn(width, height, |x, y| {
        let shade = hash(5, (y / side * width + x / side) as u64) % 7;
        120.0 + shade as f32 + faint.row(y)[x]
    })
}
