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

    /// What another room composed in English out of the sentences and words that stand in `texts/clues.rs`; anything else as it
    /// is.
    pub fn told(self, english: &str) -> String {
        let parts =
            |text: &str| FRENCH.get(text).map_or_else(|| text.to_owned(), |french| (*french).to_owned());
        if self == Self::English {
            return english.to_owned();
        }
        let sentence = texts::clues::SENTENCES
            .iter()
            .find_map(|(pattern, _)| Some((*pattern, places(pattern, english)?)));
        match sentence {
            Some((pattern, values)) => {
                let values: Vec<String> = values.into_iter().map(parts).collect();
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                self.fill(pattern, &values)
            }
            None => parts(english),
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

/// Every text for people with its French translation; `{}` stands for a value.
pub fn translations() -> impl Iterator<Item = (&'static str, &'static str)> {
    texts::ALL.iter().flat_map(|part| part.iter().copied())
}

/// What stands in the places `{}` of the pattern in a text; none for a text of another pattern.
pub(crate) fn places<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut found = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() {
            rest.len()
                .checked_sub(part.len())
                .filter(|&end| rest.ends_with(part) && rest.is_char_boundary(end))?
        } else {
            rest.find(part)?
        };
        found.push(rest.get(..end)?);
        rest = rest.get(end + part.len()..)?;
    }
    rest.is_empty().then_some(found)
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

    #[test]
    fn what_the_detector_composes_is_translated_with_its_words_and_numbers() {
        let french = |text: &str| Language::French.told(text);
        assert_eq!(
            french("Noise in flat places is weaker than cameras usually leave it."),
            "Le bruit aux endroits lisses est plus faible que ce que les caméras laissent d'ordinaire."
        );
        assert_eq!(
            french("The clip has 6 pictures of one size; 8 are needed."),
            "Le clip a 6 images d'une même taille\u{a0}; il en faut 8."
        );
        assert_eq!(french("Something else is so."), "Something else is so.");
        assert_eq!(Language::English.told("weaker"), "weaker");
    }
}
