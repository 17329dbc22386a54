//! Text that may be shown: bounded, on one line, without anything that steers a terminal.

use std::fmt;

/// Longest text shown; what is longer is cut, and says so.
const LONGEST: usize = 2_000;

/// A text as it may be shown. Names, server replies and manifests come from others: whatever is not printable
/// is spelled out (`\n`, `\u{1b}`, `\u{202e}`), and documents accept no other kind of text.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Line(String);

impl Line {
    /// Makes any text fit to be shown.
    pub fn new(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len().min(LONGEST));
        for (count, character) in text.chars().enumerate() {
            if count == LONGEST {
                shown.push('…');
                break;
            }
            match character {
                // Printable; escaped by `escape_debug` only for the sake of literals.
                '\'' | '"' | '\\' => shown.push(character),
                _ => shown.extend(character.escape_debug()),
            }
        }
        Self(shown)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: AsRef<str>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new(text.as_ref())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_steers_a_terminal_is_spelled_out() {
        let line = Line::new("a\nb\u{1b}[31m\u{202e}c\u{200b}d \"Zürich\" C:\\x 鍵");
        assert_eq!(line.as_str(), r#"a\nb\u{1b}[31m\u{202e}c\u{200b}d "Zürich" C:\x 鍵"#);
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let line = Line::new(&"ü".repeat(LONGEST + 1));
        assert_eq!(line.as_str().chars().count(), LONGEST + 1);
        assert!(line.as_str().ends_with('…'));
    }
}
