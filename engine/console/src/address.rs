//! Addresses of pages.

/// A page with these fields, as far as they are given.
pub(crate) fn address<const N: usize>(
    page: &str,
    fields: [(&'static str, Option<String>); N],
) -> String {
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let pairs = given.map(|(name, it)| format!("{name}={}", encoded(&it)));
    let pairs: Vec<String> = pairs.collect();
    match pairs.is_empty() {
        true => page.to_owned(),
        false => format!("{page}?{}", pairs.join("&")),
    }
}

/// As RFC 3986 has it for a value in a query.
pub(crate) fn encoded(value: &str) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            // A text takes whatever is written.
            byte => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}
