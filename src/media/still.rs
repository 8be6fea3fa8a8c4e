use std::io::BufReader;
use std::path::Path;

use filigrane_frame::Limits;
use image::{DynamicImage, ImageDecoder, ImageReader, imageops};

use crate::{Error, RgbImage};

/// Memory that decoding may take for each sample of the largest picture, bytes.
const BYTES_A_SAMPLE: u64 = 16;

/// A still image (PNG or JPEG) upright, cut around its middle to the shape of `width` x `height` and scaled to it.
/// Transparent parts are shown on black.
///
/// # Errors
/// [`Error::Io`] when it can't be read, [`Error::Unsupported`] for other formats, [`Error::Limit`] for one larger than
/// `limits` allow, [`Error::Malformed`] for a damaged one.
pub fn still(path: &Path, width: u32, height: u32, limits: &Limits) -> Result<RgbImage, Error> {
    if !path.metadata().map_err(Error::read)?.is_file() {
        return Err(Error::Unsupported("an image must be a regular file".to_owned()));
    }
    let file = std::fs::File::open(path).map_err(Error::read)?;
    let mut reader = ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(Error::read)?;
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.pixels.saturating_mul(BYTES_A_SAMPLE));
    reader.limits(bounds);
    if reader.format().is_none() {
        return Err(Error::Unsupported("not an image: PNG and JPEG are read".to_owned()));
    }
    let mut decoder = reader.into_decoder().map_err(refusal)?;
    let (across, down) = decoder.dimensions();
    if u64::from(across) * u64::from(down) > limits.pixels {
        return Err(Error::Limit(format!(
            "an image of {across}x{down} is over the limit of {} samples",
            limits.pixels
        )));
    }
    let turn = decoder.orientation().map_err(refusal)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(refusal)?;
    image.apply_orientation(turn);
    let scaled = image.resize_to_fill(width, height, imageops::FilterType::CatmullRom);
    let mut shown = DynamicImage::from(scaled.to_rgba8()).to_rgba8();
    for pixel in shown.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let over = |value: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
        pixel.0 = [over(red), over(green), over(blue), 255];
    }
    RgbImage::new(width, height, DynamicImage::from(shown).to_rgb8().into_raw())
}

fn refusal(error: image::ImageError) -> Error {
    match error {
        image::ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::read(error)
        }
        image::ImageError::Limits(_) => {
            Error::Limit("the image asks for more memory than the limit".to_owned())
        }
        image::ImageError::Unsupported(_) => {
            Error::Unsupported("an image of a kind that is not read: PNG and JPEG are".to_owned())
        }
        other => {
            let words: String = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            Error::Malformed(format!("a damaged image: {}", words.chars().take(200).collect::<String>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, width: u32, height: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join(name);
        // Left half black, right half white.
        let half = |x: u32| if x < width / 2 { [0, 0, 0] } else { [255, 255, 255] };
        image::RgbImage::from_fn(width, height, |x, _| image::Rgb(half(x))).save(&path).expect("saved");
        (folder, path)
    }

    #[test]
    fn an_image_is_cut_to_the_shape_of_the_clip_and_keeps_its_middle() {
        for name in ["a.png", "a.jpg"] {
            let (_folder, path) = made(name, 80, 40);
            let still = still(&path, 20, 20, &Limits::default()).expect("an image");
            assert_eq!((still.width, still.height), (20, 20));
            let row: Vec<u8> =
                still.data.chunks(60).nth(10).expect("a row").iter().step_by(3).copied().collect();
            assert!(
                row[..8].iter().all(|value| *value < 20) && row[12..].iter().all(|value| *value > 235),
                "{row:?}"
            );
        }
    }

    #[test]
    fn what_is_no_image_or_too_large_or_damaged_is_refused_in_words() {
        let (folder, path) = made("a.png", 64, 64);
        let few = Limits { pixels: 1000, ..Limits::default() };
        let refused =
            |path: &Path, limits: &Limits| still(path, 8, 8, limits).expect_err("refused").to_string();
        assert!(refused(&path, &few).contains("64x64 is over the limit"));
        let whole = std::fs::read(&path).expect("bytes");
        let other = folder.path().join("b.png");
        std::fs::write(&other, &whole[..whole.len() / 2]).expect("written");
        assert!(refused(&other, &Limits::default()).contains("damaged"));
        std::fs::write(&other, b"words").expect("written");
        assert!(refused(&other, &Limits::default()).contains("PNG and JPEG"));
        assert!(refused(folder.path(), &Limits::default()).contains("regular file"));
        assert!(refused(&folder.path().join("gone.png"), &Limits::default()).contains("No such file"));
    }
}
