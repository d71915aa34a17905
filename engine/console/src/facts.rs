//! Facts as a person reads them: when, what and where, and beneath it as it was written down.

use botswain_core::run::fact::{Fact, What};
use maud::{Markup, html};
use serde_json::Value;

use crate::frame::Frame;

/// How much of one is shown as it was written down, in characters; the evidence has all of it.
const LONGEST: usize = 4_000;

/// What a fact says beside its kind.
#[derive(Default)]
struct Told {
    step: Option<String>,
    by: Option<String>,
    /// In words of whoever said it.
    text: Option<String>,
}

impl Frame {
    /// Facts in the order in which they happened.
    pub(crate) fn happenings(&self, facts: &[Fact]) -> Markup {
        let words = self.words();
        html! {
            ol class="happened" {
                @for fact in facts {
                    @let told = told(fact);
                    li {
                        div {
                            (self.moment(fact.at)) " "
                            @if let Some(step) = &told.step { strong { (step) } " " }
                            ((words.of_run.fact)(&fact.what))
                            @if let Some(by) = &told.by { " · " (by) }
                            @if let Some(text) = &told.text { blockquote { (text) } }
                        }
                        details class="small" {
                            summary { (words.of_run.as_written) }
                            pre class="json" translate="no" { (written(fact)) }
                        }
                    }
                }
            }
        }
    }
}

fn written(fact: &Fact) -> String {
    let text = serde_json::to_string_pretty(&fact.what).unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads it from its written form: what all kinds call alike is found in all of them.
fn told(fact: &Fact) -> Told {
    let mut told = Told::default();
    let Ok(Value::Object(map)) = serde_json::to_value(&fact.what) else {
        return told;
    };
    let Some(inner) = map.values().next() else {
        return told;
    };
    let text = |name: &str| inner.get(name).and_then(Value::as_str).map(str::to_owned);
    told.step = text("step");
    told.by = text("by");
    told.text = match &fact.what {
        What::Failed { fault, .. } | What::Blocked { fault, .. } => {
            Some(format!("{}: {}", fault.code, fault.message))
        }
        What::Warned { warnings, .. } => Some(warnings.join("\n")),
        What::Asked { approval, .. } => Some(approval.question.clone()),
        _ => text("note"),
    };
    told
}
