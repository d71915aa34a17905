//! How a test should come out: whether what it names is there.

use serde_json::Value;

use super::{Checker, Found};
use crate::{
    ids::StepId,
    index::ExceptionCategory,
    language::{model, suggest},
    plan::{BotCall, Kind},
    testing::{Exceptions, Expect, Place, Waiting},
    yaml::{Node, Span},
};

impl Checker<'_, '_, '_> {
    pub(super) fn expect(&mut self, expect: &model::Expect, (node, key): (&Node, &Span)) -> Expect {
        if node.map().is_some_and(indexmap::IndexMap::is_empty) {
            let hint = "say how it should come out, as in `state: succeeded`".to_owned();
            let words = ("nothing is expected, so the test cannot fail", Some(hint));
            self.report.hinted("tests.nothing", key, words);
        }
        Expect {
            state: expect.state,
            exceptions: self.exceptions(node),
            steps: self.standings(expect, node),
            with: self.with(node),
            mails: self.places("mails", node),
            documents: self.places("documents", node),
            outputs: self.outputs(node),
        }
    }

    fn standings(
        &mut self,
        expect: &model::Expect,
        node: &Node,
    ) -> Vec<(Place, crate::testing::Standing)> {
        let entries = node.get("steps").and_then(|entry| entry.node.map());
        let all = entries.into_iter().flatten().filter_map(|(text, entry)| {
            let (place, _) = self.place(text, &entry.key)?;
            Some((place, (*expect.steps.get(text)?)?))
        });
        all.collect()
    }

    fn with(&mut self, node: &Node) -> Vec<(Place, Value)> {
        let entries = node.get("with").and_then(|entry| entry.node.map());
        let all = entries.into_iter().flatten().filter_map(|(text, entry)| {
            let (place, found) = self.place(text, &entry.key)?;
            self.parameters(found, (&entry.node, &entry.key));
            Some((place, entry.node.to_json()))
        });
        all.collect()
    }

    /// Whether the step takes what is expected of its parameters.
    fn parameters(&mut self, found: Found<'_>, (node, key): (&Node, &Span)) {
        let (what, names) = match &found.step.kind {
            Kind::Bot(BotCall { bot, .. }) => {
                let schema = self.catalogue.bots.get(bot.as_str());
                let own = schema.and_then(|bot| bot.parameters.get("properties")?.as_object());
                let names = own.map(|own| own.keys().cloned().collect());
                (bot, names)
            }
            Kind::Call(call) => {
                let called = self.catalogue.workflows.get(&call.workflow);
                let names = called.map(|it| it.inputs.keys().cloned().collect());
                (&call.workflow, names)
            }
            _ => {
                let message = format!("`{}` has no parameters", found.step.id);
                let hint = "they are compared for steps with `bot` or `call`".to_owned();
                let words = (message, Some(hint));
                return self.report.hinted("tests.with", key, words);
            }
        };
        let Some(names): Option<Vec<String>> = names else {
            return;
        };
        for (name, entry) in node.map().into_iter().flatten() {
            if !names.contains(name) {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                let hint = suggest::hint(name, "it takes", known);
                let message = format!("`{what}` takes no `{name}`");
                self.report
                    .hinted("tests.with", &entry.key, (message, hint));
            }
        }
    }

    /// The steps of bots that a list names.
    fn places(&mut self, key: &str, node: &Node) -> Vec<Place> {
        let items = node.get(key).map_or(&[][..], |entry| entry.node.items());
        let mut places = Vec::new();
        for item in items {
            let found = item.text().and_then(|text| self.place(text, &item.span));
            match found {
                Some((place, found)) if matches!(found.step.kind, Kind::Bot(_)) => {
                    places.push(place);
                }
                Some((place, _)) => {
                    let message = format!("`{}` is no step with a bot", place.step);
                    let hint = format!(
                        "only what a bot makes is compared with a file; name one of those under `{key}:`"
                    );
                    self.report
                        .hinted("tests.snapshot", &item.span, (message, Some(hint)));
                }
                None => (),
            }
        }
        places
    }

    fn exceptions(&mut self, node: &Node) -> Option<Exceptions> {
        let node = &node.get("exceptions")?.node;
        match node.to_json() {
            Value::Number(count) => count.as_u64().map(Exceptions::Count),
            Value::Array(_) => {
                let all = node.items().iter().map(|item| self.waiting(item));
                Some(Exceptions::These(all.collect()))
            }
            _ => None,
        }
    }

    fn waiting(&mut self, node: &Node) -> Waiting {
        let text = |key: &str| node.get(key)?.node.text().map(str::to_owned);
        let category = text("category");
        let category: Option<ExceptionCategory> =
            category.and_then(|word| serde_json::from_value(word.into()).ok());
        let step = node.get("step").and_then(|entry| {
            let id = entry.node.text()?;
            // Under this name the run itself waits.
            match id {
                "run" => Some((StepId::new(id), None)),
                id => Some((StepId::new(id), Some(self.step(id, &entry.node.span)?))),
            }
        });
        let item = node.get("item").and_then(|entry| {
            let words = entry.node.words()?;
            let (id, found) = step.as_ref()?;
            self.item((id.as_str(), (*found)?), words, &entry.node.span)
        });
        if let (Some(entry), None) = (node.get("item"), node.get("step")) {
            let message = "an item is named together with its `step`";
            let hint = Some("add `step: …`, the step that waits".to_owned());
            self.report
                .hinted("tests.item", &entry.key, (message, hint));
        }
        Waiting {
            step: step.map(|(id, _)| id),
            item,
            code: text("code"),
            category,
        }
    }

    fn outputs(&mut self, node: &Node) -> Option<indexmap::IndexMap<String, Value>> {
        let map = node.get("outputs")?.node.map()?;
        let mut outputs = indexmap::IndexMap::new();
        for (name, entry) in map {
            let Some(tested) = self.tested else { continue };
            if !tested.plan.outputs.contains_key(name) {
                let names = tested.plan.outputs.keys().map(String::as_str);
                let hint = suggest::hint(name, "the outputs are", names.collect::<Vec<_>>());
                let none = || "it leaves nothing, for it has no `outputs:`".to_owned();
                let hint = hint.or_else(|| Some(none()));
                let message = format!("`{}` has no output `{name}`", tested.name);
                self.report
                    .hinted("tests.outputs", &entry.key, (message, hint));
            }
            outputs.insert(name.clone(), entry.node.to_json());
        }
        Some(outputs)
    }
}
