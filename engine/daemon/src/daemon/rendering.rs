//! What the engine asks to be rendered, and where that is done.
//!
//! Most templates see next to nothing and take microseconds, no more than handing them over would:
//! they are rendered on the loop. With a few small values it is a task of its own. What reads the
//! disk, or may go through long lists, gets a thread on which it may block.

use std::sync::Arc;

use botswain_core::{
    Payload,
    engine::{
        Event,
        event::{Answer, Scope, Subject},
    },
    plan::Version,
};
use indexmap::IndexMap;
use serde_json::Value;

use super::parts::Parts;

/// So many values, lists and texts within each other, are gone through in a moment.
const FEW: usize = 500;
/// So many are next to nothing, even for a list within a list.
const HARDLY_ANY: usize = 16;

/// Where something is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Loop,
    Task,
    Thread,
}

/// Something to be rendered.
pub(crate) struct Rendering {
    pub(crate) version: Arc<Version>,
    pub(crate) scope: Box<Scope>,
    pub(crate) edits: IndexMap<String, Value>,
    pub(crate) subject: Subject,
}

impl Rendering {
    /// The nearest place where nobody waits for it longer than a moment.
    pub(super) fn place(&self) -> Place {
        match self.values() {
            Some(values) if values <= HARDLY_ANY => Place::Loop,
            Some(_) => Place::Task,
            None => Place::Thread,
        }
    }

    /// How many values it sees, if they are few and none has to be read from the disk.
    fn values(&self) -> Option<usize> {
        let list = match &self.subject {
            Subject::Item { list, .. } => Some(list.as_ref()),
            Subject::Verdict { said, .. } => Some(said),
            Subject::Callee(_) => return None,
            _ => None,
        };
        let seen = std::iter::once(self.scope.inputs.as_ref())
            .chain(self.scope.steps.values().map(Arc::as_ref))
            .chain(self.scope.items.iter().map(|item| &item.value));
        let mut left = FEW;
        let light = seen.chain(list).all(|payload| match payload {
            Payload::Inline(value) => is_at_hand(value, &mut left),
            Payload::Stored(_) => false,
        });
        light.then_some(FEW - left)
    }

    /// Renders; a fault is an answer too.
    pub(crate) fn answer(self, parts: &Parts) -> Event {
        let Rendering {
            version,
            scope,
            edits,
            subject,
        } = self;
        let answer = parts.evaluator(|it| it.answer(&version, &scope, &edits, &subject));
        let answer = answer.unwrap_or_else(|fault| Answer::Fault(Box::new(fault)));
        if let Answer::Fault(fault) = &answer {
            tracing::warn!(run = %scope.run, code = fault.code, "{}", fault.message);
        }
        Event::Evaluated {
            run: scope.run,
            subject,
            answer: Box::new(answer),
            holder: None,
        }
    }
}

/// Whether a value is all there, no table, and fits into what is left.
fn is_at_hand(value: &Value, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter().all(|item| is_at_hand(item, left)),
        Value::Object(map) => {
            !map.contains_key("$table") && map.values().all(|value| is_at_hand(value, left))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_and_long_lists_are_not_at_hand() {
        let light = |value: Value| is_at_hand(&value, &mut FEW.clone());
        assert!(light(json!({ "stock": [{ "sku": "0064", "level": 12 }] })));
        assert!(!light(json!({ "rows": { "$table": "00", "rows": 3 } })));
        assert!(!light(json!(vec![1; FEW])));
        assert!(light(json!(vec![1; FEW - 1])));
    }
}
