use unicode_normalization::UnicodeNormalization;

/// Most rounds of [`fixed`]: each undoes one layer of escapes, and no honest prompt has so many.
const MAX_ROUNDS: usize = 8;

/// A prompt as Wan's pipelines clean it: text repaired, entities of HTML resolved, white space folded.
///
/// ftfy's repairs that do not guess are made: entities, ligatures, full and half width, curly quotes, line breaks,
/// terminal escapes, control characters, canonical composition. Text decoded in the wrong character set is left as it is.
pub fn clean(prompt: &str) -> String {
    // A < means that the text is HTML itself, from there on.
    let mut html = false;
    let mut repaired = String::with_capacity(prompt.len());
    for line in prompt.split_inclusive('\n') {
        html |= line.contains('<');
        repaired.push_str(&repaired_line(line, html));
    }
    let once = htmlize::unescape(repaired.as_str());
    let twice = htmlize::unescape(once.as_ref());
    // Python's \s, which also strips, holds the four separators U+001C to U+001F.
    let words = twice.split(|letter: char| letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn repaired_line(line: &str, html: bool) -> String {
    let mut text = line.to_owned();
    for _ in 0..MAX_ROUNDS {
        let next = fixed(&text, html);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// One round of repairs.
fn fixed(text: &str, html: bool) -> String {
    let text = if html { text.to_owned() } else { closed_entities(text) };
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().map(windows_1252).peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' => out.push('\n'),
            '\u{2bc}' | '\u{2018}'..='\u{201b}' => out.push('\''),
            '\u{201c}'..='\u{201f}' => out.push('"'),
            _ => match ligature(letter) {
                Some(apart) => out.push_str(apart),
                None if is_other_width(letter) => out.extend(std::iter::once(letter).nfkc()),
                None => out.push(letter),
            },
        }
    }
    without_terminal_escapes(&out).chars().filter(|letter| !is_stray_control(*letter)).nfc().collect()
}

/// Resolves entities that end in a semicolon, and no others.
fn closed_entities(text: &str) -> String {
    const LONGEST: usize = 26;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let body = from.get(1..).unwrap_or_default();
        let end = body
            .char_indices()
            .take(LONGEST)
            .find(|(at, letter)| !(letter.is_ascii_alphanumeric() || *at == 0 && *letter == '#'));
        match end {
            Some((length, ';')) if length > 0 => {
                let (entity, after) = from.split_at(length + 2);
                // What is left of the semicolon shows that only a part was an entity.
                let resolved = htmlize::unescape(entity);
                out.push_str(if resolved.contains(';') { entity } else { &resolved });
                rest = after;
            }
            _ => {
                out.push('&');
                rest = body;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Text without the escape sequences that colour it on a terminal.
fn without_terminal_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let arguments = from.get(2..).unwrap_or_default();
        let end = arguments.find(|letter: char| !(letter.is_ascii_digit() || letter == ';'));
        let letter = end.and_then(|end| arguments.get(end..)).and_then(|tail| tail.chars().next());
        if let (Some(end), Some(true)) = (end, letter.map(|letter| letter.is_ascii_alphabetic())) {
            rest = arguments.get(end + 1..).unwrap_or_default();
        } else {
            out.push('\u{1b}');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn ligature(letter: char) -> Option<&'static str> {
    Some(match letter {
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'ŉ' => "ʼn",
        'Ǳ' => "DZ",
        'ǲ' => "Dz",
        'ǳ' => "dz",
        'Ǆ' => "DŽ",
        'ǅ' => "Dž",
        'ǆ' => "dž",
        'Ǉ' => "LJ",
        'ǈ' => "Lj",
        'ǉ' => "lj",
        'Ǌ' => "NJ",
        'ǋ' => "Nj",
        'ǌ' => "nj",
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' => "ſt",
        'ﬆ' => "st",
        _ => return None,
    })
}

/// C1 control characters mean what Windows-1252 has in their place.
fn windows_1252(letter: char) -> char {
    const MEANT: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match letter {
        '\u{80}'..='\u{9f}' => MEANT.chars().nth(letter as usize - 0x80).unwrap_or(letter),
        _ => letter,
    }
}

fn is_other_width(letter: char) -> bool {
    letter == '\u{3000}' || ('\u{ff01}'..='\u{ffef}').contains(&letter)
}

/// Control characters that mean nothing in a text; those that shape emoji and scripts stay.
fn is_stray_control(letter: char) -> bool {
    matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
