//! `on_fault`: which faults its entries fit, and what follows from them.

use std::rc::Rc;

use indexmap::IndexMap;

use super::{Checker, side};
use crate::{
    check::names::Output,
    language::{
        model::{self, Word},
        suggest,
    },
    plan::{OnFault, Then},
    yaml::{Node, What},
};

/// What the steps of an entry leave.
type Left = IndexMap<String, Output>;

/// The words that `then` can be; all others in use mean one of them.
const THEN: [&str; 4] = ["retry", "park", "continue", "fail"];

/// What to write for a word alone.
fn alone(text: &str) -> String {
    let meant = match text.to_lowercase().as_str() {
        "skip" | "ignore" | "none" => Some("continue"),
        "stop" | "abort" => Some("fail"),
        "wait" | "ask" => Some("park"),
        word => THEN.into_iter().find(|known| *known == word),
    };
    match meant {
        Some(word) => format!("write `on_fault: {{ then: {word} }}`"),
        None => format!(
            "write `on_fault: {{ then: … }}` with one of: `{}`",
            THEN.join("`, `")
        ),
    }
}

impl Checker<'_, '_, '_> {
    pub(super) fn on_fault(&mut self, step: &model::Step, node: &Rc<Node>) -> Vec<OnFault> {
        let Some(entry) = node.get("on_fault") else {
            return Vec::new();
        };
        // One entry may stand without a list around it.
        let nodes = match &entry.node.what {
            What::List(items) => &items[..],
            _ => std::slice::from_ref(&entry.node),
        };
        if let (What::Scalar { text, .. }, true) = (&entry.node.what, entry.node.text().is_some()) {
            self.report
                .advise("language.type", &entry.node.span, alone(text));
        }
        let mut plan: Vec<(OnFault, &Node)> = Vec::new();
        let mut left = IndexMap::new();
        for (entry, place) in step.on_fault.0.iter().zip(nodes) {
            let Some(entry) = entry else { continue };
            let then = self.then(step, entry, (node, place)).map(|(then, more)| {
                left.extend(more);
                then
            });
            self.code(entry, place);
            if let Some(then) = then {
                let entry = OnFault {
                    code: entry.code.clone(),
                    category: entry.category,
                    then,
                };
                // An entry whose code could not be read fits nothing yet.
                if entry.code.is_some() || place.get("code").is_none() {
                    self.never_fits(&entry, &plan, place);
                    plan.push((entry, place));
                }
            }
        }
        // Only one entry counts, so none sees what another one did.
        let outside = self.scope.steps.len();
        self.scope.steps.extend(left);
        self.scope.may_lack_from(outside, None);
        plan.into_iter().map(|(entry, _)| entry).collect()
    }

    fn then(
        &mut self,
        step: &model::Step,
        entry: &model::OnFault,
        (node, place): (&Node, &Node),
    ) -> Option<(Then, Left)> {
        let then = place.get("then")?;
        let then = match entry.then.as_ref()? {
            model::Then::Word(Word::Retry) => {
                if node.get("bot").is_none() {
                    let message = "only what a bot did is tried again".to_owned();
                    let hint = "let it `park`, and a person can try it again".to_owned();
                    self.report
                        .hinted("steps.on_fault", &then.node.span, (message, Some(hint)));
                }
                Then::Retry
            }
            model::Then::Word(Word::Park) => Then::Park,
            model::Then::Word(Word::Continue) => Then::Continue,
            model::Then::Word(Word::Fail) => Then::Fail,
            model::Then::Steps(steps) => {
                let of = step.id.as_deref().unwrap_or_default();
                let fault = std::mem::replace(&mut self.scope.fault, true);
                let (plan, left) = self.body(steps, (&then.node, side(of, "entry", "")));
                self.scope.fault = fault;
                return Some((Then::Steps(plan), left));
            }
        };
        Some((then, Left::new()))
    }

    fn code(&mut self, entry: &model::OnFault, place: &Node) {
        let (Some(code), Some(written)) = (&entry.code, place.get("code")) else {
            return;
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let (noun, reason) = code.split_once('.').unwrap_or((code, ""));
        let word = |word: &str| !word.is_empty() && word.chars().all(plain);
        if !word(noun) || reason != "*" && !reason.split('.').all(word) {
            let message = format!("`{code}` is no code of a fault");
            let hint = match code.as_str() {
                "*" => "leave `code` out, then the entry fits every fault",
                _ => "write `http.status` for one, `http.*` for all of a noun",
            };
            self.report.hinted(
                "steps.on_fault",
                &written.node.span,
                (message, Some(hint.to_owned())),
            );
        } else if !self.may_come(code) {
            let message = format!("no fault has the code `{code}`, so this entry never fits");
            let known = self.catalogue.faults.iter().copied();
            let hint = match suggest::nearest(code, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "`botswain explain {noun}` lists those of its noun, `botswain explain` all"
                ),
            };
            let words = (message, Some(hint));
            self.report
                .warning("steps.on_fault", &written.node.span, words);
        }
    }

    /// Whether some fault can have the code, or one of the codes.
    fn may_come(&self, code: &str) -> bool {
        let faults = &self.catalogue.faults;
        let mut fitting = faults.iter().filter(|known| match code.strip_suffix('*') {
            Some(noun) => known.starts_with(noun),
            None => **known == code,
        });
        faults.is_empty() || fitting.next().is_some()
    }

    fn never_fits(&mut self, entry: &OnFault, before: &[(OnFault, &Node)], place: &Node) {
        if let Some((_, first)) = before.iter().find(|(first, _)| covers(first, entry)) {
            let line = self.report.line(&first.head());
            let message =
                format!("nothing is left for this entry: the one in line {line} fits it all");
            let hint = "put the narrower entry first".to_owned();
            self.report
                .warning("steps.on_fault", &place.head(), (message, Some(hint)));
        }
    }
}

/// Whether every fault that fits the second entry fits the first.
fn covers(first: &OnFault, second: &OnFault) -> bool {
    let code = match (&first.code, &second.code) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => match one.strip_suffix(".*") {
            Some(noun) => other.split('.').next() == Some(noun),
            None => one == other,
        },
    };
    code && (first.category.is_none() || first.category == second.category)
}
