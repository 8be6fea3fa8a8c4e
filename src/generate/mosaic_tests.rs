use super::{Mosaic, tiles};

#[test]
fn tiles_cover_an_axis_overlap_and_end_with_it() {
    for length in 1..200 {
        for tile in [1, 2, 5, 16, 40, 300] {
            let tiles = tiles(length, tile);
            assert_eq!(tiles[0].start, 0);
            assert_eq!(tiles[tiles.len() - 1].end, length);
            assert!(tiles.iter().all(|range| range.len() == tile.min(length)));
            assert!(
                tiles.windows(2).all(|pair| pair[1].start > pair[0].start && pair[1].start <= pair[0].end)
            );
        }
    }
}

#[test]
fn tiles_cut_from_a_picture_give_the_picture_back() {
    let (pictures, rows, columns) = (2, 50, 37);
    let sample =
        |plane: usize, row: usize, column: usize| (plane * 7 + row * 3 + column) as f32 / 300.0 - 0.5;
    let mut mosaic = Mosaic::new(pictures, rows, columns);
    for down in tiles(rows, 16) {
        for across in tiles(columns, 16) {
            let mut tile = Vec::new();
            for plane in 0..3 * pictures {
                for row in down.clone() {
                    tile.extend(across.clone().map(|column| sample(plane, row, column)));
                }
            }
            mosaic.add(&tile, &down, &across);
        }
    }
    let whole = mosaic.finish();
    assert_eq!(whole.len(), 3 * pictures * rows * columns);
    for (index, found) in whole.iter().enumerate() {
        let (plane, rest) = (index / (rows * columns), index % (rows * columns));
        let expected = sample(plane, rest / columns, rest % columns);
        assert!((found - expected).abs() < 1e-5, "{index}: {found} {expected}");
    }
}
