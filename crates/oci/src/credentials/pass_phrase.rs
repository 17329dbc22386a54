//! Pass phrases: used, never shown.

use zeroize::Zeroizing;

/// Opens an encrypted key. Has no text form on purpose, and is wiped when dropped.
pub(super) struct PassPhrase {
    text: Zeroizing<String>,
    /// Where it was set, for messages.
    pub(super) origin: String,
}

impl PassPhrase {
    pub(super) fn new(text: &str, origin: String) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), origin }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}
