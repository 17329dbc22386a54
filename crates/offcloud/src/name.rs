//! Names of objects: those that every kind of store can hold, and that lead nowhere else.

use crate::OffCloudError;

const LONGEST: usize = 512;
/// How the disk's own writer names a file until it is whole.
const UNFINISHED: &str = ".keyferry-";

/// Letters, digits, `.`, `_` and `-` in parts between slashes. No part begins with a dot, so that neither `..` nor a
/// file that is still being written can be meant.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.len() <= LONGEST && name.split('/').all(is_part)
}

/// A file that a folder's writer makes beside the object it will become. After a kill it stays.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let Some((folder, file)) = name.rsplit_once('/') else { return false };
    let rest = file.strip_prefix(UNFINISHED).filter(|rest| !rest.is_empty());
    is_name(folder) && rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

pub(crate) fn checked(name: &str) -> Result<&str, OffCloudError> {
    if is_name(name) { Ok(name) } else { Err(OffCloudError::Name(name.chars().take(LONGEST).collect())) }
}

/// A folder's name, which may be empty and may end in a slash.
pub(crate) fn checked_folder(below: &str) -> Result<&str, OffCloudError> {
    let name = below.strip_suffix('/').unwrap_or(below);
    if name.is_empty() { Ok(name) } else { checked(name) }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_leads_to_no_other_place_and_means_the_same_in_every_store() {
        for good in ["a", "keyferry/20261124T231500Z-1a2b3c4d/vault.kmsbak", "x/000000000001", "a..b"] {
            assert!(is_name(good), "{good}");
        }
        let long = "a/".repeat(300) + "a";
        let bad = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/.hidden",
            "a b",
            "a\\b",
            "a%2Fb",
            "ä",
            "a#1",
            "a\0",
        ];
        for bad in bad.into_iter().chain([long.as_str()]) {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
