use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands before the signature at the end of a sealed report.
const BEFORE: &str = "<!-- filigrane report signature, over all bytes before this line: ";
const AFTER: &str = " -->\n";
/// Longest signature read, bytes of base64.
const LONGEST: usize = 128 << 10;

/// A report page with a signature over it as its last line, where it does not show (SPEC.md, section 13).
pub fn sealed(page: String, signature: &[u8]) -> String {
    format!("{page}{BEFORE}{}{AFTER}", STANDARD.encode(signature))
}

/// The bytes of a sealed report that were signed, and the signature; none for anything that is no sealed report, whole to
/// its last byte.
pub fn unsealed(bytes: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let rest = bytes.strip_suffix(AFTER.as_bytes())?;
    let window = rest.get(rest.len().saturating_sub(LONGEST + BEFORE.len())..)?;
    let found = window.windows(BEFORE.len()).rposition(|part| part == BEFORE.as_bytes())?;
    let (before, signature) = window.split_at_checked(found)?;
    let signature = STANDARD.decode(signature.get(BEFORE.len()..)?).ok()?;
    let signed = bytes.get(..rest.len() - window.len() + before.len())?;
    Some((signed, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_apart_again_and_nothing_else_does() {
        let page = "<!doctype html>\n<p>é</p></html>\n".to_owned();
        let whole = sealed(page.clone(), b"signature");
        assert_eq!(unsealed(whole.as_bytes()), Some((page.as_bytes(), b"signature".to_vec())));
        for wrong in [
            page.as_str(),
            "",
            " -->\n",
            BEFORE,
            &format!("{whole} "),
            &whole[..whole.len() - 1],
            &format!("{page}{BEFORE}no base64!{AFTER}"),
        ] {
            assert_eq!(unsealed(wrong.as_bytes()), None, "{wrong}");
        }
        let twice = sealed(whole.clone(), b"other");
        assert_eq!(unsealed(twice.as_bytes()), Some((whole.as_bytes(), b"other".to_vec())));
    }
}
