//! The steps of a workflow, one by one, in the order in which they run.

use std::{cell::OnceCell, rc::Rc};

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Checker,
    names::{self, Known, Loop, Output},
    retry,
    shape::{At, Found, Shape},
};
use crate::{
    catalogue::{BotSchema, not_exactly_one},
    fault::Effect,
    ids::StepId,
    language::{model, suggest},
    plan::{BotCall, ForEach, Kind, Path, Step, Template},
    yaml::{Node, Scalar},
};

/// Keys that say what a step does, in versions to come.
const LATER_KINDS: [&str; 8] = [
    "approve",
    "call",
    "parallel",
    "switch",
    "wait",
    "wait_until",
    "set",
    "fail",
];
const BOT_KEYS: [&str; 5] = ["with", "connection", "effect", "retry", "timeout"];
const LOOP_KEYS: [&str; 4] = ["as", "at_once", "collect", "steps"];

impl Checker<'_, '_, '_> {
    /// Learns every id of the file, so that a name used too early is told from a wrong one.
    pub(super) fn learn_ids(&mut self, steps: &[Option<model::Step>], around: Option<&str>) {
        for step in steps.iter().flatten() {
            if let Some(id) = &step.id {
                match self.scope.ids.contains_key(id) {
                    true => drop(self.scope.twice.insert(id.clone())),
                    false => drop(self.scope.ids.insert(id.clone(), around.map(str::to_owned))),
                }
            }
            self.learn_ids(&step.steps, step.id.as_deref().or(around));
        }
    }

    pub(super) fn steps(&mut self, steps: &[Option<model::Step>], nodes: &[Rc<Node>]) -> Vec<Step> {
        let pairs = steps.iter().zip(nodes);
        pairs
            .filter_map(|(step, node)| self.step(step.as_ref()?, node))
            .collect()
    }

    fn step(&mut self, step: &model::Step, node: &Rc<Node>) -> Option<Step> {
        let id = self.id(step, node);
        self.scope.here = id.clone().unwrap_or_default();
        let mut reads = Vec::new();
        if let (Some(_), Some(entry)) = (&step.when, node.get("when")) {
            self.condition(&entry.node, &mut reads);
        }
        let (kind, output) = self.kind(step, node, &mut reads);
        let id = id?;
        self.scope.steps.insert(id.clone(), output);
        let key = step.key.clone().map(Template);
        Some(Step {
            id: StepId::new(&id),
            name: step.name.clone(),
            when: step.when.clone().map(Template),
            retry: retry(step.retry.as_ref(), &self.retry),
            timeout: step.timeout.map(|timeout| timeout.0),
            key: key.filter(|_| matches!(kind, Some(Kind::Bot(_)))),
            kind: kind?,
            reads,
        })
    }

    fn condition(&mut self, node: &Node, reads: &mut Vec<Path>) {
        let known = self.template(node, reads);
        if let Some(kind) = known.is_none_of(&["boolean"]) {
            let hint = "compare it, as in `{{gt line.amount 0}}`".to_owned();
            let message = format!("`when` wants true or false, this is {kind}");
            self.report
                .hinted("steps.when", &node.head(), (message, Some(hint)));
        }
    }

    fn id(&mut self, step: &model::Step, node: &Node) -> Option<String> {
        let (id, entry) = (step.id.clone()?, node.get("id")?);
        let span = &entry.node.span;
        if !StepId::is_valid(&id) {
            let hint = "use letters, digits, `-` and `_`, beginning with a letter".to_owned();
            let message = format!("`{id}` cannot be the id of a step");
            self.report.hinted("steps.id", span, (message, Some(hint)));
        }
        // Under this name the run itself is parked.
        if id == "run" {
            let hint = "choose another id, such as the name of what the step does".to_owned();
            let message = "`run` is the run itself, a step needs another id".to_owned();
            self.report.hinted("steps.id", span, (message, Some(hint)));
        }
        match self.seen.get(&id).cloned() {
            Some(_) if self.report.is_full() => (),
            Some(first) => {
                let line = self.report.line(&first);
                self.report.hinted(
                    "steps.duplicate_id",
                    span,
                    (
                        format!("the id `{id}` is used twice"),
                        Some(format!("the other one is in line {line}")),
                    ),
                );
            }
            None => drop(self.seen.insert(id.clone(), span.clone())),
        }
        Some(id)
    }

    fn kind(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> (Option<Kind>, Output) {
        match (node.get("bot"), node.get("for_each")) {
            (Some(_), None) => {
                self.foreign(node, &LOOP_KEYS, "`for_each`");
                self.bot(step, node, reads)
            }
            (None, Some(_)) => {
                self.foreign(node, &BOT_KEYS, "bot");
                let each = self.for_each(step, node, reads);
                (each.map(Kind::ForEach), Output::Loop)
            }
            (bot, _) => {
                let later = LATER_KINDS.iter().any(|key| node.get(key).is_some());
                if bot.is_some() || !later {
                    self.report.error(
                        "steps.kind",
                        &node.head(),
                        "a step has exactly one of `bot` and `for_each`",
                    );
                }
                self.steps(&step.steps, items(node, "steps"));
                (None, Output::Any)
            }
        }
    }

    fn foreign(&mut self, node: &Node, keys: &[&str], owner: &str) {
        for key in keys {
            if let Some(entry) = node.get(key) {
                self.report.error(
                    "steps.kind",
                    &entry.key,
                    format!("`{key}` belongs to a {owner}, which this step is not"),
                );
            }
        }
    }

    fn bot(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> (Option<Kind>, Output) {
        if let (Some(_), Some(entry)) = (&step.key, node.get("key")) {
            self.key(&entry.node, reads);
        }
        let (Some(name), Some(entry)) = (&step.bot, node.get("bot")) else {
            self.parameters(None, node, reads);
            return (None, Output::Any);
        };
        let bot = self.catalogue.bots.get(name.as_str());
        match bot {
            Some(bot) => self.connection(bot, step, node),
            None => {
                let names: Vec<&str> = self.catalogue.bots.keys().copied().collect();
                let hint = suggest::hint(name, "the bots are", names);
                let message = format!("there is no bot `{name}`");
                self.report
                    .hinted("steps.unknown_bot", &entry.node.span, (message, hint));
            }
        }
        self.once_in_loop(step, node);
        let whole = self.parameters(bot, node, reads);
        let with = node.get("with").map(|entry| entry.node.to_json());
        let with = with.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let output = match bot {
            Some(bot) if whole => Output::Bot {
                output: bot.output,
                with: with.clone(),
                known: OnceCell::new(),
            },
            _ => Output::Any,
        };
        let call = BotCall {
            bot: name.clone(),
            connection: step.connection.clone(),
            with,
            effect: step.effect,
        };
        (Some(Kind::Bot(call)), output)
    }

    /// An effect that is not to be repeated needs something by which it is known again.
    fn once_in_loop(&mut self, step: &model::Step, node: &Node) {
        let keyed = step.key.is_some() || self.scope.loops.last().is_none_or(|one| one.keyed);
        if let (Some(Effect::Once), false, Some(entry)) = (step.effect, keyed, node.get("effect")) {
            self.report.warning(
                "steps.once_without_key",
                &entry.key,
                (
                    "a later run with the same items does this again",
                    Some(
                        "give the `for_each` a `key:`, as in `key: \"{{line.order}}\"`".to_owned(),
                    ),
                ),
            );
        }
    }

    /// Whether the parameters fit the bot; what they read is added to `reads`.
    fn parameters(
        &mut self,
        bot: Option<&BotSchema>,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> bool {
        let anything = Value::Bool(true);
        let schema = bot.map_or(&anything, |bot| &bot.parameters);
        let (mut found, shape) = (
            Found::default(),
            Shape {
                root: schema,
                templates: true,
            },
        );
        let before = self.report.errors();
        match (node.get("with"), node.get("bot")) {
            (Some(entry), _) => {
                let at = At {
                    name: "`with`",
                    span: &entry.key,
                };
                shape.check(schema, (&entry.node, at), self.report, &mut found);
            }
            (None, Some(entry)) => self.needs_parameters(schema, &entry.node),
            (None, None) => (),
        }
        if let Some(bot) = bot {
            self.either(bot, node);
        }
        let whole = self.report.errors() == before;
        let files = self.leaves(&found.leaves, schema, reads);
        self.template_files(&files, node);
        whole
    }

    /// What of the parameters goes together, by which of them are there.
    fn either(&mut self, bot: &BotSchema, node: &Node) {
        let with = node.get("with").map(|entry| &entry.node);
        // What is no map, and what is misspelt, has been told already.
        let known = bot.parameters.get("properties");
        let known = |key: &String| known.is_none_or(|known| known.get(key).is_some());
        let told = with.is_some_and(|with| match with.map() {
            Some(map) => !map.keys().all(known),
            None => !matches!(with.scalar(), Some(Scalar::Null)),
        });
        let given = |key: &str| {
            let entry = with.and_then(|with| with.get(key));
            entry.filter(|entry| !matches!(entry.node.scalar(), Some(Scalar::Null)))
        };
        let place = node.get("with").or_else(|| node.get("bot"));
        let found = not_exactly_one(bot.name, bot.exactly_one, |key| given(key).is_some());
        if let (Some((message, there)), Some(place), false) = (found, place, told) {
            let second = there.get(1).and_then(|key| given(key));
            let span = &second.unwrap_or(place).key;
            self.report.error("steps.either", span, message);
        }
        for key in bot.of_connection {
            if let (Some(entry), None) = (given(key), node.get("connection")) {
                let message = format!("`{key}` needs a connection");
                let hint = suggest::list(bot.connections.iter().copied())
                    .map(|kinds| format!("name one of kind {kinds}, as in `connection: NAME`"));
                self.report
                    .hinted("steps.connection", &entry.key, (message, hint));
            }
        }
    }

    fn needs_parameters(&mut self, schema: &Value, bot: &Node) {
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            self.report.error(
                "language.missing_key",
                &bot.span,
                format!("`with` needs `{key}`"),
            );
        }
    }

    fn connection(&mut self, bot: &BotSchema, step: &model::Step, node: &Node) {
        let Some((name, entry)) = step.connection.as_ref().zip(node.get("connection")) else {
            if let (true, Some(entry), None) = (
                bot.needs_connection,
                node.get("bot"),
                node.get("connection"),
            ) {
                self.no_connection(bot, &entry.node);
            }
            return;
        };
        let (span, bot_name) = (&entry.node.span, bot.name);
        match self.catalogue.connections.get(name) {
            _ if bot.connections.is_empty() => self.report.error(
                "steps.connection",
                &entry.key,
                format!("`{bot_name}` takes no connection"),
            ),
            None if self.catalogue.more_connections => (),
            None => {
                let names = self.catalogue.connections.keys().map(String::as_str);
                let hint = suggest::hint(name, "the connections are", names.collect::<Vec<_>>());
                self.report.hinted(
                    "steps.connection",
                    span,
                    (
                        format!("there is no connection `{name}`"),
                        hint.or_else(|| {
                            Some("name it under `connections:` in botswain.yaml".to_owned())
                        }),
                    ),
                );
            }
            Some(kind) if !bot.connections.contains(&kind.as_str()) => {
                let kinds = suggest::list(bot.connections.iter().copied()).unwrap_or_default();
                self.report.hinted(
                    "steps.connection",
                    span,
                    (
                        format!("`{name}` is a connection of kind `{kind}`"),
                        Some(format!("`{bot_name}` takes {kinds}")),
                    ),
                );
            }
            Some(_) => (),
        }
    }

    fn no_connection(&mut self, bot: &BotSchema, node: &Node) {
        let fits = |kind: &String| bot.connections.contains(&kind.as_str());
        let names = self.catalogue.connections.iter();
        let names = names
            .filter(|(_, kind)| fits(kind))
            .map(|(name, _)| name.as_str());
        let hint = match suggest::list(names) {
            Some(names) => format!("add `connection:` with one of {names}"),
            None => "name one under `connections:` in botswain.yaml".to_owned(),
        };
        let message = format!("`{}` needs a connection", bot.name);
        self.report
            .hinted("steps.connection", &node.span, (message, Some(hint)));
    }

    fn for_each(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Option<ForEach> {
        let list = node.get("for_each")?;
        let known = self.template(&list.node, reads);
        let item = known.item().unwrap_or_else(|kind| {
            self.report.error(
                "steps.for_each",
                &list.node.span,
                format!("`for_each` goes through a list, this is {kind}"),
            );
            Known::any()
        });
        let name = self.item_name(step, node);
        let outside = self.scope.steps.len();
        let own = name.clone().unwrap_or_default();
        self.scope.loops.push(Loop {
            name: own.clone(),
            item,
            keyed: step.key.is_some(),
        });
        let key_reads = self.key_reads(node, &own);
        if step.steps.is_empty() && node.get("steps").is_none() {
            let message = "a `for_each` needs `steps`";
            self.report
                .error("language.missing_key", &list.key, message);
        }
        let steps = self.steps(&step.steps, items(node, "steps"));
        self.scope.here = String::new();
        let (collect, collect_reads) = self.collect(node);
        self.scope.loops.pop();
        self.scope.steps.truncate(outside);
        Some(ForEach {
            list: Template(step.for_each.clone()?),
            item: name?,
            key: step.key.clone().map(Template),
            at_once: step.at_once.unwrap_or(1),
            collect,
            key_reads,
            collect_reads,
            steps,
        })
    }

    fn item_name(&mut self, step: &model::Step, node: &Node) -> Option<String> {
        let Some(entry) = node.get("as") else {
            let span = node
                .get("for_each")
                .map_or_else(|| node.head(), |entry| entry.key.clone());
            self.report.hinted(
                "language.missing_key",
                &span,
                (
                    "a `for_each` needs `as`",
                    Some("give the item a name, as in `as: line`".to_owned()),
                ),
            );
            return None;
        };
        let (name, span) = (step.r#as.clone()?, &entry.node.span);
        let taken = self.scope.loops.iter().any(|other| other.name == name);
        let problem = match name.as_str() {
            _ if !StepId::is_valid(&name) || name.contains('-') => {
                format!("`{name}` cannot be a name: use letters, digits and `_`")
            }
            _ if names::is_root(&name) => format!("`{name}` already means something in templates"),
            _ if taken => format!("`{name}` is the item of a loop around this one"),
            _ => return Some(name),
        };
        let hint = "choose another name".to_owned();
        self.report.hinted("steps.as", span, (problem, Some(hint)));
        Some(name)
    }

    fn key(&mut self, node: &Node, reads: &mut Vec<Path>) {
        let known = self.template(node, reads);
        if let Some(is) = known.is_none_of(&["string", "number"]) {
            let message = format!("a key is text, this is {is}");
            self.report.error("steps.key", &node.head(), message);
        }
    }

    /// What the key of an item reads beside the item.
    fn key_reads(&mut self, node: &Node, own: &str) -> Vec<Path> {
        let mut reads = Vec::new();
        if let Some(entry) = node.get("key") {
            self.key(&entry.node, &mut reads);
            if reads.contains(&vec!["item".to_owned(), "key".to_owned()]) {
                let message = "the key of an item cannot read `item.key`";
                self.report.error("steps.key", &entry.node.span, message);
            }
        }
        reads.retain(|path| path[0] != own && path[0] != "item");
        reads
    }

    fn collect(&mut self, node: &Node) -> (IndexMap<String, Template>, Vec<Path>) {
        let (mut collect, mut reads) = (IndexMap::new(), Vec::new());
        let entries = node.get("collect").and_then(|entry| entry.node.map());
        for (name, entry) in entries.into_iter().flatten() {
            self.template(&entry.node, &mut reads);
            let text = entry.node.words().unwrap_or_default();
            collect.insert(name.clone(), Template(text.to_owned()));
        }
        (collect, reads)
    }
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Rc<Node>] {
    node.get(key).map_or(&[], |entry| entry.node.items())
}
