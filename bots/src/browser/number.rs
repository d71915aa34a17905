//! The number that a page shows, with the digits it was written with.
//!
//! What stands around it (a currency, a unit) is left out. `1,234` can be read in
//! two ways and is none, unless it is said what stands before the fraction.

/// The plain decimal of the only number in `text`, if there is one way to read it.
pub(crate) fn number(text: &str, point: Option<char>) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace(['\u{2212}', '\u{2013}'], "-");
    let is_digit = |c: char| c.is_ascii_digit();
    let (first, last) = (text.find(is_digit)?, text.rfind(is_digit)?);
    let written = &text[first..=last];
    let grouped = |c: char| ".,'\u{2019} ".contains(c);
    if !written.chars().all(|c| is_digit(c) || grouped(c)) {
        return None;
    }
    let point = match point {
        Some(point) => Some(point),
        None => point_of(written)?,
    };
    let (whole, fraction) = match point.and_then(|point| written.split_once(point)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (written, None),
    };
    if fraction.is_some_and(|fraction| !fraction.chars().all(is_digit)) {
        return None;
    }
    if !is_grouped(whole) {
        return None;
    }
    let whole: String = whole.chars().filter(|c| is_digit(*c)).collect();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let sign = if is_negative(&text[..first], &text[last + 1..]) {
        "-"
    } else {
        ""
    };
    Some(match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    })
}

/// Digits alone, or in groups of three.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<&str> = whole.split(|c: char| !c.is_ascii_digit()).collect();
    match groups.as_slice() {
        [_] => true,
        [first, rest @ ..] => {
            (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3)
        }
        [] => false,
    }
}

/// What stands before the fraction, if anything; none when that cannot be told.
fn point_of(written: &str) -> Option<Option<char>> {
    let signs: Vec<(usize, char)> = written
        .char_indices()
        .filter(|(_, c)| ".,".contains(*c))
        .collect();
    let Some((at, last)) = signs.last().copied() else {
        return Some(None);
    };
    let times = signs.iter().filter(|(_, sign)| *sign == last).count();
    match (times, signs.len()) {
        (1, 1) => {
            let thousands =
                written.len() - at == 4 && (1..=3).contains(&at) && !written.starts_with('0');
            (!thousands).then_some(Some(last))
        }
        (1, _) => Some(Some(last)),
        // `1.234.567`
        (times, all) if times == all => Some(None),
        _ => None,
    }
}

/// A minus on either side, or the brackets of accounts.
fn is_negative(before: &str, behind: &str) -> bool {
    let (before, behind) = (before.trim(), behind.trim());
    before.contains('-')
        || behind.starts_with('-')
        || (before.ends_with('(') && behind.starts_with(')'))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_read_in_the_only_way_that_there_is() {
        for (shown, read) in [
            ("Total: 1.234,50 €", Some("1234.50")),
            ("$1,234.50", Some("1234.50")),
            ("12", Some("12")),
            ("007", Some("7")),
            ("0.125", Some("0.125")),
            ("1\u{a0}234 567 kg", Some("1234567")),
            ("1'234'567.80", Some("1234567.80")),
            ("1.234.567", Some("1234567")),
            ("(10.00)", Some("-10.00")),
            ("-3", Some("-3")),
            ("3,5-", Some("-3.5")),
            ("1,234", None),
            ("1.234", None),
            ("23.11.26", None),
            ("2026-11-23", None),
            ("3 of 7", None),
            ("none", None),
        ] {
            assert_eq!(number(shown, None).as_deref(), read, "{shown}");
        }
        assert_eq!(number("1,234", Some(',')).as_deref(), Some("1.234"));
        assert_eq!(number("1,234", Some('.')).as_deref(), Some("1234"));
        assert_eq!(number("1,2,3", Some(',')), None);
    }
}
