//! What the mark in the sound adds to the sentence of a verdict, which the picture decides.

use crate::policy::Evidence;
use crate::{WatermarkState, visible};

const NAME_LIMIT: usize = 80;

/// A clause for the end of the sentence; none when the sound says nothing that the picture does not.
pub(crate) fn clause(evidence: Evidence<'_>) -> Option<String> {
    let (picture, sound) = (evidence.watermark, &evidence.watermark.audio);
    if sound.state != WatermarkState::Found {
        return None;
    }
    let t = evidence.language;
    let of_sound = match sound.found_payload() {
        Some(payload) => t.fill("the mark {}", &[&visible(payload, NAME_LIMIT)]),
        None => t.say("a mark whose bits could not be read").to_owned(),
    };
    match (picture.found_payload(), sound.found_payload()) {
        (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => None,
        (Some(one), Some(_)) => Some(t.fill(
            "picture and sound do not belong together: the picture carries the mark {}, the sound {}{}",
            &[&visible(one, NAME_LIMIT), &of_sound, &registered(evidence)],
        )),
        _ if picture.state == WatermarkState::Absent => {
            Some(t.fill("its sound carries {}{}, its picture does not", &[&of_sound, &registered(evidence)]))
        }
        (None, Some(_)) if picture.state == WatermarkState::Found => {
            Some(t.fill("its sound carries {}{}", &[&of_sound, &registered(evidence)]))
        }
        _ => None,
    }
}

/// What the registry says of the sound's mark; that the sound is the registered one was not compared.
fn registered(evidence: Evidence<'_>) -> String {
    let (t, audio) = (evidence.language, &evidence.watermark.audio);
    let Some(name) = &audio.registered else { return String::new() };
    let name = visible(name, NAME_LIMIT);
    if audio.withdrawn {
        t.fill(" (registered as {}, which was withdrawn)", &[&name])
    } else {
        t.fill(" (registered as {})", &[&name])
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        AudioMark, Classifier, Code, Credentials, CredentialsState, RegistryFinding, RegistryState,
        Watermark, WatermarkState, policy,
    };

    fn summary(picture: Option<&str>, sound: AudioMark) -> (Code, String) {
        let state = if picture.is_some() { WatermarkState::Found } else { WatermarkState::Absent };
        let watermark = Watermark {
            state,
            payload: picture.map(str::to_owned),
            log10_p: Some(-20.0),
            audio: sound,
            ..Watermark::default()
        };
        let credentials = Credentials { state: CredentialsState::Absent, ..Credentials::default() };
        let registry = RegistryFinding { state: RegistryState::Unknown, ..RegistryFinding::default() };
        let verdict = policy(&credentials, &watermark, &registry, &Classifier::default());
        (verdict.code, verdict.summary)
    }

    fn mark(payload: &str) -> AudioMark {
        AudioMark {
            state: WatermarkState::Found,
            payload: Some(payload.to_owned()),
            log10_p: Some(-20.0),
            ..AudioMark::default()
        }
    }

    #[test]
    fn sound_with_the_mark_of_the_picture_adds_nothing() {
        let plain = summary(Some("6f1c0a2b11224344"), AudioMark::default());
        assert_eq!(summary(Some("6f1c0a2b11224344"), mark("6F1C0A2B11224344")), plain);
        let absent = AudioMark { state: WatermarkState::Absent, ..AudioMark::default() };
        assert_eq!(summary(Some("6f1c0a2b11224344"), absent), plain);
    }

    #[test]
    fn sound_with_another_mark_does_not_belong_to_the_picture_and_the_code_stays() {
        let (code, words) = summary(Some("6f1c0a2b11224344"), mark("0123456789abcdef"));
        assert_eq!(code, Code::Marked);
        assert!(
            words.ends_with(
                "; picture and sound do not belong together: the picture carries the mark 6f1c0a2b11224344, the sound \
                 the mark 0123456789abcdef."
            ),
            "{words}"
        );
    }

    #[test]
    fn lifted_sound_is_named_with_what_it_is_registered_as_and_the_picture_stays_unknown() {
        let name = "urn:c2pa:01234567-89ab-4def-8555-66778899aabb".to_owned();
        let sound = AudioMark { registered: Some(name.clone()), ..mark("0123456789abcdef") };
        let (code, words) = summary(None, sound.clone());
        assert_eq!(code, Code::Inconclusive);
        let clause = format!(
            "its sound carries the mark 0123456789abcdef (registered as {name}), its picture does not"
        );
        assert!(
            words.contains(&clause) && words.starts_with("No provenance of the picture was found"),
            "{words}"
        );
        let (_, words) = summary(None, AudioMark { withdrawn: true, ..sound });
        assert!(words.contains("which was withdrawn)"), "{words}");
        let unread = AudioMark { payload: None, ..mark("") };
        assert!(
            summary(None, unread).1.contains("a mark whose bits could not be read, its picture does not")
        );
    }
}
