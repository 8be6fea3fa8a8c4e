/// Largest picture shown, bytes.
const LARGEST: usize = 512 << 10;
/// Longest side of a picture shown, samples: what a browser unpacks is bounded by it.
const LONGEST: u32 = 2048;

/// The picture that a registered manifest holds of its content. Whoever signed that chose it: it is a JPEG or PNG file of a
/// bounded size by what it says of itself, and anything may be seen on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Jpeg,
    Png,
}

impl Original {
    /// Takes bytes of whatever kind; none when they are no such picture.
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let (kind, width, height) = match jpeg_size(&bytes) {
            Some((width, height)) => (Kind::Jpeg, width, height),
            None => png_size(&bytes).map(|(width, height)| (Kind::Png, width, height))?,
        };
        let fits = |side: u32| (1..=LONGEST).contains(&side);
        (bytes.len() <= LARGEST && fits(width) && fits(height)).then_some(Self { kind, bytes })
    }

    /// `image/jpeg` or `image/png`.
    pub fn media_type(&self) -> &'static str {
        match self.kind {
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
        }
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Width and height of a JPEG file by the header of its frame (ITU-T T.81, B.2.2); none where that does not come first, but for
/// tables and comments.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        match marker {
            // Baseline, extended and progressive frames; arithmetic and lossless ones no browser shows.
            0xc0..=0xc2 => {
                let [_, height_high, height_low, width_high, width_low, ..] = *segment else { return None };
                let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
                return Some((side(width_high, width_low), side(height_high, height_low)));
            }
            0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xfe => rest = rest.get(2 + length..)?,
            _ => return None,
        }
    }
}

/// Width and height of a PNG file by its first chunk.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let side = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    Some((side(0)?, side(4)?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The header of a JPEG file of that size, and what ends one.
    pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let ([a, b], [c, d]) = (height.to_be_bytes(), width.to_be_bytes());
        let frame = [0xff, 0xc0, 0, 11, 8, a, b, c, d, 1, 1, 0x11, 0];
        [&[0xff, 0xd8, 0xff, 0xe0, 0, 4, b'J', b'F'][..], &frame, &[0xff, 0xd9]].concat()
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        [&head[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat()
    }

    #[test]
    fn pictures_of_two_kinds_and_a_bounded_size_are_taken() {
        assert_eq!(Original::of(jpeg(320, 180)).unwrap().media_type(), "image/jpeg");
        assert_eq!(Original::of(png(320, 180)).unwrap().media_type(), "image/png");
        for (width, height) in [(0, 180), (320, 0), (2049, 10), (10, 65535)] {
            assert_eq!(Original::of(jpeg(width, height)), None, "{width}x{height}");
            assert_eq!(Original::of(png(width.into(), height.into())), None, "{width}x{height}");
        }
        let mut large = jpeg(320, 180);
        large.resize(LARGEST + 1, 0);
        assert_eq!(Original::of(large), None);
    }

    #[test]
    fn what_is_no_picture_or_breaks_off_is_not_taken() {
        for no in [&b""[..], b"<svg onload=alert(1)>", b"GIF89a", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\0\0"] {
            assert_eq!(Original::of(no.to_vec()), None, "{no:?}");
        }
        for whole in [jpeg(320, 180), png(320, 180)] {
            // The last two bytes are behind the header; the size stands in what comes before.
            for end in 0..16 {
                assert_eq!(Original::of(whole[..end].to_vec()), None, "{end}");
            }
        }
    }
}
