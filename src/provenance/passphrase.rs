use std::fmt;

use zeroize::Zeroizing;

/// A passphrase; never shown by `Debug`, wiped from memory when dropped.
///
/// An empty one is allowed: the key is then protected by its file mode alone.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_show_the_text() {
        assert!(!format!("{:?}", Passphrase::new("correct horse".into())).contains("horse"));
    }
}
