//! Headers that carry a secret for all to read.
//!
//! In go the name and the value of one header, as a schema of the format
//! `headers` has them; out comes a warning. It is a guess, so never an error.

use super::Walk;
use crate::yaml::Node;

impl Walk<'_, '_, '_> {
    /// A header whose value is most probably a secret.
    pub(super) fn header(&mut self, name: &str, node: &Node) {
        let private = ["authorization", "proxy-authorization", "x-api-key"];
        let begins = ["Bearer ", "Basic ", "sk_"];
        let Some(text) = node.text().filter(|text| !text.contains("{{")) else {
            return;
        };
        let named = private.contains(&name.to_lowercase().as_str()) && !text.is_empty();
        if named || begins.iter().any(|start| text.starts_with(start)) {
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
