//! Hides secrets in whatever is kept of a page.

use botswain_bot::Fault;
use reqwest::Url;

/// The values that must not be seen, in each form in which a page or an address may hold them.
#[derive(Clone, Default)]
pub(crate) struct Mask {
    /// Longest first, so that a secret within another does not leave the rest standing.
    hidden: Vec<String>,
    /// As they are typed.
    plain: Vec<String>,
}

impl Mask {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Mask {
        let secrets = secrets
            .into_iter()
            .filter(|secret| !secret.trim().is_empty());
        let mut plain: Vec<String> = secrets.map(str::to_owned).collect();
        plain.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut hidden: Vec<String> = plain.iter().flat_map(|secret| forms(secret)).collect();
        hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        hidden.dedup();
        Mask { hidden, plain }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// The secrets themselves, to hide them in a picture.
    pub(crate) fn plain(&self) -> &[String] {
        &self.plain
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.hidden {
            if masked.contains(secret) {
                masked = masked.replace(secret, "•••");
            }
        }
        masked
    }

    pub(crate) fn fault(&self, mut fault: Fault) -> Fault {
        fault.message = self.apply(&fault.message);
        fault.hint = fault.hint.map(|hint| self.apply(&hint));
        fault
    }
}

fn forms(secret: &str) -> Vec<String> {
    let text = secret.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    let quoted = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        text.replace('"', "&quot;"),
        text,
        quoted[1..quoted.len() - 1].to_owned(),
    ];
    if let Ok(mut url) = Url::parse("http://localhost/") {
        url.query_pairs_mut().append_key_only(secret);
        let query = url.query().unwrap_or_default().to_owned();
        forms.push(query.replace('+', "%20"));
        forms.push(query);
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_hidden() {
        let mask = Mask::new(["p\"a&s <w", "p", ""]);
        for text in [
            "p\"a&s <w",
            "p&quot;a&amp;s &lt;w",
            "p\"a&amp;s &lt;w",
            r#"p\"a&s <w"#,
            "p%22a%26s+%3Cw",
            "p%22a%26s%20%3Cw",
        ] {
            assert_eq!(mask.apply(text), "•••", "{text}");
        }
        assert_eq!(Mask::default().apply("as it is"), "as it is");
    }
}
