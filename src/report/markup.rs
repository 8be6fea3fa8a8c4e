use crate::original::Original;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filigrane_verdict::{is_deceptive, visible};
use std::fmt::Write;

/// A piece of HTML or SVG under construction.
///
/// Markup enters only as literals of this program (`&'static str`); everything else goes through an escape, so a
/// forgotten escape does not compile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Markup(String);

impl Markup {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds markup written in this program's source.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text on one line, at most `limit` characters.
    pub fn text(&mut self, text: &str, limit: usize) -> &mut Self {
        self.escape(&visible(text, limit));
        self
    }

    /// Adds text of several lines, whole.
    pub fn lines(&mut self, text: &str) -> &mut Self {
        for line in text.split_inclusive('\n') {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            let plain: String = line.chars().filter(|character| !is_deceptive(*character)).collect();
            self.escape(&plain);
            self.0.push_str(end);
        }
        self
    }

    /// Adds an attribute, with a space before it.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        let _ = write!(self.0, " {name}=\"");
        self.escape(&visible(value, 2000));
        self.0.push('"');
        self
    }

    /// Adds a `d` attribute that holds a path of straight lines through the points.
    pub fn polygon(&mut self, points: impl Iterator<Item = (f64, f64)>) -> &mut Self {
        self.0.push_str(" d=\"");
        for (index, (x, y)) in points.enumerate() {
            let _ = write!(self.0, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        self.0.push_str("z\"");
        self
    }

    /// Adds an attribute with a number, to a tenth.
    pub fn number(&mut self, name: &'static str, value: f64) -> &mut Self {
        let value = if value.is_finite() { (value * 10.0).round() / 10.0 } else { 0.0 };
        let _ = write!(self.0, " {name}=\"{value}\"");
        self
    }

    /// Adds a `src` attribute that holds a JPEG picture.
    pub fn jpeg_source(&mut self, jpeg: &[u8]) -> &mut Self {
        let _ = write!(self.0, " src=\"data:image/jpeg;base64,{}\"", STANDARD.encode(jpeg));
        self
    }

    /// Adds a `src` attribute that holds the picture of a registered manifest.
    pub fn picture_source(&mut self, original: &Original) -> &mut Self {
        let (media, data) = (original.media_type(), STANDARD.encode(original.bytes()));
        let _ = write!(self.0, " src=\"data:{media};base64,{data}\"");
        self
    }

    /// Adds markup made by the same rules.
    pub fn append(&mut self, other: &Markup) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// `<tag>text</tag>`, with `open` and `close` as literals.
    pub fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.raw(open).text(text, 2000).raw(close)
    }

    pub fn finish(self) -> String {
        self.0
    }

    fn escape(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '`' => self.0.push_str("&#96;"),
                other => self.0.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_cannot_leave_their_place() {
        let mut markup = Markup::new();
        markup.raw("<p").attribute("title", "\" onmouseover='x'").raw(">").text("</p><script>&\u{202e}", 200);
        assert_eq!(
            markup.finish(),
            "<p title=\"&quot; onmouseover=&#39;x&#39;\">&lt;/p&gt;&lt;script&gt;&amp;\\u{202e}"
        );
    }

    #[test]
    fn lines_keep_their_breaks_and_nothing_else_that_is_invisible() {
        let mut markup = Markup::new();
        markup.lines("a\u{1b}<\n  b\r\n");
        assert_eq!(markup.finish(), "a&lt;\n  b\n");
    }

    #[test]
    fn numbers_are_finite_and_short() {
        let mut markup = Markup::new();
        markup.number("x", 1.25).number("y", f64::NAN).number("z", 3.0);
        assert_eq!(markup.finish(), " x=\"1.3\" y=\"0\" z=\"3\"");
    }
}
