//! Names of pages in the locators of a step: whether there are such, and what they stand for.

use super::Checker;
use crate::{
    check::shape::Named,
    language::pages::{self, Nameless},
    yaml::{Node, Span},
};

impl Checker<'_, '_, '_> {
    /// Takes down what each of these locators stands for, and the pages that they name.
    pub(super) fn pages(&mut self, found: &[Named]) {
        for named in found {
            match pages::expand(&self.catalogue.pages, &named.written) {
                Ok(meant) => {
                    for name in meant.pages {
                        let text = self.catalogue.pages[&name].text.clone();
                        self.pages.insert(name, text);
                    }
                    self.meant.insert(named.span.start, meant.locator);
                }
                Err(wrong) => self.nameless(named, wrong),
            }
        }
    }

    fn nameless(&mut self, named: &Named, wrong: Nameless) {
        let name = &named.written[wrong.at];
        // Quotes and escapes make the file's words longer than what they mean.
        let place = self.report.raw(&named.span).find(name);
        let span = place.map_or_else(
            || named.span.clone(),
            |at| {
                let start = named.span.start + at;
                start..start + name.len()
            },
        );
        self.report
            .hinted(wrong.code, &span, (wrong.message, wrong.hint));
    }

    /// The parameters in a map as they are meant: with what the names of pages stand for.
    pub(super) fn with(&self, node: &Node) -> serde_json::Value {
        let meant = |span: &Span| self.meant.get(&span.start).cloned();
        let with = node
            .get("with")
            .map(|entry| entry.node.to_json_with(&meant));
        with.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()))
    }
}
