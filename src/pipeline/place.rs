use filigrane_fingerprint::View;
use filigrane_verdict::Geometry as Stated;
use filigrane_watermark::{Geometry, tile_side};

/// Most placements of a crop that are weighed.
const MOST: i64 = 24;

/// Where a watermarked picture may lie in the original: the mark tells scale, turn and mirroring, and the place up to
/// whole tiles.
pub(crate) fn views(geometry: &Geometry, picture: (usize, usize), original: (u32, u32)) -> Vec<View> {
    let side = tile_side(original.0 as usize, original.1 as usize) as f64;
    let (width, height) = (f64::from(original.0), f64::from(original.1));
    let at = |x: f64, y: f64| {
        let (u, v) = geometry.tile_coordinates(x * picture.0 as f64 - 0.5, y * picture.1 as f64 - 0.5);
        ((u * side + 0.5) / width, (v * side + 0.5) / height)
    };
    let (origin, right, down) = (at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0));
    let centre = at(0.5, 0.5);
    let mut views = Vec::new();
    let (across, along) = (side / width, side / height);
    // Whole tiles to add so that the picture's centre falls into the original.
    let range = |centre: f64, step: f64| {
        let first = (-centre / step).ceil();
        let last = ((1.0 - centre) / step).floor();
        (first.is_finite() && last.is_finite()).then(|| first as i64..=(last as i64).min(first as i64 + MOST))
    };
    let (Some(columns), Some(rows)) = (range(centre.0, across), range(centre.1, along)) else { return views };
    for row in rows {
        for column in columns.clone() {
            let (x, y) = (origin.0 + column as f64 * across, origin.1 + row as f64 * along);
            views.push(View {
                matrix: [right.0 - origin.0, down.0 - origin.0, x, right.1 - origin.1, down.1 - origin.1, y],
            });
        }
    }
    views
}

/// The geometry as reported. Without the original's size, scale is relative to a mark made for this picture's size,
/// and the shift is known up to whole tiles.
pub(crate) fn stated(
    geometry: &Geometry,
    picture: (usize, usize),
    original: Option<(u32, u32)>,
    view: Option<View>,
) -> Stated {
    let (width, height) = original.map_or(picture, |(width, height)| (width as usize, height as usize));
    let side = tile_side(width, height) as f64;
    let (x, y) = geometry.tile();
    let rotation = (geometry.dihedral.rotation() + geometry.skew()).rem_euclid(360.0);
    let (shift_x, shift_y) = match (view, original) {
        (Some(view), Some((width, height))) => {
            (view.matrix[2] * f64::from(width), view.matrix[5] * f64::from(height))
        }
        _ => {
            let (u, v) = geometry.tile_coordinates(0.0, 0.0);
            (u.rem_euclid(1.0) * side, v.rem_euclid(1.0) * side)
        }
    };
    Stated {
        scale_x: x / side,
        scale_y: y / side,
        rotation: if rotation > 359.95 { 0.0 } else { rotation },
        shift_x,
        shift_y,
        mirrored: geometry.dihedral.mirrored(),
    }
}
