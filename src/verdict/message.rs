use crate::Language;
use crate::language::places;
use crate::texts::messages::PAIRS;

/// How often a message may stand within another.
const DEEPEST: usize = 3;

impl Language {
    /// A message of an error in this language, whoever composed it in English. What is known in English alone, such as the words
    /// of a library, is quoted as such.
    pub fn message(self, english: &str) -> String {
        if self == Self::English {
            return english.to_owned();
        }
        let quoted = || self.fill("in the program's own words, in English: “{}”", &[english]);
        self.known_message(english, DEEPEST).unwrap_or_else(quoted)
    }

    fn known_message(self, english: &str, deepest: usize) -> Option<String> {
        let fitting = |pattern: &'static str| Some((pattern, places(pattern, english)?));
        let (pattern, values) = PAIRS.iter().find_map(|(pattern, _)| fitting(pattern))?;
        let within = |value: &str| match deepest.checked_sub(1) {
            Some(deepest) => self.known_message(value, deepest),
            None => None,
        };
        let values: Vec<String> =
            values.into_iter().map(|value| within(value).unwrap_or_else(|| value.to_owned())).collect();
        Some(self.fill(pattern, &values.iter().map(String::as_str).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_in_french_with_what_stands_in_them() {
        let french = |text: &str| Language::French.message(text);
        assert_eq!(french("the key lacks the scope stamp"), "il manque à la clé le droit stamp");
        assert_eq!(french("no video stream"), "aucun flux vidéo");
        assert_eq!(
            french("registry: cannot read: gone (os error 2)"),
            "registre\u{a0}: lecture impossible\u{a0}: «\u{a0}gone (os error 2)\u{a0}»"
        );
        assert_eq!(
            french("reading it was stopped: no answer within 60 s"),
            "la lecture a été arrêtée\u{a0}: pas de réponse en 60 s"
        );
        assert_eq!(
            french("bits and bobs"),
            "dans les mots du programme, en anglais\u{a0}: «\u{a0}bits and bobs\u{a0}»"
        );
        assert_eq!(Language::English.message("bits and bobs"), "bits and bobs");
    }

    #[test]
    fn a_message_of_an_attackers_making_costs_little() {
        let long = "registry: ".repeat(100_000);
        assert!(Language::French.message(&long).len() < 2 * long.len());
    }

    #[test]
    fn each_message_is_found_by_its_own_pattern_and_not_by_one_before_it() {
        for (pattern, french) in PAIRS {
            let english = pattern.replace("{}", "7");
            assert_eq!(Language::French.message(&english), french.replace("{}", "7"), "{pattern}");
        }
    }
}
