use std::collections::HashMap;
use std::sync::LazyLock;

use crate::texts;

/// A language that answers are told in.
///
/// Texts are looked up by their English words. All of them stand in `texts/`, each beside its translation; a further
/// language is a further column there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// The language of the program's own documents.
    #[default]
    English,
    /// French.
    French,
}

static FRENCH: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| texts::ALL.iter().flat_map(|part| part.iter().copied()).collect());

impl Language {
    /// Every language there is.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its tag, as BCP 47 and HTML have it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    /// The language of a tag, whatever region the tag names; none where there are no texts in it.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// A text of this program in this language; one that is not translated as it is.
    pub fn say(self, english: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::French => FRENCH.get(english).copied().unwrap_or(english),
        }
    }

    /// The same with values in the places that `{}` holds, in order.
    pub fn fill(self, english: &'static str, values: &[&str]) -> String {
        let mut parts = self.say(english).split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for part in parts {
            text.push_str(values.next().copied().unwrap_or_default());
            text.push_str(part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_translated_once_and_keeps_its_places_for_values() {
        let mut seen = HashMap::new();
        for (english, french) in texts::ALL.iter().flat_map(|part| part.iter()) {
            assert!(!english.is_empty() && !french.is_empty());
            assert_eq!(seen.insert(english, french), None, "twice: {english}");
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(french), "{english}");
            let edges = |text: &str| (text.starts_with(' '), text.ends_with(' '));
            assert_eq!(edges(english), edges(french), "{english}");
        }
    }

    #[test]
    fn values_come_in_order_and_are_not_looked_at() {
        assert_eq!(Language::English.fill("from {} to {}", &["{}", "b"]), "from {} to b");
        assert_eq!(Language::of("fr-CA"), Some(Language::French));
        assert_eq!(Language::of("f"), None);
    }
}
