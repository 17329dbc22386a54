//! Query strings as clients write them.

use keyferry_wire::decode_segment;

/// Names and values, decoded. Unlike in paths, `+` is a space here: Oracle's Python SDK writes spaces so.
/// `None` if something is not UTF-8.
pub(crate) fn parse(query: &str) -> Option<Vec<(String, String)>> {
    let decode = |raw: &str| decode_segment(&raw.replace('+', " "));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn values_are_decoded_once_and_a_plus_is_a_space() {
        let pairs = parse("a=x+y%2Bz&b=%2541&c").expect("UTF-8");
        let expected = [("a", "x y+z"), ("b", "%41"), ("c", "")];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(parse("a=%ff"), None);
    }
}
