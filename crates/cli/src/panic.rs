//! What a crash says: where it was, and nothing of what it was about, which may be a secret.

use std::io::Write as _;

/// From now on a panic is told by its place alone.
pub fn hush_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        // Nobody is left to tell if this can't be written.
        let _ = writeln!(
            std::io::stderr(),
            "error[KF-1000]: internal error at {place}\n  help: report it; what was done is in the journal of the run, and `keyferry resume latest` goes on"
        );
    }));
}
