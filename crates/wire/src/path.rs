//! Path templates: filled by the client, matched by the realm.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Oracle's Python SDK leaves only unreserved characters as they are; `/` in an object name becomes `%2F`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A name that can't travel in a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// URL libraries take these for "this folder" and "the folder above" and rewrite the path.
    #[error("`.` and `..` can't be used as a name in a path")]
    DotSegment,
    /// An empty name would address the list instead of the thing.
    #[error("an empty name can't be used in a path")]
    Empty,
    /// More or fewer names than the template has places.
    #[error("the path template takes another number of names")]
    Count,
}

/// Percent-encodes one path segment.
pub fn encode_segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// Decodes a segment exactly once; `None` if it is not UTF-8. `+` is a plus.
pub fn decode_segment(raw: &str) -> Option<String> {
    percent_decode_str(raw).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// A query string without the question mark, in the order given.
pub fn encode_query(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(k, v)| format!("{}={}", encode_segment(k), encode_segment(v))).collect();
    pairs.join("&")
}

/// Fills a template's placeholders, in order.
///
/// # Errors
/// If a name can't be a path segment or the number of names is wrong.
pub fn fill(template: &str, names: &[&str]) -> Result<String, PathError> {
    let mut names = names.iter();
    let mut path = String::with_capacity(template.len() + 64);
    for segment in template.split('/').skip(1) {
        path.push('/');
        if segment.starts_with('{') {
            let name = names.next().ok_or(PathError::Count)?;
            match *name {
                "" => return Err(PathError::Empty),
                "." | ".." => return Err(PathError::DotSegment),
                name => path.push_str(&encode_segment(name)),
            }
        } else {
            path.push_str(segment);
        }
    }
    if names.next().is_some() { Err(PathError::Count) } else { Ok(path) }
}

/// Matches a raw path (no query) against a template and returns the decoded names. `{objectName}` takes all
/// the rest, slashes included; a trailing slash after a collection is tolerated, as OCI does.
pub fn matches(template: &str, raw_path: &str) -> Option<Vec<String>> {
    let mut rest = raw_path.trim_start_matches('/');
    let mut names = Vec::new();
    let mut segments = template.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment == "{objectName}" {
            return if rest.is_empty() {
                None
            } else {
                names.push(decode_segment(rest)?);
                Some(names)
            };
        }
        let (raw, after) = match rest.split_once('/') {
            Some((raw, after)) => (raw, Some(after)),
            None => (rest, None),
        };
        if segment.starts_with('{') {
            if raw.is_empty() {
                return None;
            }
            names.push(decode_segment(raw)?);
        } else if raw != segment {
            return None;
        }
        match (segments.peek(), after) {
            (Some(_), Some(after)) => rest = after,
            (None, None | Some("")) => return Some(names),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_name_travels_as_one_segment_and_comes_back_whole() {
        let template = "/n/{namespaceName}/b/{bucketName}/o/{objectName}";
        for name in ["a", "a/b", "a//b", "a b+c", "%41", "a/../b", "clé"] {
            let path = fill(template, &["ns", "b", name]).expect("fits");
            assert_eq!(matches(template, &path).expect("matches"), ["ns", "b", name]);
        }
        assert_eq!(matches(template, "/n/ns/b/b/o/a/b").expect("literal slashes")[2], "a/b");
        assert_eq!(
            matches("/n/{namespaceName}/b/{bucketName}/o", "/n/ns/b/b/o/").expect("slash at the end").len(),
            2
        );
        assert_eq!(matches(template, "/n/ns/b/b/o/"), None);
    }

    #[test]
    fn names_that_libraries_would_rewrite_are_refused() {
        assert_eq!(fill("/o/{objectName}", &[".."]), Err(PathError::DotSegment));
        assert_eq!(fill("/o/{objectName}", &[""]), Err(PathError::Empty));
        assert_eq!(fill("/o/{objectName}", &[]), Err(PathError::Count));
    }
}
