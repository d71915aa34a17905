//! Keeps what was typed into password fields out of every text.
//!
//! Invariant: no text that has gone through here holds such a value, plain or as
//! an address encodes it. Very short ones are looked for as whole texts only,
//! for they are part of everything.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::flow::is_secret_name;

const MARK: &str = "•••";
/// From how many bytes on a value is looked for within a text.
const TELLING: usize = 4;

#[derive(Clone, Debug, Default)]
pub(super) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    pub(super) fn of(secrets: impl Iterator<Item = String>) -> Mask {
        let mut secrets: Vec<String> = secrets.filter(|secret| !secret.is_empty()).collect();
        // The longest first, for one may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Mask { secrets }
    }

    pub(super) fn hits(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| {
            text == secret || (secret.len() >= TELLING && text.contains(secret.as_str()))
        })
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let telling = self.secrets.iter().filter(|secret| secret.len() >= TELLING);
        let masked = telling.fold(text.to_owned(), |text, secret| text.replace(secret, MARK));
        match self.hits(&masked) {
            true => MARK.to_owned(),
            false => masked,
        }
    }

    /// An address without its login and without parameters that hold a secret, and whether
    /// anything was taken out.
    pub(super) fn address(&self, url: &Url) -> (Url, bool) {
        let mut bare = url.clone();
        bare.set_username("").ok();
        bare.set_password(None).ok();
        let all: Vec<_> = url.query_pairs().collect();
        let open = all
            .iter()
            .filter(|(name, value)| !self.is_told(name, value));
        let open: Vec<_> = open.collect();
        match open.len() {
            0 => bare.set_query(None),
            kept if kept < all.len() => {
                let mut query = bare.query_pairs_mut();
                query.clear();
                for (name, value) in open {
                    query.append_pair(name, value);
                }
            }
            _ => (),
        }
        if url.fragment().is_some_and(|it| self.hits_encoded(it)) {
            bare.set_fragment(None);
        }
        if self.hits_encoded(url.path()) {
            bare.set_path("/");
        }
        let taken = bare != *url;
        (bare, taken)
    }

    fn is_told(&self, name: &str, value: &str) -> bool {
        is_secret_name(&name.to_lowercase()) || self.hits(value) || self.hits(name)
    }

    fn hits_encoded(&self, text: &str) -> bool {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        self.hits(text) || self.hits(&decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_no_text_and_no_address() {
        let mask = Mask::of(["s3cret&more".to_owned(), "7".to_owned()].into_iter());
        assert_eq!(mask.apply("it was s3cret&more!"), "it was •••!");
        assert_eq!(mask.apply("7"), "•••");
        assert_eq!(mask.apply("room 7"), "room 7");
        let bare = |text: &str| {
            let (url, taken) = mask.address(&Url::parse(text).expect("an address"));
            (url.to_string(), taken)
        };
        let told = |text: &str, taken: bool| (text.to_owned(), taken);
        assert_eq!(
            bare("https://a:b@x.example/login?user=a&password=b"),
            told("https://x.example/login?user=a", true)
        );
        assert_eq!(
            bare("https://x.example/?q=s3cret%26more#s3cret%26more"),
            told("https://x.example/", true)
        );
        assert_eq!(
            bare("https://x.example/s3cret%26more/a"),
            told("https://x.example/", true)
        );
        assert_eq!(
            bare("https://x.example/a?q=1%202"),
            told("https://x.example/a?q=1%202", false)
        );
    }
}
