use filigrane_frame::Plane;
use filigrane_signal::box_mean;

use crate::view::View;

/// Cells of the original along each axis.
pub(crate) const CELLS: usize = 32;
/// Words of 64 bits in a bit per cell.
pub(crate) const WORDS: usize = CELLS * CELLS / 64;
/// Half side of the neighbourhood a cell is compared with, cells.
const REACH: usize = 2;
/// Share of the neighbourhood that must be in view.
const IN_VIEW: usize = 15;

/// For each cell of the original: is it brighter than its neighbourhood, and is that beyond doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits {
    pub brighter: [u64; WORDS],
    pub sure: [u64; WORDS],
}

/// Hashes what a picture shows of the original's cells, seen through `view`; cells out of view are not sure.
pub(crate) fn bits(picture: &Plane<f32>, view: View) -> Bits {
    let mut bits = Bits { brighter: [0; WORDS], sure: [0; WORDS] };
    let Some(inverse) = view.inverse() else { return bits };
    let (width, height) = (picture.width() as f64, picture.height() as f64);
    // A cell's extent in the picture, along the picture's axes.
    let [a, b, _, d, e, _] = inverse.matrix;
    let extent = ((a.hypot(b) * width).min(d.hypot(e) * height) / CELLS as f64).max(1.0);
    let radius = ((extent - 1.0) / 2.0).round() as usize;
    let (mut scratch, mut mean) = (picture.clone(), picture.clone());
    box_mean(picture, radius, &mut scratch, &mut mean);
    let values: Vec<Option<f32>> = (0..CELLS * CELLS)
        .map(|cell| {
            let centre = |index: usize| (index as f64 + 0.5) / CELLS as f64;
            let (x, y) = inverse.apply(centre(cell % CELLS), centre(cell / CELLS));
            sample(&mean, x * width - 0.5, y * height - 0.5)
        })
        .collect();
    let mut contrasts = [None::<f32>; CELLS * CELLS];
    for (cell, contrast) in contrasts.iter_mut().enumerate() {
        let (x, y) = (cell % CELLS, cell / CELLS);
        let Some(value) = values[cell] else { continue };
        let (mut sum, mut count) = (0.0, 0);
        for row in y.saturating_sub(REACH)..(y + REACH + 1).min(CELLS) {
            for near in values
                [row * CELLS + x.saturating_sub(REACH)..row * CELLS + (x + REACH + 1).min(CELLS)]
                .iter()
                .flatten()
            {
                sum += near;
                count += 1;
            }
        }
        if count >= IN_VIEW {
            *contrast = Some(value - sum / count as f32);
        }
    }
    centre_lines(&mut contrasts, 1, CELLS);
    centre_lines(&mut contrasts, CELLS, 1);
    let seen: Vec<f32> = contrasts.iter().flatten().map(|contrast| contrast.abs()).collect();
    let mean = seen.iter().sum::<f32>() / seen.len().max(1) as f32;
    let doubt = (0.35 * mean).max(0.6);
    for (cell, contrast) in contrasts.iter().enumerate() {
        let Some(contrast) = contrast else { continue };
        let bit = 1 << (cell % 64);
        if *contrast > 0.0 {
            bits.brighter[cell / 64] |= bit;
        }
        if contrast.abs() > doubt {
            bits.sure[cell / 64] |= bit;
        }
    }
    bits
}

/// The bits of the original, of which a picture with these bits shows the whole in some orientation.
pub(crate) fn turned(seen: &Bits, view: View) -> Bits {
    let mut turned = Bits { brighter: [0; WORDS], sure: [0; WORDS] };
    let Some(inverse) = view.inverse() else { return turned };
    for cell in 0..CELLS * CELLS {
        let centre = |index: usize| (index as f64 + 0.5) / CELLS as f64;
        let (x, y) = inverse.apply(centre(cell % CELLS), centre(cell / CELLS));
        let place = |value: f64| ((value * CELLS as f64) as usize).min(CELLS - 1);
        let from = place(y) * CELLS + place(x);
        let bit = |words: &[u64; WORDS]| (words[from / 64] >> (from % 64) & 1) << (cell % 64);
        turned.brighter[cell / 64] |= bit(&seen.brighter);
        turned.sure[cell / 64] |= bit(&seen.sure);
    }
    turned
}

/// Takes the mean off each row or column: the edges of letterbox bars and horizons, alike in unrelated pictures, go.
fn centre_lines(contrasts: &mut [Option<f32>; CELLS * CELLS], along: usize, across: usize) {
    for line in 0..CELLS {
        let cells = (0..CELLS).map(|index| line * across + index * along);
        let (sum, count) = cells
            .clone()
            .filter_map(|cell| contrasts[cell])
            .fold((0.0, 0), |(sum, count), contrast| (sum + contrast, count + 1));
        for cell in cells {
            if let Some(contrast) = &mut contrasts[cell] {
                *contrast -= sum / count as f32;
            }
        }
    }
}

fn sample(plane: &Plane<f32>, x: f64, y: f64) -> Option<f32> {
    let (right, bottom) = (plane.width() as f64 - 1.0, plane.height() as f64 - 1.0);
    if !(x >= -0.5 && y >= -0.5 && x <= right + 0.5 && y <= bottom + 0.5) {
        return None;
    }
    let (x, y) = (x.clamp(0.0, right), y.clamp(0.0, bottom));
    let (i, j) = (x as usize, y as usize);
    let (a, b) = ((x - i as f64) as f32, (y - j as f64) as f32);
    let (top, low) = (plane.row(j), plane.row((j + 1).min(plane.height() - 1)));
    let next = (i + 1).min(plane.width() - 1);
    let blend = |row: &[f32]| row[i] + (row[next] - row[i]) * a;
    Some(blend(top) + (blend(low) - blend(top)) * b)
}
