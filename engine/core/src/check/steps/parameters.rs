//! The parameters of a bot: whether they fit what it wants.

use std::rc::Rc;

use serde_json::Value;

use super::Checker;
use crate::{
    catalogue::{BotSchema, not_exactly_one},
    check::shape::{At, Found, Shape},
    language::suggest,
    plan::Path,
    yaml::{Node, Scalar},
};

impl Checker<'_, '_, '_> {
    /// Whether the parameters fit the bot; what they read is added to `reads`.
    pub(super) fn parameters(
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
        let beside = bot.map_or_else(Vec::new, |bot| self.beside_with(bot, node));
        match (node.get("with"), node.get("bot")) {
            (Some(entry), _) => {
                let at = At {
                    name: "`with`",
                    span: &entry.key,
                };
                // Empty, for what belongs in it stands beside it.
                let slipped =
                    !beside.is_empty() && matches!(entry.node.scalar(), Some(Scalar::Null));
                if !slipped {
                    shape.check(schema, (&entry.node, at), self.report, &mut found);
                }
            }
            (None, Some(entry)) => self.needs_parameters(schema, &beside, &entry.node),
            (None, None) => (),
        }
        if let Some(bot) = bot {
            self.either((bot, &beside), node);
        }
        if let Some(entry) = node.get("with") {
            self.plain_secrets(&entry.node);
        }
        self.pages(&found.named);
        for literal in &found.paths {
            self.file_path(&literal.node, literal.way);
        }
        let whole = beside.is_empty() && self.report.errors() == before;
        let files = self.leaves(&found.leaves, schema, reads);
        self.template_files(&files, node);
        whole
    }

    /// What of the parameters goes together, by which of them are there.
    fn either(&mut self, (bot, beside): (&BotSchema, &[&str]), node: &Node) {
        let with = node.get("with").map(|entry| &entry.node);
        let slipped = self.within_with(with.and_then(|with| with.map())) || !beside.is_empty();
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
        if let (Some((message, there)), Some(place), false) = (found, place, told || slipped) {
            let second = there.get(1).and_then(|key| given(key));
            let span = &second.unwrap_or(place).key;
            let hint = match second {
                Some(_) => "keep one of them",
                None => "add one of them below `with:`",
            };
            self.report
                .hinted("steps.either", span, (message, Some(hint.to_owned())));
        }
        for key in bot.of_connection {
            if let (Some(entry), None, false) = (given(key), node.get("connection"), slipped) {
                let message = format!("`{key}` needs a connection");
                let hint = suggest::list(bot.connections.iter().copied())
                    .map(|kinds| format!("name one of kind {kinds}, as in `connection: NAME`"));
                self.report
                    .hinted("steps.connection", &entry.key, (message, hint));
            }
        }
    }

    fn needs_parameters(&mut self, schema: &Value, beside: &[&str], bot: &Node) {
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for key in required.filter(|key| !beside.contains(key)) {
            let name = bot.words().unwrap_or_default();
            let message = format!("`{name}` needs the parameter `{key}`");
            let hint = format!("give it under `with:`, as in `with: {{ {key}: … }}`");
            self.report
                .hinted("language.missing_key", &bot.span, (message, Some(hint)));
        }
    }

    /// Parameters that may be anything, as long as their templates can be read.
    pub(super) fn anything(&mut self, node: &Rc<Node>, name: &str, reads: &mut Vec<Path>) {
        let anything = Value::Bool(true);
        let shape = Shape {
            root: &anything,
            templates: true,
        };
        let (mut found, span) = (Found::default(), node.head());
        shape.check(
            &anything,
            (node, At { name, span: &span }),
            self.report,
            &mut found,
        );
        self.leaves(&found.leaves, &anything, reads);
    }
}
