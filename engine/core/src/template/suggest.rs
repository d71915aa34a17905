//! "Did you mean …": the known name that is nearest to a mistyped one.

use super::reference::HELPERS;
use crate::language::suggest::know;

/// What helpers are called in other languages, and here.
const BROUGHT: [(&str, &str); 22] = [
    ("for", "each"),
    ("foreach", "each"),
    ("upcase", "upper"),
    ("uppercase", "upper"),
    ("downcase", "lower"),
    ("lowercase", "lower"),
    ("strip", "trim"),
    ("concat", "join"),
    ("substring", "slice"),
    ("length", "len"),
    ("size", "len"),
    ("plus", "add"),
    ("minus", "sub"),
    ("times", "mul"),
    ("equals", "eq"),
    ("filter", "where"),
    ("map", "pluck"),
    ("formatdate", "format_date"),
    ("formatnumber", "format_number"),
    ("money", "format_number"),
    ("currency", "format_number"),
    ("coalesce", "default"),
];

/// The helper that was probably meant.
pub fn helper(name: &str) -> Option<&'static str> {
    know(name, HELPERS.iter().map(|it| (it.name, Some(it.doc))));
    let here = BROUGHT
        .iter()
        .find(|(there, _)| there.eq_ignore_ascii_case(name));
    match here {
        Some((_, here)) => Some(here),
        None => nearest(name, HELPERS.iter().map(|helper| helper.name)),
    }
}

/// The candidate within a third of the name's length in edits (at least 1, or 2 from four letters on).
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(64).collect();
    let allowed = match name.len() {
        0..4 => 1,
        4..9 => 2,
        length => length / 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 256)
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= allowed && *edits < candidate.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …`, or the names there are when they are few.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let listed = candidates.iter().take(12).map(|name| format!("`{name}`"));
    let listed = listed.collect::<Vec<_>>().join(", ");
    match candidates.len() {
        0 => None,
        1..=12 => Some(format!("there is {listed}")),
        more => Some(format!("there is {listed} and {} more", more - 12)),
    }
}

/// Levenshtein's edit distance (1965), swaps of neighbours counted once (Damerau), without case.
fn distance(from: &[char], to: &str) -> usize {
    let fold = |c: &char| c.to_ascii_lowercase();
    let from: Vec<char> = from.iter().map(fold).collect();
    let to: Vec<char> = to.chars().map(|c| fold(&c)).collect();
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let change = rows[i][j] + usize::from(a != b);
            let mut best = change.min(row[j] + 1).min(rows[i][j + 1] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_found() {
        let names = ["rows", "count", "customer", "customer_name"];
        assert_eq!(nearest("rowz", names), Some("rows"));
        assert_eq!(nearest("cuont", names), Some("count"));
        assert_eq!(nearest("Customer", names), Some("customer"));
        assert_eq!(nearest("amount_due", names), None);
        assert_eq!(nearest("x", ["y"]), None);
    }

    #[test]
    fn a_helper_is_found_by_its_name_elsewhere() {
        assert_eq!(helper("for"), Some("each"));
        assert_eq!(helper("upCase"), Some("upper"));
        assert_eq!(helper("uper"), Some("upper"));
        assert_eq!(helper("capitalize"), None);
        for (there, here) in BROUGHT {
            let known = |name: &str| HELPERS.iter().any(|helper| helper.name == name);
            assert!(known(here) && !known(there), "{there}: {here}");
        }
    }
}
