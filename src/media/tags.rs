/// Tags that describe the old coding (Matroska's statistics among them).
pub(crate) const STALE_STREAM_TAGS: [&str; 7] =
    ["encoder", "vendor_id", "duration", "bps", "number_of_frames", "number_of_bytes", "_statistics"];
/// Tags that describe the old container.
pub(crate) const STALE_FILE_TAGS: [&str; 4] =
    ["encoder", "major_brand", "minor_version", "compatible_brands"];

pub(crate) fn kept<'a>(tags: &'a [(String, String)], stale: &[&str]) -> Vec<(&'a str, &'a str)> {
    let is_stale = |key: &str| {
        let key = key.to_ascii_lowercase();
        // Matroska appends a language: "BPS-eng".
        stale.iter().any(|stale| {
            key == *stale || key.starts_with(&format!("{stale}-")) || key.starts_with("_statistics")
        })
    };
    tags.iter().filter(|(key, _)| !is_stale(key)).map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
