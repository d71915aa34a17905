//! Steps that need nobody else: `wait_until`, `set` and `fail`.

use std::rc::Rc;

use indexmap::IndexMap;
use jiff::{Timestamp, civil};

use super::{Checker, Made};
use crate::{
    check::{inputs::day, names::Output},
    fault::Category,
    ids::StepId,
    language::model,
    plan::{Fail, Kind, Path, Template},
    yaml::Node,
};

impl Checker<'_, '_, '_> {
    pub(super) fn wait_until(&mut self, node: &Rc<Node>, reads: &mut Vec<Path>) -> Made {
        let Some(entry) = node.get("wait_until") else {
            return (None, Output::Nothing);
        };
        let text = entry.node.words().unwrap_or_default();
        let known = self.template(&entry.node, reads);
        let problem = match known.is_none_of(&["string"]) {
            Some(is) => Some(format!(
                "`wait_until` takes a day or a moment, this is {is}"
            )),
            None if text.contains("{{") || is_moment(text) => None,
            None => Some(format!("`{text}` is no day and no moment")),
        };
        if let Some(message) = problem {
            let usual = "a day is written `2026-03-29`, a moment `2026-03-29T10:00`";
            let hint = day(text).unwrap_or_else(|| usual.to_owned());
            self.report.hinted(
                "steps.wait_until",
                &entry.node.head(),
                (message, Some(hint)),
            );
        }
        let until = Template(text.to_owned());
        (Some(Kind::WaitUntil(until)), Output::Nothing)
    }

    pub(super) fn set(&mut self, node: &Rc<Node>, reads: &mut Vec<Path>) -> Made {
        let values = node.get("set").map(|entry| &*entry.node);
        if let Some(empty) = values.filter(|values| values.map().is_some_and(IndexMap::is_empty)) {
            let message = "a `set` needs at least one name";
            let hint = "as in `set: { total: \"{{len steps.lines.rows}}\" }`".to_owned();
            self.report
                .hinted("steps.set", &empty.span, (message, Some(hint)));
        }
        self.value_names(values, "a value");
        let (plan, known) = self.templates(values, reads);
        (Some(Kind::Set(plan)), Output::Named(known))
    }

    /// Names that the author gives to values have to be such as a template can read.
    pub(in crate::check) fn value_names(&mut self, values: Option<&Node>, what: &str) {
        for (name, entry) in values.and_then(Node::map).into_iter().flatten() {
            if !StepId::is_valid(name) {
                let message = format!("`{name}` cannot be the name of {what}");
                let hint = "use letters, digits, `-` and `_`, beginning with a letter".to_owned();
                self.report
                    .hinted("language.name", &entry.key, (message, Some(hint)));
            }
        }
    }

    pub(super) fn fail(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Made {
        if let Some(entry) = node.get("fail") {
            self.text_of("fail", &entry.node, reads);
        }
        let fail = step.fail.clone().map(|message| Fail {
            message: Template(message),
            category: step.category.unwrap_or(Category::Business),
        });
        (fail.map(Kind::Fail), Output::Nothing)
    }

    /// A template for people to read.
    pub(super) fn text_of(&mut self, key: &str, node: &Node, reads: &mut Vec<Path>) {
        let known = self.template(node, reads);
        if let Some(is) = known.is_none_of(&["string", "number", "boolean"]) {
            let message = format!("`{key}` takes text, this is {is}");
            let hint = "name the part of it that is meant, or write text around it".to_owned();
            self.report
                .hinted("steps.text", &node.head(), (message, Some(hint)));
        }
        if node.words().is_some_and(|words| words.trim().is_empty()) {
            let hint = "write what a person should read".to_owned();
            let words = (format!("`{key}` says nothing"), Some(hint));
            self.report.hinted("steps.text", &node.span, words);
        }
    }
}

/// A day, or a day with a time, in the instance's zone or with one of its own.
fn is_moment(text: &str) -> bool {
    let day = text.len() == 10 && text.parse::<civil::Date>().is_ok();
    day || text.parse::<Timestamp>().is_ok()
        || text.contains('T') && text.parse::<civil::DateTime>().is_ok()
}
