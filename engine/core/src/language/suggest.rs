//! "Did you mean …?": the known name nearest to a misspelt one.

/// So many names are compared at most: advice must not cost more than the check.
const COMPARED: usize = 2000;

/// The candidate that is so near to `word` that it was probably meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > 100 {
        return None;
    }
    let allowed = 1 + word.chars().count() / 4;
    let near = |candidate: &'a str| {
        let lower = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&word.to_lowercase(), &lower);
        (distance <= allowed && distance < word.chars().count()).then_some((distance, candidate))
    };
    let candidates = candidates.into_iter().take(COMPARED);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= allowed * 4)
        .filter_map(near)
        .min()
        .map(|(_, name)| name)
}

/// `did you mean …?`, or else what there is.
pub(crate) fn hint<'a>(
    word: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
) -> Option<String> {
    let candidates = candidates.into_iter();
    if let Some(name) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let list = list(candidates)?;
    Some(format!("{what}: {list}"))
}

/// The names in backticks, in a row; nothing when there are none or too many to help.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names.take(31).map(|name| format!("`{name}`")).collect();
    (1..=30).contains(&names.len()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant_and_what_is_far_is_not() {
        let known = ["rows", "count", "columns"];
        assert_eq!(nearest("rowz", known), Some("rows"));
        assert_eq!(nearest("Rows", known), Some("rows"));
        assert_eq!(nearest("colums", known), Some("columns"));
        assert_eq!(nearest("customer", known), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
