//! `approve`: the question, what is shown, and who is asked.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Checker, Made};
use crate::{
    check::{known::Known, names::Output},
    language::model,
    plan::{Approve, Escalate, Kind, Path, Template},
    yaml::Node,
};

impl Checker<'_, '_, '_> {
    pub(super) fn approve(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Made {
        if let Some(entry) = node.get("approve") {
            self.text_of("approve", &entry.node, reads);
        }
        let show = node.get("show");
        if let Some(entry) = show {
            self.anything(&entry.node, "`show`", reads);
        }
        let ask = self.groups(node.get("ask").map(|entry| &*entry.node));
        let escalate = self.escalate(step, node);
        let approve = step.approve.clone().map(|question| Approve {
            question: Template(question),
            show: show.map_or(Value::Null, |entry| entry.node.to_json()),
            ask,
            escalate,
            required: step.required.unwrap_or(1),
            self_approval: step.self_approval.unwrap_or(true),
        });
        (approve.map(Kind::Approve), Output::Known(approval()))
    }

    fn escalate(&mut self, step: &model::Step, node: &Node) -> Option<Escalate> {
        let entry = node.get("escalate")?;
        let to = self.groups(entry.node.get("to").map(|entry| &*entry.node));
        let after = step.escalate.as_ref()?.after?.0;
        Some(Escalate { after, to })
    }
}

/// What an answer leaves.
fn approval() -> Known {
    let text = || json!({ "type": "string" });
    Known::of(json!({
        "type": "object",
        "properties": {
            "approved_by": text(), "approved_at": text(), "note": { "type": ["string", "null"] }
        },
        "required": ["approved_by", "approved_at", "note"],
        "additionalProperties": false
    }))
}
