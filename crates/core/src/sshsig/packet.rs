//! SSH's wire strings (a 32-bit length and that many bytes) and PEM-like armour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Reads strings one after the other; `None` as soon as something does not fit.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }
}

pub(super) fn armour(begin: &str, end: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = format!("{begin}\n");
    for line in text.as_bytes().chunks(70) {
        out.extend(line.iter().map(|&b| char::from(b)));
        out.push('\n');
    }
    out.push_str(end);
    out.push('\n');
    out
}

pub(super) fn unarmour(begin: &str, end: &str, text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(begin)?.strip_suffix(end)?;
    let joined: String = body.lines().map(str::trim).collect();
    STANDARD.decode(joined).ok()
}
