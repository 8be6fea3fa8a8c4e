/// What a file looks like when it is not a video, from its first bytes: (words, whether it is well-formed so far).
pub(crate) fn look(head: &[u8]) -> Option<&'static str> {
    let brand = head.get(4..8).filter(|kind| *kind == b"ftyp").and_then(|_| head.get(8..12));
    let still = |name: &'static [u8]| head.starts_with(name);
    let within = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    let text = head.trim_ascii_start();
    if let Some(brand) = brand {
        return match brand {
            b"avif" => Some("a still image (AVIF)"),
            b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" => Some("a still image (HEIF)"),
            _ => None,
        };
    }
    if still(b"\x89PNG") && !within(b"acTL") {
        Some("a still image (PNG)")
    } else if still(b"\xff\xd8\xff") {
        Some("a still image (JPEG)")
    } else if still(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some("an image (WebP)")
    } else if still(b"RIFF") && head.get(8..12) == Some(b"WAVE") {
        Some("a sound file (WAV)")
    } else if still(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        Some("a still image (BMP)")
    } else if still(b"II*\0") || still(b"MM\0*") {
        Some("a still image (TIFF)")
    } else if still(b"fLaC") {
        Some("a sound file (FLAC)")
    } else if still(b"ID3") {
        Some("a sound file (MP3)")
    } else if text.starts_with(b"#EXTM3U") {
        Some("a play list (HLS), which names other files")
    } else if text.starts_with(b"ffconcat") {
        Some("a play list (ffconcat), which names other files")
    } else if text.starts_with(b"<") && within(b"<MPD") {
        Some("a play list (DASH), which names other files")
    } else if still(b"%PDF") {
        Some("a PDF document")
    } else if still(b"PK\x03\x04") {
        Some("a ZIP archive")
    } else {
        None
    }
}

/// Whether a Matroska header says "webm".
pub(crate) fn is_webm(head: &[u8]) -> bool {
    // EBML element DocType (0x4282), length 4.
    head.windows(7).take(256).any(|window| window == b"\x42\x82\x84webm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn still_images_sounds_and_play_lists_are_told_apart_from_videos() {
        assert_eq!(look(b"\x89PNG\r\n\x1a\n"), Some("a still image (PNG)"));
        assert_eq!(look(b"\x89PNG\r\n\x1a\n....acTL"), None);
        assert_eq!(look(b"\0\0\0\x20ftypavif"), Some("a still image (AVIF)"));
        assert_eq!(look(b"\0\0\0\x20ftypisom"), None);
        assert!(look(b"  #EXTM3U\n").is_some_and(|words| words.contains("HLS")));
        assert_eq!(look(b""), None);
    }
}
