//! What a template may name at the place where it stands, and what is below it.
//!
//! Steps become visible when they have been passed and invisible again when the
//! loop around them ends. Below a step stands what its bot's output schema says
//! for the parameters in the file.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{absent::Absent, infer::Names, known::Known};
use crate::{language::suggest, plan::InputKind};

/// The first names that every step may use.
const ROOTS: [&str; 7] = ["inputs", "steps", "item", "run", "today", "now", "secrets"];
/// What failed, where something is done about it.
const FAULT: &str = "fault";
/// The first names of a trigger's inputs.
const TRIGGER_ROOTS: [&str; 3] = ["trigger", "today", "now"];

/// Whether a loop variable of this name would hide something.
pub(crate) fn is_root(name: &str) -> bool {
    ROOTS.contains(&name) || [FAULT, "trigger", "this"].contains(&name)
}

/// What a step leaves behind.
pub(crate) enum Output {
    Any,
    /// The step is done for what it does, not for what it gives.
    Nothing,
    Loop,
    Known(Known),
    /// Values by their names.
    Named(IndexMap<String, Known>),
    /// Asked for when somebody reads it, for schemas cost time to make.
    Bot {
        output: fn(&Value) -> Value,
        with: Value,
        known: OnceCell<Known>,
    },
}

impl Output {
    pub(crate) fn known(&self) -> Known {
        match self {
            Output::Any => Known::any(),
            Output::Nothing => Known::kind("null"),
            Output::Known(known) => known.clone(),
            Output::Named(values) => Known::map(values),
            Output::Loop => Known::of(loop_output()),
            Output::Bot {
                output,
                with,
                known,
            } => known.get_or_init(|| Known::of(output(with))).clone(),
        }
    }
}

fn loop_output() -> Value {
    let count = || json!({ "type": "integer" });
    json!({
        "type": "object",
        "properties": {
            "total": count(), "succeeded": count(), "skipped": count(), "failed": count(),
            "cancelled": count(), "open": count(), "items": { "type": "array" }
        },
        "additionalProperties": false
    })
}

/// The names that can be read at one place in the file.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) inputs: IndexMap<String, Option<InputKind>>,
    /// The steps that have run, in order.
    pub(crate) steps: IndexMap<String, Output>,
    /// The loops around, outside first.
    pub(crate) loops: Vec<Loop>,
    /// Every id of the file, and where it stands.
    pub(crate) ids: HashMap<String, Place>,
    /// The ids that several steps have: nobody knows which of them is meant.
    pub(crate) twice: HashSet<String>,
    /// The step that is being read.
    pub(crate) here: String,
    /// The branches and cases around, outside first.
    pub(crate) bodies: Vec<Side>,
    /// Which of the steps may have been left out.
    pub(crate) absent: Absent,
    /// The step whose item has this name, for every loop of the file.
    pub(crate) items: HashMap<String, String>,
    /// Whether this is about something that failed.
    pub(crate) fault: bool,
    /// What a bot that verifies has answered; its names come before all others.
    pub(crate) answer: Option<Known>,
    /// What `trigger` has, where this is a trigger, which comes before everything else.
    pub(crate) trigger: Option<Known>,
}

/// Where an id stands in the file.
#[derive(Clone, Default)]
pub(crate) struct Place {
    /// The loop around it.
    pub(crate) inside: Option<String>,
    /// The branch or case in which it stands.
    pub(crate) side: Option<Side>,
}

/// One of several lists of steps in a step.
#[derive(Clone, PartialEq)]
pub(crate) struct Side {
    /// The step with the branches or cases.
    pub(crate) of: String,
    /// Which one.
    pub(crate) name: String,
    /// The author's word for it.
    pub(crate) kind: &'static str,
}

/// A loop around the place that is checked.
pub(crate) struct Loop {
    /// What its item is called.
    pub(crate) name: String,
    pub(crate) item: Known,
    /// Whether an item is known again.
    pub(crate) keyed: bool,
}

/// A name that is not there: which part of the path, and what to say.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub(crate) part: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Names for Scope {
    fn resolve(&self, path: &[String]) -> Result<Known, Unknown> {
        let root = path.first().map_or("", String::as_str);
        if let Some(answer) = self.answer.as_ref().filter(|_| self.is_answered(root)) {
            return answer.below(path, 0);
        }
        let (known, taken) = self.root(root, path)?;
        known.below(path, taken)
    }
}

impl Scope {
    /// Notes that all steps from a place on may have been left out, under one condition.
    pub(crate) fn may_lack_from(&mut self, from: usize, when: Option<&String>) {
        for step in self.steps.keys().skip(from) {
            self.absent.add(step, when);
        }
    }

    /// Whether this name is one of the answer of a bot that verifies.
    pub(crate) fn is_answered(&self, root: &str) -> bool {
        let Some(answer) = &self.answer else {
            return false;
        };
        match answer.names()[..] {
            // Nobody knows what the answer holds, so every name that is no other may be in it.
            [] => !is_root(root) && !self.loops.iter().any(|one| one.name == root),
            ref names => names.contains(&root),
        }
    }

    fn root(&self, root: &str, path: &[String]) -> Result<(Known, usize), Unknown> {
        if let Some(trigger) = &self.trigger {
            return match root {
                "trigger" => Ok((trigger.clone(), 1)),
                "today" | "now" => Ok((Known::text(), 1)),
                _ => Err(self.no_root(root)),
            };
        }
        if let Some(one) = self.loops.iter().rev().find(|one| one.name == root) {
            return Ok((one.item.clone(), 1));
        }
        match root {
            "inputs" => self.input(path),
            "steps" => self.step(path),
            "item" if self.loops.is_empty() => Err(Unknown {
                part: 0,
                message: "`item` is there only inside a `for_each`".to_owned(),
                hint: Some("move the step among the `steps` of the `for_each`".to_owned()),
            }),
            "item" => Ok((closed(&[("key", kind("string")), ("index", kind("integer"))]), 1)),
            "run" => {
                let names = ["id", "workflow", "scheduled_for"];
                Ok((closed(&names.map(|name| (name, kind("string")))), 1))
            }
            "today" | "now" => Ok((Known::text(), 1)),
            "secrets" => Ok((Known::any(), path.len())),
            FAULT if self.fault => Ok((fault(), 1)),
            FAULT => Err(Unknown {
                part: 0,
                message: "there is no `fault` here".to_owned(),
                hint: Some(
                    "it is there in the steps of `on_fault` and of `on_failure`, not in a `for_each` among them"
                        .to_owned(),
                ),
            }),
            // A loop whose item has no name has been told already.
            _ if self.loops.iter().any(|one| one.name.is_empty()) => Ok((Known::any(), path.len())),
            _ => Err(self.no_root(root)),
        }
    }

    fn no_root(&self, root: &str) -> Unknown {
        let own = self.loops.iter().map(|one| one.name.as_str());
        let hint = match self.trigger.is_some() {
            true => suggest::hint(root, "a trigger can read", TRIGGER_ROOTS),
            false if root == "trigger" => Some(
                "a run knows `run.scheduled_for`; a trigger gives more to it by its own `inputs:`"
                    .to_owned(),
            ),
            false if self.items.contains_key(root) => Some(format!(
                "it is the item of `{}`, and is there only in the steps of that",
                self.items[root]
            )),
            false if self.inputs.contains_key(root) => {
                Some(format!("did you mean `inputs.{root}`?"))
            }
            false if self.steps.contains_key(root) => Some(format!("did you mean `steps.{root}`?")),
            false => {
                let roots = ROOTS.iter().copied();
                let roots = roots.filter(|root| *root != "item" || !self.loops.is_empty());
                let answered = self.answer.as_ref().map_or(Vec::new(), Known::names);
                let names = answered.into_iter().chain(own).chain(roots);
                let names: Vec<&str> = names.chain(self.fault.then_some(FAULT)).collect();
                suggest::hint(root, "a template can read", names)
            }
        };
        Unknown {
            part: 0,
            message: format!("there is no `{root}` here"),
            hint,
        }
    }

    fn input(&self, path: &[String]) -> Result<(Known, usize), Unknown> {
        let Some(name) = path.get(1) else {
            return Ok((Known::any(), 1));
        };
        let Some(kind) = self.inputs.get(name) else {
            let names: Vec<&str> = self.inputs.keys().map(String::as_str).collect();
            return Err(Unknown {
                part: 1,
                message: format!("there is no input `{name}`"),
                hint: suggest::hint(name, "the inputs are", names).or_else(|| {
                    Some(format!(
                        "say what a run is given at the top of the file, as in `inputs: {{ {name}: {{ type: text }} }}`"
                    ))
                }),
            });
        };
        Ok((kind.map_or_else(Known::any, input_shape), 2))
    }

    fn step(&self, path: &[String]) -> Result<(Known, usize), Unknown> {
        let Some(id) = path.get(1) else {
            return Err(Unknown {
                part: 0,
                message: "`steps` alone is not a value".to_owned(),
                hint: Some("name the step, as in `steps.ID`".to_owned()),
            });
        };
        match self.steps.get(id) {
            _ if self.twice.contains(id) => Ok((Known::any(), path.len())),
            Some(Output::Nothing) if path.len() > 2 => Err(Unknown {
                part: 2,
                message: format!(
                    "`steps.{id}` has no `{}`, for that step leaves nothing",
                    path[2]
                ),
                hint: Some(
                    "only a `bot`, `call`, `for_each`, `approve` or `set` leaves something"
                        .to_owned(),
                ),
            }),
            Some(Output::Named(values))
                if path.get(2).is_some_and(|it| values.contains_key(it)) =>
            {
                Ok((values[&path[2]].clone(), 3))
            }
            Some(output) => Ok((output.known(), 2)),
            None => Err(self.no_step(id)),
        }
    }

    fn no_step(&self, id: &str) -> Unknown {
        let around = self.ids.get(id);
        let outer = around.and_then(|place| place.inside.as_ref());
        let beside = around.and_then(|place| self.beside(place));
        let (message, hint) = match (around, outer) {
            _ if id == self.here => (
                format!("`{id}` cannot read its own output"),
                Some("it is there only when the step is done".to_owned()),
            ),
            (_, Some(outer)) if self.steps.contains_key(outer) => (
                format!("`{id}` runs inside of `{outer}`, once for each item"),
                Some(format!(
                    "let `{outer}` `collect:` what you need, and read `steps.{outer}.items`"
                )),
            ),
            _ if beside.is_some() => (
                format!("`{id}` is in another {}", beside.unwrap_or_default()),
                Some("a template can read only the steps above it in the same one".to_owned()),
            ),
            (Some(_), _) => (
                format!("`{id}` has not run yet at this place"),
                Some("a template can read only the steps above it".to_owned()),
            ),
            (None, _) => (
                format!("there is no step `{id}`"),
                suggest::hint(
                    id,
                    "the steps above are",
                    self.steps.keys().map(String::as_str).collect::<Vec<_>>(),
                ),
            ),
        };
        Unknown {
            part: 1,
            message,
            hint,
        }
    }

    /// What of the same step stands beside this place, when that is where the id is.
    fn beside(&self, place: &Place) -> Option<String> {
        let other = place.side.as_ref()?;
        let around = self.bodies.iter();
        let mut around = around.filter(|side| side.of == other.of && side.name != other.name);
        let side = around.next()?;
        Some(format!("{} of `{}`", side.kind, side.of))
    }
}

/// As handlers see what failed.
fn fault() -> Known {
    let text = || json!({ "type": "string" });
    Known::of(json!({
        "type": "object",
        "properties": {
            "code": text(), "message": text(), "category": text(),
            "hint": { "type": ["string", "null"] }
        },
        "additionalProperties": false
    }))
}

fn kind(kind: &str) -> Value {
    json!({ "type": kind })
}

/// An object with these names, each with its schema, and no other.
pub(crate) fn closed(names: &[(&str, Value)]) -> Known {
    let properties = names
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    let properties: serde_json::Map<_, _> = properties.collect();
    Known::of(json!({ "type": "object", "properties": properties, "additionalProperties": false }))
}

fn input_shape(kind: InputKind) -> Known {
    Known::of(json!({ "type": match kind {
        InputKind::Text | InputKind::Date | InputKind::File => "string",
        InputKind::Integer => "integer",
        InputKind::Decimal => "number",
        InputKind::Boolean => "boolean",
        InputKind::List => "array",
        InputKind::Object => "object",
    }}))
}
