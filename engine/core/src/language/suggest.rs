//! "Did you mean …?": the known name nearest to a misspelt one.
//!
//! Whoever compares a name here says by that which ones are known at its place. [`known_beside`]
//! listens to it, so that what could be written is found by the same rules as what is wrong.

use std::cell::RefCell;

use indexmap::IndexMap;

/// So many names are compared at most: advice must not cost more than the check.
const COMPARED: usize = 2000;

/// A list of more is not read any more; `browser.do` has 31 actions.
const MOST: usize = 40;

/// Words that people bring along from elsewhere, and what they are called here.
const SYNONYMS: [(&str, &str); 21] = [
    ("string", "text"),
    ("str", "text"),
    ("number", "decimal"),
    ("float", "decimal"),
    ("money", "decimal"),
    ("int", "integer"),
    ("bool", "boolean"),
    ("array", "list"),
    ("dict", "object"),
    ("map", "object"),
    ("datetime", "date"),
    ("for", "each"),
    ("if_not", "unless"),
    ("params", "with"),
    ("args", "with"),
    ("if", "when"),
    ("uses", "bot"),
    ("loop", "for_each"),
    ("schedule", "cron"),
    ("at", "cron"),
    ("on", "triggers"),
];

/// Names, with what is said of them.
pub type Names = IndexMap<String, Option<String>>;

thread_local! {
    /// The word that is listened for, and the names that it was compared with.
    static LISTENING: RefCell<Option<(&'static str, Names)>> = const { RefCell::new(None) };
}

/// The names that this word is compared with while something is checked.
pub fn known_beside(word: &'static str, check: impl FnOnce()) -> Names {
    LISTENING.set(Some((word, Names::new())));
    check();
    LISTENING.take().map(|(_, names)| names).unwrap_or_default()
}

/// Tells whoever listens for this word which names are known at its place.
pub(crate) fn know<'a>(word: &str, names: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) {
    LISTENING.with_borrow_mut(|listening| {
        let Some((_, known)) = listening.as_mut().filter(|(it, _)| *it == word) else {
            return;
        };
        for (name, about) in names.into_iter().take(COMPARED) {
            let told = known.entry(name.to_owned()).or_default();
            *told = told.take().or_else(|| about.map(str::to_owned));
        }
    });
}

fn is_listened_for(word: &str) -> bool {
    LISTENING.with_borrow(|it| it.as_ref().is_some_and(|(listened, _)| *listened == word))
}

/// The candidate that is so near to `word` that it was probably meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if is_listened_for(word) {
        know(word, candidates.into_iter().map(|name| (name, None)));
        return None;
    }
    if word.len() > 100 {
        return None;
    }
    let (word, length) = (word.to_lowercase(), word.chars().count());
    // Short words are near to too many others.
    let allowed = match length {
        0..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    let meant = SYNONYMS.iter().find(|(synonym, _)| *synonym == word);
    let distance = |candidate: &str| match meant {
        Some((_, meant)) if *meant == candidate => 0,
        _ => strsim::damerau_levenshtein(&word, &candidate.to_lowercase()),
    };
    // Of three letters and less one may differ, but not the first.
    let begins = |candidate: &str| length > 3 || candidate.chars().next() == word.chars().next();
    let near = |candidate: &'a str| {
        let distance = distance(candidate);
        let near = distance == 0 || distance <= allowed && distance < length && begins(candidate);
        near.then_some((distance, candidate))
    };
    let candidates = candidates.into_iter().take(COMPARED);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 12)
        .filter_map(near)
        .min()
        .map(|(_, name)| name)
}

/// `did you mean …?`, or else what there is.
pub fn hint<'a>(
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
pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = names
        .take(MOST + 1)
        .map(|name| format!("`{name}`"))
        .collect();
    (1..=MOST).contains(&names.len()).then(|| names.join(", "))
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
