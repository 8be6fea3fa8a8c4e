//! Names and titles come out of files, so anybody may have written them: what could move a cursor, reorder a line
//! or hide is shown as an escape.

/// `text` on one line with everything invisible or reordering written as `\u{…}`, at most `limit` characters long
/// (an ellipsis stands for the rest). Safe for a terminal; markup is left alone.
pub fn visible(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    let mut room = limit;
    let mut marks = 0;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        marks = if is_combining(character) { marks + 1 } else { 0 };
        let piece: String = if is_deceptive(character) || marks > 2 {
            character.escape_unicode().collect()
        } else {
            character.into()
        };
        let needed = piece.chars().count();
        let reserve = usize::from(rest.peek().is_some());
        if needed + reserve > room {
            shown.push('…');
            break;
        }
        room -= needed;
        shown.push_str(&piece);
    }
    shown
}

/// True for characters that move the cursor, reorder what stands around them, or cannot be seen.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
                | '\u{e000}'..='\u{f8ff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}'
        )
}

fn is_combining(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_line_breaks_and_bidi_overrides_become_visible() {
        assert_eq!(visible("a\u{1b}[31mb", 80), r"a\u{1b}[31mb");
        assert_eq!(visible("one\r\ntwo", 80), r"one\u{d}\u{a}two");
        assert_eq!(visible("evil\u{202e}4pm.exe", 80), r"evil\u{202e}4pm.exe");
        assert_eq!(visible("zero\u{200b}width", 80), r"zero\u{200b}width");
        assert_eq!(visible("\u{9b}2J", 80), r"\u{9b}2J");
    }

    #[test]
    fn ordinary_names_of_any_script_pass_unchanged() {
        for name in ["Reuters", "Agence France-Presse", "新华社", "وكالة", "Łódź", "हिन्दी", "🎥 clip"]
        {
            assert_eq!(visible(name, 80), name);
        }
    }

    #[test]
    fn stacks_of_combining_marks_are_broken_up() {
        let shown = visible(&format!("a{}", "\u{301}".repeat(50)), 2000);
        assert_eq!(shown.matches('\u{301}').count(), 2);
    }

    #[test]
    fn ten_thousand_characters_end_in_an_ellipsis_at_the_limit() {
        let shown = visible(&"A".repeat(10_000), 64);
        assert_eq!(shown.chars().count(), 64);
        assert!(shown.ends_with('…'));
        assert_eq!(visible("exact", 5), "exact");
        assert_eq!(visible("exact!", 5), "exac…");
    }

    proptest! {
        #[test]
        fn nothing_deceptive_is_left_and_the_limit_holds(text in any::<String>(), limit in 1usize..60) {
            let shown = visible(&text, limit);
            prop_assert!(shown.chars().count() <= limit);
            prop_assert!(!shown.chars().any(is_deceptive));
        }
    }
}
