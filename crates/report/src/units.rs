//! Numbers for people: counts, durations, sizes, times.

use jiff::Timestamp;

/// `1 key`, `2 keys`. For nouns that take an s.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `12.3 s`, `4 min 05 s`, `1 h 04 min`, `2 d 03 h`.
pub fn duration(seconds: f64) -> String {
    // Under a minute a tenth still matters; 59.96 would read `60.0 s`.
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above; `as` saturates"
    )]
    let whole = seconds.round() as u64;
    match whole {
        0..3_600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {:02} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

/// `512 B`, `12.4 KiB`.
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64;
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
        if value < 1_023.95 {
            break;
        }
        (value, unit) = (value / 1_024.0, next);
    }
    format!("{value:.1} {unit}")
}

/// `2026-11-24 23:10:00 UTC`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_two_figures_that_matter() {
        let shown = [0.0, 12.34, 59.96, 245.0, 3_599.6, 3_840.0, 183_600.0, f64::NAN].map(duration);
        let expected = [
            "0.0 s",
            "12.3 s",
            "1 min 00 s",
            "4 min 05 s",
            "1 h 00 min",
            "1 h 04 min",
            "2 d 03 h",
            "unknown",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn sizes_counts_and_times_read_well() {
        assert_eq!([0, 1_023, 12_698, 1_048_575].map(size), ["0 B", "1023 B", "12.4 KiB", "1.0 MiB"]);
        assert_eq!(size(u64::MAX), "16.0 EiB");
        assert_eq!((plural(1, "key").as_str(), plural(0, "key").as_str()), ("1 key", "0 keys"));
        let at = "2026-11-24T23:10:00.9Z".parse().expect("a time");
        assert_eq!(time(at), "2026-11-24 23:10:00 UTC");
    }
}
