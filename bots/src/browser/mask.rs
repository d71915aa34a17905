//! Hides secrets in whatever is kept of a page.

use std::sync::Arc;

use botswain_bot::{Fault, Redactor};

/// The values that must not be seen, in each form in which a page or an address may hold them.
#[derive(Clone, Default)]
pub(crate) struct Mask {
    redactor: Arc<Redactor>,
    /// As they are typed.
    plain: Vec<String>,
}

impl Mask {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Mask {
        let secrets = secrets
            .into_iter()
            .filter(|secret| !secret.trim().is_empty());
        let mut plain: Vec<String> = secrets.map(str::to_owned).collect();
        // Longest first, so that a secret within another does not leave the rest standing.
        plain.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let redactor = Arc::new(Redactor::default());
        redactor.learn(plain.iter().map(String::as_str));
        Mask { redactor, plain }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// The secrets themselves, to hide them in a picture.
    pub(crate) fn plain(&self) -> &[String] {
        &self.plain
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        self.redactor.mask(text).into_owned()
    }

    /// The same of a text that was cut off, without its end.
    pub(crate) fn apply_cut(&self, text: &str) -> String {
        self.redactor.mask_cut(text)
    }

    pub(crate) fn fault(&self, mut fault: Fault) -> Fault {
        fault.message = self.apply(&fault.message);
        fault.hint = fault.hint.map(|hint| self.apply(&hint));
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_hidden() {
        let mask = Mask::new(["p\"a&s <w", "pass", ""]);
        for text in [
            "p\"a&s <w",
            "p&quot;a&amp;s &lt;w",
            "p\"a&amp;s &lt;w",
            r#"p\"a&s <w"#,
            "p%22a%26s+%3Cw",
            "p%22a%26s%20%3Cw",
            "pass",
        ] {
            assert_eq!(mask.apply(text), "•••", "{text}");
        }
        assert_eq!(Mask::default().apply("as it is"), "as it is");
    }
}
