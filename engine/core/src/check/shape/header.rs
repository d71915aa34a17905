//! Headers that cannot be sent, and those that carry a secret for all to read.
//!
//! In go the name and the value of one header, as a schema of the format
//! `headers` has them; out comes what is wrong. That a value is a secret is a
//! guess, so never an error.

use super::Walk;
use crate::yaml::Node;

impl Walk<'_, '_, '_> {
    /// One header, by its name.
    pub(super) fn header(&mut self, name: &str, node: &Node) {
        let Some(text) = node.text() else { return };
        if let Some((message, hint)) = unsendable(name, text) {
            let words = ("language.value", message);
            return self.bad(node, words, Some(hint.to_owned()));
        }
        if !text.contains("{{") && is_secret(name, text) {
            let message = format!("`{name}` is a secret in plain text");
            let hint = "keep it with `botswain secret set NAME`, and let the `auth` of a connection send it";
            self.report.warning(
                "secrets.plain_text",
                &node.span,
                (message, Some(hint.to_owned())),
            );
        }
    }
}

/// A header that no server would be sent (RFC 9110, 5.1 and 5.5).
fn unsendable(name: &str, text: &str) -> Option<(String, &'static str)> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        let message = format!("`{name}` cannot be the name of a header");
        return Some((message, "use letters, digits and `-`, as in `X-Shop`"));
    }
    text.contains(char::is_control).then(|| {
        let message = format!("the header `{name}` has a line break in it");
        (message, "write it on one line")
    })
}

/// A header whose value is most probably a secret.
fn is_secret(name: &str, text: &str) -> bool {
    let private = ["authorization", "proxy-authorization", "x-api-key"];
    let begins = ["Bearer ", "Basic ", "sk_"];
    let named = private.contains(&name.to_lowercase().as_str()) && !text.is_empty();
    named || begins.iter().any(|start| text.starts_with(start))
}
