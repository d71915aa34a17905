//! Masks secrets in texts that are kept or shown: faults, logs, pages, answers.
//!
//! It knows the values that it was told, and what a value looks like after the
//! usual encodings: in a URL, in a form, in JSON, in HTML, in base64 at each of
//! the three places it can take in a longer text. It works on whole texts; a value
//! that was cut in pieces it cannot know, so whoever shortens a text masks it first.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    sync::{PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stands in place of a secret.
pub const MASK: &str = "•••";

/// The shortest encoded form that is looked for: shorter ones turn up by chance.
const SHORTEST_FORM: usize = 4;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Default)]
pub struct Redactor {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    forms: BTreeSet<String>,
    search: Option<AhoCorasick>,
}

impl Redactor {
    /// Masks these too from now on. Nothing is ever forgotten, for a secret that was replaced
    /// may still be in use, and in texts.
    pub fn learn<'a>(&self, values: impl IntoIterator<Item = &'a str>) {
        let new: BTreeSet<String> = values.into_iter().flat_map(forms).collect();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if new.is_subset(&known.forms) {
            return;
        }
        known.forms.extend(new);
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&known.forms);
        known.search = Some(search.expect("secrets are few and short"));
    }

    /// `text` with every secret in it masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match &known.search {
            Some(search) if search.is_match(text) => {
                let masks = vec![MASK; known.forms.len()];
                Cow::Owned(search.replace_all(text, &masks))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// The same of a text that was cut off, without its end, where the beginning of a secret may be.
    pub fn mask_cut(&self, text: &str) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let longest = known.forms.iter().map(String::len).max().unwrap_or(0);
        let whole = text.len().saturating_sub(longest.saturating_sub(1));
        drop(known);
        self.mask(&text[..text.floor_char_boundary(whole)])
            .into_owned()
    }

    /// Masks every text in a value, keys included.
    pub fn mask_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask(text).into_owned()),
            Value::Array(items) => items.iter().map(|item| self.mask_value(item)).collect(),
            Value::Object(map) => {
                let entries = map.iter();
                entries
                    .map(|(key, value)| (self.mask(key).into_owned(), self.mask_value(value)))
                    .collect()
            }
            // A secret of digits alone may come back as a number.
            Value::Number(number) => match self.mask(&number.to_string()) {
                Cow::Borrowed(_) => value.clone(),
                Cow::Owned(masked) => Value::String(masked),
            },
            Value::Bool(_) | Value::Null => value.clone(),
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// The ways in which a value can stand in a text.
fn forms(value: &str) -> Vec<String> {
    let url = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let json = Value::String(value.to_owned()).to_string();
    let mut forms = vec![
        value.to_owned(),
        json[1..json.len() - 1].to_owned(),
        url.replace("%20", "+"),
        url.to_ascii_lowercase(),
        url,
        gently_encoded(value),
        gently_encoded(value).replace("%20", "+"),
        html(value),
        html(value).replace("&quot;", "\""),
        format!("{value:?}").trim_matches('"').to_owned(),
    ];
    for place in 0..3 {
        forms.push(within_base64(&STANDARD_NO_PAD, value, place));
        forms.push(within_base64(&URL_SAFE_NO_PAD, value, place));
    }
    forms.retain(|form| form.len() >= SHORTEST_FORM);
    forms
}

/// As most URL writers do it.
fn gently_encoded(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

fn html(value: &str) -> String {
    let text = value.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// The characters of base64 that depend on `value` alone, when `place` bytes (0 to 2) precede
/// it in its group of three.
fn within_base64(engine: &impl Engine, value: &str, place: usize) -> String {
    let mut bytes = vec![0; place];
    bytes.extend_from_slice(value.as_bytes());
    let text = engine.encode(&bytes);
    let first = [0, 2, 3][place];
    let whole = bytes.len() * 8 / 6;
    text.get(first..whole).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use serde_json::json;

    use super::*;

    const SECRET: &str = "pä$s \"w0rd\\&<x>/?";

    fn redactor() -> Redactor {
        let redactor = Redactor::default();
        redactor.learn([SECRET, "12345"]);
        redactor
    }

    #[test]
    fn it_is_masked_in_every_dress() {
        let redactor = redactor();
        let url = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
        let texts = [
            SECRET.to_owned(),
            json!({ "password": SECRET }).to_string(),
            format!("https://shop/?p={url}&q=1"),
            format!("https://shop/?p={}", url.to_lowercase()),
            format!("p={}", url.replace("%20", "+")),
            format!("{:?}", SECRET),
            "<p title=\"pä$s &quot;w0rd\\&amp;&lt;x&gt;/?\">".to_owned(),
            "<p>pä$s \"w0rd\\&amp;&lt;x&gt;/?</p>".to_owned(),
            STANDARD.encode(SECRET),
            URL_SAFE.encode(SECRET),
            format!(
                "Authorization: Basic {}",
                STANDARD.encode(format!("user:{SECRET}"))
            ),
            format!("Basic {}", STANDARD.encode(format!("use:{SECRET}"))),
            format!("Basic {}", STANDARD.encode(format!("users:{SECRET}"))),
        ];
        for text in texts {
            let masked = redactor.mask(&text).into_owned();
            assert!(masked.contains(MASK), "{masked}");
            let left = masked.replace(MASK, "");
            for piece in ["w0rd", "pä", "p%C3", &STANDARD.encode(SECRET)[4..12]] {
                assert!(!left.contains(piece), "`{piece}` is left in {masked}");
            }
        }
    }

    #[test]
    fn nothing_is_left_of_one_that_was_cut() {
        let redactor = redactor();
        let text = format!("{}{SECRET}", "ä".repeat(200));
        for (end, _) in text.char_indices().skip(200) {
            assert!(!redactor.mask_cut(&text[..end]).contains('p'), "{end}");
        }
        assert_eq!(Redactor::default().mask_cut("as it is"), "as it is");
    }

    #[test]
    fn everything_else_stays() {
        let redactor = redactor();
        assert_eq!(
            redactor.mask("order 1234 was saved"),
            "order 1234 was saved"
        );
        assert_eq!(Redactor::default().mask(SECRET), SECRET);
    }

    #[test]
    fn values_keep_their_shape() {
        let value = json!({ "a": [SECRET, 1.50, null, 12345], SECRET: true });
        let masked = redactor().mask_value(&value);
        assert_eq!(masked, json!({ "a": [MASK, 1.50, null, MASK], MASK: true }));
    }

    #[test]
    fn what_was_learned_is_not_forgotten() {
        let redactor = redactor();
        redactor.learn(["another one"]);
        let masked = redactor.mask("12345 and another one").into_owned();
        assert_eq!(masked, format!("{MASK} and {MASK}"));
        assert_eq!(format!("{redactor:?}"), "Redactor");
    }
}
