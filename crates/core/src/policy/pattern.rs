//! Patterns for names: `*` for any run of characters, `?` for one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text with `*` and `?`. Nothing else is special, and upper and lower case differ, as in OCI's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// True if the whole of `text` is of this form. Needs time of the product of both lengths at worst: it
    /// never goes back further than to the last `*`.
    pub fn fits(&self, text: &str) -> bool {
        let (pattern, text): (Vec<char>, Vec<char>) = (self.0.chars().collect(), text.chars().collect());
        let (mut at, mut seen, mut star) = (0, 0, None);
        while seen < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, seen));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == text[seen] => (at, seen) = (at + 1, seen + 1),
                // The last `*` takes one character more.
                _ => match star {
                    Some((place, taken)) => {
                        (at, seen) = (place + 1, taken + 1);
                        star = Some((place, taken + 1));
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|c| *c == '*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn stars_and_question_marks_stand_for_what_people_expect() {
        for (pattern, text, fits) in [
            ("payments", "payments", true),
            ("payments", "Payments", false),
            ("pay*", "payments", true),
            ("pay*", "pay", true),
            ("pay*", "prepay", false),
            ("*pay*", "prepayment", true),
            ("*-prod", "cards-test-prod", true),
            ("*-prod", "cards-prod-2", false),
            ("key-?", "key-7", true),
            ("key-?", "key-", false),
            ("key-?", "key-ü", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "", true),
            ("", "", true),
            ("", "x", false),
            ("[a-z].(x)", "[a-z].(x)", true),
            ("/prod/*", "/prod/cards/eu", true),
            ("/prod/*", "/prod", false),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_does_not_take_for_ever() {
        assert!(!Pattern::new("*a".repeat(200)).fits(&format!("{}b", "a".repeat(5_000))));
    }
}
