//! Texts that are more than text: paths, addresses, and what another reader of YAML mistakes.
//!
//! In go the text and its node; a path is noted for whoever knows the folder, of
//! the others comes what is wrong.

use std::rc::Rc;

use serde_json::Value;

use super::{At, Literal, Walk, types, words::address_hint};
use crate::{
    catalogue::Way,
    yaml::{Node, What},
};

impl Walk<'_, '_, '_> {
    pub(super) fn path(&mut self, way: Way, node: &Rc<Node>) {
        if self.shape.templates {
            let node = Rc::clone(node);
            self.found.paths.push(Literal { node, way });
        }
    }

    /// A whole address, as of a request without a connection.
    pub(super) fn address(&mut self, text: &str, node: &Rc<Node>, at: At<'_>) {
        if let Some(hint) = address_hint(text) {
            let message = format!("{} expects a whole address, found `{text}`", at.name);
            self.bad(node, ("language.value", message), Some(hint));
        }
    }

    /// Text that another reader of YAML takes for something else.
    pub(super) fn unquoted(&mut self, schema: &Value, text: &str, node: &Node) {
        let switch = ["yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
        let date = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        let plain = matches!(&node.what, What::Scalar { plain: true, .. });
        let only_text = types(schema).is_some_and(|types| {
            let text = |kind: &&str| ["string", "null"].contains(kind);
            types.contains(&"string") && types.iter().all(text)
        });
        if plain && only_text && schema.get("enum").is_none() && (switch || date) {
            let what = if date { "a date" } else { "true or false" };
            self.report.warning(
                "yaml.unquoted",
                &node.span,
                (
                    format!("`{text}` is text here, but many programs read it as {what}"),
                    Some(format!("write `\"{text}\"`")),
                ),
            );
        }
    }
}
