//! The `range` header, of which Object Storage takes one range.

use std::ops::Range;

use crate::refusal::Refusal;

/// The bytes asked for by `bytes=a-b`, `bytes=a-` or `bytes=-n`; never none.
pub(super) fn range(header: &str, size: usize) -> Result<Range<usize>, Refusal> {
    let malformed = || Refusal::invalid("The Range header is one range of bytes.");
    let (first, last) =
        header.strip_prefix("bytes=").and_then(|r| r.split_once('-')).ok_or_else(malformed)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        // Numbers beyond all sizes are good ones; a sign is not.
        _ if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(text.parse().unwrap_or(usize::MAX))),
        _ => Err(malformed()),
    };
    let range = match (number(first)?, number(last)?) {
        (Some(first), Some(last)) if first > last => return Err(malformed()),
        (Some(first), last) => first..last.map_or(size, |last| last.saturating_add(1).min(size)),
        (None, Some(count)) => size.saturating_sub(count)..size,
        (None, None) => return Err(malformed()),
    };
    if range.is_empty() {
        let message = format!("The range is not satisfiable: the object has {size} bytes");
        return Err(Refusal::new(416, "RangeNotSatisfiable", message));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::range;

    fn status(header: &str, size: usize) -> u16 {
        range(header, size).expect_err("refused").status.as_u16()
    }

    #[test]
    fn a_range_has_a_beginning_an_end_or_both() {
        assert_eq!(range("bytes=0-0", 10).expect("a range"), 0..1);
        assert_eq!(range("bytes=2-4", 10).expect("a range"), 2..5);
        assert_eq!(range("bytes=8-99", 10).expect("cut at the end"), 8..10);
        assert_eq!(range("bytes=8-99999999999999999999999", 10).expect("cut at the end"), 8..10);
        assert_eq!(range("bytes=7-", 10).expect("a range"), 7..10);
        assert_eq!(range("bytes=-3", 10).expect("a range"), 7..10);
        assert_eq!(range("bytes=-30", 10).expect("all"), 0..10);
    }

    #[test]
    fn what_is_beyond_the_end_and_what_is_no_range_are_told_apart() {
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(status(header, 10), 416, "{header}");
        }
        assert_eq!(status("bytes=0-", 0), 416);
        for header in ["bytes=4-2", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "bytes=+1-2", "lines=1-2", ""] {
            assert_eq!(status(header, 10), 400, "{header}");
        }
    }
}
