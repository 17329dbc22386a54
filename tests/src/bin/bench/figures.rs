//! What is made of measurements: medians, percentiles, and tables in which they can be compared.

use std::fmt::Write as _;
use std::time::Duration;

/// The middle one; of an even number the upper of the two.
pub(crate) fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> T {
    percentile(&mut values.into_iter().collect::<Vec<_>>(), 0.5)
}

/// The value below which that part of all values lies.
pub(crate) fn percentile<T: PartialOrd + Copy>(values: &mut [T], part: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("measurements can be compared"));
    let at = (values.len() as f64 * part) as usize;
    *values.get(at.min(values.len().saturating_sub(1))).expect("something was measured")
}

/// `12.3 ms`.
pub(crate) fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 100.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

/// `12,345`, from ten on without a fraction.
pub(crate) fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether a goal is met.
pub(crate) fn verdict(is_met: bool) -> String {
    if is_met { "met".to_owned() } else { "MISSED".to_owned() }
}

/// Rows below a heading; the first column to the left, the others to the right.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|word| (*word).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&heading).chain(rows).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ =
                if column == 0 { write!(row, "  {cell:<width$}") } else { write!(row, "  {cell:>width$}") };
        }
        text.extend([row.trim_end(), "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end_of_measurements_are_found_whatever_their_order() {
        assert_eq!(median([3, 1, 2]), 2);
        let mut values: Vec<u32> = (1..=200).rev().collect();
        assert_eq!(percentile(&mut values, 0.99), 199);
        assert_eq!(percentile(&mut values, 1.0), 200);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(999.0), "999");
        assert_eq!(number(0.834), "0.83");
    }

    #[test]
    fn columns_line_up() {
        let text =
            table(&["what", "rate"], &[vec!["a".into(), "1".into()], vec!["longer".into(), "10".into()]]);
        assert_eq!(text, "  what    rate\n  a          1\n  longer    10\n");
    }
}
