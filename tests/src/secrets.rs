//! Looks for secrets wherever they may have leaked to, in all the forms that text gets on its way.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use keyferry_wire::encode_segment;

/// So many bytes of a form are looked up at once; shorter secrets are none.
const KEY: usize = 8;

/// Known secrets in all their forms.
#[derive(Debug, Default)]
pub struct Secrets {
    forms: Vec<Form>,
    by_beginning: HashMap<[u8; KEY], Vec<usize>>,
}

#[derive(Debug)]
struct Form {
    name: String,
    bytes: Vec<u8>,
}

impl Secrets {
    /// Adds one, which has 16 bytes at least: raw, in base64 wherever it begins, for a URL, in hexadecimal digits, and
    /// as Rust prints bytes.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= 16, "{name} is too short to be told from chance");
        let mut forms = vec![("raw".to_owned(), secret.to_vec())];
        for shift in 0..3 {
            // Characters that only a part of the secret decides are left out.
            let (skipped, whole) = ((shift * 8usize).div_ceil(6), (shift + secret.len()) * 8 / 6);
            let padded = [&vec![0; shift][..], secret].concat();
            for (alphabet, engine) in [("", BASE64_STANDARD_NO_PAD), ("url-", BASE64_URL_SAFE_NO_PAD)] {
                let text = engine.encode(&padded);
                let text = text.as_bytes()[skipped..whole].to_vec();
                forms.push((format!("{alphabet}base64, shifted by {shift}"), text));
            }
        }
        let hex = secret.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("there is memory");
            text
        });
        if let Ok(text) = std::str::from_utf8(secret) {
            let encoded = encode_segment(text);
            let lower = encoded.bytes().scan(0u8, |left, byte| {
                let of_escape = *left > 0;
                *left = if byte == b'%' { 2 } else { left.saturating_sub(1) };
                Some(if of_escape { byte.to_ascii_lowercase() } else { byte })
            });
            forms.push(("url-encoded in small letters".to_owned(), lower.collect()));
            forms.push(("url-encoded".to_owned(), encoded.into_bytes()));
        }
        forms.push(("hexadecimal capitals".to_owned(), hex.to_uppercase().into_bytes()));
        forms.push(("hexadecimal".to_owned(), hex.into_bytes()));
        let debugged = format!("{secret:?}");
        forms.push(("debug".to_owned(), debugged.trim_matches(['[', ']']).as_bytes().to_vec()));
        for (form, bytes) in forms {
            let beginning = bytes[..KEY].try_into().expect("long enough");
            self.by_beginning.entry(beginning).or_default().push(self.forms.len());
            self.forms.push(Form { name: format!("{name}, {form}"), bytes });
        }
    }

    /// Adds each long line of a private key's file, as text and as the bytes that it stands for.
    pub fn add_pem(&mut self, name: &str, pem: &str) {
        let lines: Vec<_> = pem.lines().filter(|line| line.len() >= 40 && !line.starts_with('-')).collect();
        assert!(!lines.is_empty(), "{name} has no lines");
        for (number, line) in lines.into_iter().enumerate() {
            self.add(&format!("{name}, line {number}"), line.as_bytes());
            if let Ok(bytes) = BASE64_STANDARD_NO_PAD.decode(line.trim_end_matches('=')) {
                self.add(&format!("{name}, line {number} decoded"), &bytes);
            }
        }
    }

    /// The names of those that are in there.
    pub fn found_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, beginning) in text.windows(KEY).enumerate() {
            let beginning: &[u8; KEY] = beginning.try_into().expect("of that length");
            for index in self.by_beginning.get(beginning).into_iter().flatten() {
                let form = &self.forms[*index];
                if text[at..].starts_with(&form.bytes) {
                    found.insert(form.name.as_str());
                }
            }
        }
        found
    }

    /// Insists that each of them would be found in the middle of a text.
    pub fn prove_that_each_is_seen(&self) {
        assert!(self.found_in(b"a text that holds none of them").is_empty());
        for form in &self.forms {
            let text = [b"before ", &form.bytes[..], b" behind"].concat();
            assert!(self.found_in(&text).contains(form.name.as_str()), "{} is overlooked", form.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_seen_however_it_was_written_down_and_whatever_stands_around_it() {
        let secret = b"s3cr3t/with+signs=and more \xc3\xa9";
        let mut secrets = Secrets::default();
        secrets.add("it", secret);
        secrets.prove_that_each_is_seen();
        let text = std::str::from_utf8(secret).expect("text");
        for before in 0..7 {
            for behind in 0..4 {
                let around = [&vec![b'x'; before][..], secret, &vec![b'y'; behind]].concat();
                let all = [
                    String::from_utf8(around.clone()).expect("text"),
                    BASE64_STANDARD_NO_PAD.encode(&around),
                    BASE64_URL_SAFE_NO_PAD.encode(&around),
                    encode_segment(std::str::from_utf8(&around).expect("text")),
                    format!("{around:?}"),
                ];
                for written in all {
                    assert!(!secrets.found_in(written.as_bytes()).is_empty(), "{before} {behind} {written}");
                }
            }
        }
        for other in [&text[1..], "s3cr3t", "c2VjcmV0"] {
            assert!(secrets.found_in(other.as_bytes()).is_empty(), "{other}");
        }
    }
}
