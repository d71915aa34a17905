//! What answers in place of bots, called workflows and people.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{Checker, Found};
use crate::{
    check::shape::{At, Found as Leaves, Shape},
    fault::Fault,
    ids::StepId,
    language::{
        model::{self, Said},
        suggest,
    },
    plan::{BotCall, Kind},
    testing::{Answer, Answered, Mock},
    yaml::{Node, Span},
};

/// The keys of which a mock has exactly one; `attempts` only at the top.
const ANSWERS: [&str; 5] = ["output", "fault", "approve", "reject", "attempts"];

/// What a step wants for an answer.
#[derive(Clone)]
enum Wanted {
    /// What a bot or a workflow gives, where that is known.
    Output(Option<Value>),
    Decision,
}

impl Checker<'_, '_, '_> {
    pub(super) fn mocks(&mut self, mocks: &[Option<model::Mock>], test: &Node) -> Vec<Mock> {
        let nodes = test.get("mocks").map_or(&[][..], |it| it.node.items());
        let pairs = mocks.iter().zip(nodes);
        let all = pairs.filter_map(|(mock, node)| self.mock(mock.as_ref()?, node));
        all.collect()
    }

    fn mock(&mut self, mock: &model::Mock, node: &Rc<Node>) -> Option<Mock> {
        let (text, entry) = (mock.step.as_deref()?, node.get("step")?);
        let (id, verifies) = match text.strip_suffix(".verify") {
            Some(id) => (id, true),
            None => (text, false),
        };
        let single = self.one_answer(node, &ANSWERS);
        let span = entry.node.span.clone();
        let found = self.step(id, &span)?;
        let item = match node.get("item") {
            Some(entry) => {
                let words = entry.node.words()?.to_owned();
                Some(self.item((id, found), &words, &entry.node.span)?)
            }
            None => None,
        };
        let wanted = self.wanted((id, found), verifies, &span)?;
        let attempts = match single? {
            "attempts" => {
                let nodes = node.get("attempts")?.node.items();
                let pairs = mock.attempts.iter().zip(nodes);
                let all = pairs.map(|(attempt, node)| {
                    self.one_answer(node, &ANSWERS[..4])?;
                    self.answer(&attempt.as_ref()?.said(), node, &wanted)
                });
                all.collect::<Option<Vec<_>>>()?
            }
            _ => vec![self.answer(&mock.said(), node, &wanted)?],
        };
        Some(Mock {
            step: StepId::new(id),
            verifies,
            item,
            line: self.report.line(&node.head()),
            attempts,
        })
    }

    /// The one key that says what is answered.
    fn one_answer(&mut self, node: &Node, keys: &[&'static str]) -> Option<&'static str> {
        let there = keys.iter().copied().filter(|key| node.get(key).is_some());
        let there: Vec<&str> = there.collect();
        if let [only] = there[..] {
            return keys.iter().copied().find(|key| *key == only);
        }
        let mut others = node.map().into_iter().flat_map(|map| map.keys());
        let misspelt = |key: &String| suggest::nearest(key, keys.iter().copied()).is_some();
        if there.is_empty() && others.any(misspelt) {
            // That was told already.
            return None;
        }
        let names = suggest::list(keys.iter().copied()).unwrap_or_default();
        let second = there.get(1).and_then(|key| node.get(key));
        let span = second.map_or_else(|| node.head(), |entry| entry.key.clone());
        let hint = match there.len() {
            0 => "say what is answered, as in `output: { … }`, `fault: { … }` or `approve: anna`",
            _ => "keep one of them; what comes one after the other stands under `attempts:`",
        };
        let message = format!("it answers with exactly one of {names}");
        let words = (message, Some(hint.to_owned()));
        self.report.hinted("tests.mock", &span, words);
        None
    }

    /// What a step wants for an answer; some want none.
    fn wanted(
        &mut self,
        (id, found): (&str, Found<'_>),
        verifies: bool,
        span: &Span,
    ) -> Option<Wanted> {
        match (&found.step.kind, verifies) {
            (Kind::Bot(BotCall { verify, .. }), true) if verify.is_some() => {
                let verify = verify.as_ref()?;
                return Some(self.output_of(&verify.bot, &verify.with));
            }
            (_, true) => {
                let message = format!("`{id}` has no `verify`");
                let hint = Some(format!("write `step: {id}`, or give `{id}` a `verify:`"));
                self.report.hinted("tests.mock", span, (message, hint));
                return None;
            }
            (Kind::Bot(call), false) => return Some(self.output_of(&call.bot, &call.with)),
            (Kind::Call(call), false) => {
                let called = self.catalogue.workflows.get(&call.workflow)?;
                let outputs: Map<_, _> = called.outputs.clone().into_iter().collect();
                let schema = json!({ "type": "object", "properties": outputs });
                return Some(Wanted::Output(Some(optional(schema))));
            }
            (Kind::Approve(_), false) => return Some(Wanted::Decision),
            _ => (),
        }
        let message = format!("`{id}` asks nobody, so nothing is answered for it");
        let hint = "mocks are for bots, called workflows and approvals".to_owned();
        self.report
            .hinted("tests.mock", span, (message, Some(hint)));
        None
    }

    fn output_of(&self, bot: &str, with: &Value) -> Wanted {
        let bot = self.catalogue.bots.get(bot);
        Wanted::Output(bot.map(|bot| files_by_path(optional((bot.output)(with)))))
    }

    fn answer(&mut self, said: &Said<'_>, node: &Rc<Node>, wanted: &Wanted) -> Option<Answer> {
        let note = said.note.cloned();
        let what = match (said.fault, said.approve, said.reject) {
            (Some(fault), _, _) => Answered::Fault(Box::new(mocked(fault)?)),
            (_, Some(by), _) => Answered::Approve {
                by: by.clone(),
                note,
            },
            (_, _, Some(by)) => Answered::Reject {
                by: by.clone(),
                note,
            },
            _ => Answered::Output(node.get("output")?.node.to_json()),
        };
        let decides = matches!(what, Answered::Approve { .. } | Answered::Reject { .. });
        match wanted {
            Wanted::Decision if !decides => {
                let hint = "write `approve: anna`, or `reject: anna`".to_owned();
                let words = ("a person decides here", Some(hint));
                self.report.hinted("tests.mock", &node.head(), words);
            }
            Wanted::Output(_) if decides => {
                let words = ("nobody is asked here", Some("write `output:`".to_owned()));
                self.report.hinted("tests.mock", &node.head(), words);
            }
            Wanted::Output(Some(schema)) => self.output(schema, node),
            _ => (),
        }
        Some(Answer {
            delay: said.delay.unwrap_or_default(),
            what,
        })
    }

    /// Whether a mocked output is what the bot could give.
    fn output(&mut self, schema: &Value, node: &Node) {
        let Some(entry) = node.get("output") else {
            return;
        };
        let shape = Shape {
            root: schema,
            templates: false,
        };
        let at = At {
            name: "`output`",
            span: &entry.key,
        };
        // The schema outlives the walk, what it found does not matter.
        let mut found = Leaves::default();
        shape.check(schema, (&entry.node, at), self.report, &mut found);
    }
}

fn mocked(fault: &model::MockedFault) -> Option<Fault> {
    let code = fault.code.clone()?;
    Some(Fault {
        category: fault.category?,
        effect: fault.effect,
        message: fault
            .message
            .clone()
            .unwrap_or_else(|| format!("`{code}`, as the test has it")),
        code,
        hint: None,
        retry_after: fault.retry_after.map(|duration| duration.0),
        artifacts: Vec::new(),
    })
}

/// A schema in which everything may be left out, for a test says what matters to it, but nothing
/// may be added: nobody could read it.
fn optional(schema: Value) -> Value {
    match schema {
        Value::Object(map) => {
            let is_known = map.get("type").is_some_and(|it| it == "object")
                && map.get("properties").is_some_and(Value::is_object);
            let kept = map
                .into_iter()
                .filter(|(key, value)| key != "required" || !value.is_array());
            let mut map: Map<_, _> = kept.map(|(key, value)| (key, optional(value))).collect();
            if is_known {
                map.entry("additionalProperties").or_insert(false.into());
                map.insert("x-what".to_owned(), "the output".into());
            }
            Value::Object(map)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(optional).collect()),
        other => other,
    }
}

/// The same, with the path of a file in place of each artifact: a test has its files beside it.
fn files_by_path(schema: Value) -> Value {
    match schema {
        Value::Object(map) if map.get("format").is_some_and(|it| it == "artifact") => {
            json!({ "type": "string", "format": "path" })
        }
        Value::Object(map) => {
            let parts = map.into_iter();
            Value::Object(
                parts
                    .map(|(key, part)| (key, files_by_path(part)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(files_by_path).collect()),
        other => other,
    }
}
