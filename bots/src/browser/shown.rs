//! Whether what a field shows is what was entered.
//!
//! Pages reformat: `1234.5` becomes `1,234.50`, a phone number gets brackets.
//! That is the same value; `100.00` for `10000` is not. In doubt it is not.

/// Whether `shown` stands for `entered`.
pub(crate) fn same(entered: &str, shown: &str) -> bool {
    let (entered, shown) = (tidy(entered), tidy(shown));
    entered == shown || same_mask(&entered, &shown) || same_number(&entered, &shown)
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Signs that a mask adds and that mean nothing; never those that numbers are written with.
fn same_mask(entered: &str, shown: &str) -> bool {
    let bare = |text: &str| {
        let kept = text.chars().filter(|c| !" ()/-:".contains(*c));
        kept.collect::<String>()
    };
    let masked = entered.chars().all(char::is_alphanumeric);
    // `-10` and, in accounts, `(10)` are another number.
    let negative = shown.starts_with('-') || (shown.starts_with('(') && shown.ends_with(')'));
    masked && !negative && bare(shown) == entered
}

fn same_number(entered: &str, shown: &str) -> bool {
    let plain = entered.trim_start_matches('-');
    let is_number = plain.starts_with(|c: char| c.is_ascii_digit())
        && plain.chars().all(|c| c.is_ascii_digit() || c == '.')
        && plain.matches('.').count() <= 1;
    // An identifier with leading zeros is not the number without them.
    let is_identifier = plain.len() > 1 && plain.starts_with('0') && !plain.starts_with("0.");
    is_number
        && !is_identifier
        && reading(shown, entered.contains('.')).is_some_and(|number| number == canonical(entered))
}

/// The plain decimal that a grouped number stands for, if there is only one way to read it.
fn reading(shown: &str, fraction: bool) -> Option<String> {
    let known = |c: char| c.is_ascii_digit() || ".,' -".contains(c);
    if !shown.chars().all(known) || shown.rfind('-').is_some_and(|at| at > 0) {
        return None;
    }
    let bare: String = shown.chars().filter(|c| !"' ".contains(*c)).collect();
    let (dots, commas) = (bare.matches('.').count(), bare.matches(',').count());
    let point = match (bare.rfind('.'), bare.rfind(',')) {
        (Some(dot), Some(comma)) => Some(if dot > comma { '.' } else { ',' }),
        (None, None) => None,
        (Some(_), None) if dots > 1 => None,
        (None, Some(_)) if commas > 1 => None,
        // One sign and three digits behind it: thousands for a whole number, else not to be told.
        (Some(at), None) | (None, Some(at)) if bare.len() - at == 4 => match fraction {
            false => None,
            true if dots == 1 => Some('.'),
            true => return None,
        },
        (Some(_), None) => Some('.'),
        (None, Some(_)) => Some(','),
    };
    let digits = bare.chars().filter_map(|c| match c {
        c if Some(c) == point => Some('.'),
        '.' | ',' => None,
        c => Some(c),
    });
    let digits: String = digits.collect();
    (digits.matches('.').count() <= 1).then(|| canonical(&digits))
}

fn canonical(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    format!(
        "{sign}{}.{fraction}",
        if whole.is_empty() { "0" } else { whole }
    )
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn formatting_is_no_difference() {
        for (entered, shown) in [
            ("ACME  Ltd", " ACME Ltd"),
            ("1234.5", "1,234.50"),
            ("1234.5", "1.234,50"),
            ("1234", "1.234"),
            ("1234567", "1,234,567"),
            ("10", "10.00"),
            ("10", "10,00"),
            ("-3", "-3.0"),
            ("1.234", "1.234"),
            ("0301234567", "(030) 123-4567"),
            ("20261123", "2026-11-23"),
        ] {
            assert!(same(entered, shown), "`{entered}` shown as `{shown}`");
        }
    }

    #[test]
    fn another_value_is() {
        for (entered, shown) in [
            ("10000", "100.00"),
            ("1.5", "15"),
            ("1.234", "1,234"),
            ("00412", "412"),
            ("412", ""),
            ("10", "-10"),
            ("10", "(10)"),
            ("1-2", "12"),
            ("5", "5 pcs"),
            ("2026-11-23", "23.11.2026"),
        ] {
            assert!(!same(entered, shown), "`{entered}` shown as `{shown}`");
        }
    }
}
