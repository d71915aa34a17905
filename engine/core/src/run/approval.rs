//! Who may say yes to an approval, and when enough have.

use serde_json::json;

use super::{
    Record, Status, Why,
    fact::{Approval, Fact, What},
};
use crate::{fault::Fault, value::Payload};

/// What one more yes makes of an approval.
pub(super) enum Yes {
    Enough,
    OneOfSeveral,
}

impl Record {
    /// Takes somebody's yes; none when it is not one that this step waits for.
    pub(super) fn approved_by(&mut self, fact: &Fact) -> Option<Yes> {
        let Status::Parked {
            why: Why::Approval {
                approval, approved, ..
            },
            ..
        } = &mut self.status
        else {
            return None;
        };
        let by = decider(fact)?;
        if barred(approval, approved, by).is_some() {
            return None;
        }
        approved.push(by.to_owned());
        Some(match approved.len() < approval.required as usize {
            true => Yes::OneOfSeveral,
            false => Yes::Enough,
        })
    }
}

/// Why somebody may not say yes, as far as the run knows.
pub(crate) fn barred(approval: &Approval, approved: &[String], by: &str) -> Option<String> {
    if approval.not.as_deref() == Some(by) {
        return Some(format!(
            "{by} has started the run, so somebody else approves it"
        ));
    }
    let has_approved = approved.iter().any(|it| it == by);
    has_approved.then(|| {
        let (so_far, required) = (approved.len(), approval.required);
        format!("{by} has approved it already; it takes {required} people, and {so_far} have")
    })
}

fn decider(fact: &Fact) -> Option<&str> {
    match &fact.what {
        What::Resolved { by, .. } => Some(by),
        _ => None,
    }
}

/// Who approved, when, and what the last one said.
pub(super) fn answer(approved: &[String], fact: &Fact) -> Payload {
    let note = match &fact.what {
        What::Resolved { note, .. } => note.as_ref(),
        _ => None,
    };
    let by = approved.join(", ");
    json!({ "approved_by": by, "approved_at": fact.at.to_string(), "note": note }).into()
}

/// The fault that a rejection is.
pub(crate) fn rejection(question: &str, by: &str, note: Option<&str>) -> Fault {
    let why = note.map(|note| format!(": {note}")).unwrap_or_default();
    Fault::business(
        "approval.rejected",
        format!("{by} rejected `{question}`{why}"),
    )
}
