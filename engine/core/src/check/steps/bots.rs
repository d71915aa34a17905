//! Steps that call a bot: whether it exists, and what it needs beside its parameters.

use std::{cell::OnceCell, rc::Rc};

use serde_json::Value;

use super::{Checker, Made};
use crate::{
    catalogue::BotSchema,
    check::names::Output,
    fault::Effect,
    language::{model, suggest},
    plan::{BotCall, Kind, Path},
    yaml::Node,
};

impl<'c> Checker<'c, '_, '_> {
    pub(super) fn bot(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Made {
        if let (Some(_), Some(entry)) = (&step.key, node.get("key")) {
            self.key(&entry.node, reads);
        }
        let bot = self.known_bot(step.bot.as_ref(), node);
        if let Some(bot) = bot {
            self.connection(bot, step.connection.as_ref(), node);
        }
        let whole = self.parameters(bot, node, reads);
        self.once_in_loop((step, bot), node);
        let with = self.with(node);
        let verify = self.verify(step, (node, bot.filter(|_| whole)));
        let output = match bot {
            Some(bot) if whole => output(bot, &with),
            _ => Output::Any,
        };
        let call = step.bot.clone().map(|bot| BotCall {
            bot,
            connection: step.connection.clone(),
            with,
            effect: step.effect,
            verify,
        });
        (call.map(Kind::Bot), output)
    }

    /// The bot that `bot:` in this map names.
    pub(super) fn known_bot(
        &mut self,
        name: Option<&String>,
        node: &Node,
    ) -> Option<&'c BotSchema> {
        let (name, entry) = (name?, node.get("bot")?);
        let bot = self.catalogue.bots.get(name.as_str());
        if bot.is_none() {
            let names: Vec<&str> = self.catalogue.bots.keys().copied().collect();
            let hint = suggest::hint(name, "the bots are", names);
            let message = format!("there is no bot `{name}`");
            self.report
                .hinted("steps.unknown_bot", &entry.node.span, (message, hint));
        }
        bot
    }

    /// The limit that the step counts under.
    pub(super) fn limit(&mut self, step: &model::Step, node: &Node) -> Option<String> {
        let (name, entry) = (step.limit.as_ref()?, node.get("limit")?);
        if step.connection.is_some() {
            let message = "a step has a connection or a limit, not both".to_owned();
            let hint = "the connection has its own `sessions:` and `per_minute:` in botswain.yaml";
            self.report
                .hinted("steps.limit", &entry.key, (message, Some(hint.to_owned())));
        } else if !self.catalogue.limits.contains(name) && !self.catalogue.more_connections {
            let names = self.catalogue.limits.iter().map(String::as_str);
            let hint = suggest::hint(name, "the limits are", names.collect::<Vec<_>>())
                .unwrap_or_else(|| "name it under `limits:` in botswain.yaml".to_owned());
            let message = format!("there is no limit `{name}`");
            self.report
                .hinted("steps.limit", &entry.node.span, (message, Some(hint)));
        }
        Some(name.clone())
    }

    /// An effect that is not to be repeated needs something by which it is known again.
    fn once_in_loop(&mut self, (step, bot): (&model::Step, Option<&BotSchema>), node: &Node) {
        let keyed = step.key.is_some() || self.scope.loops.last().is_none_or(|one| one.keyed);
        let of_bot = || bot.and_then(|bot| self.effect_of(bot, node));
        let once = !keyed && step.effect.or_else(of_bot) == Some(Effect::Once);
        let place = match (node.get("effect"), node.get("bot")) {
            (Some(effect), _) => Some(effect.key.clone()),
            (None, bot) => bot.map(|bot| bot.node.span.clone()),
        };
        if let (true, Some(place)) = (once, place) {
            self.report.warning(
                "steps.once_without_key",
                &place,
                (
                    "a later run with the same items does this again",
                    Some(
                        "give the `for_each` a `key:`, as in `key: \"{{line.order}}\"`".to_owned(),
                    ),
                ),
            );
        }
    }

    pub(super) fn connection(&mut self, bot: &BotSchema, name: Option<&String>, node: &Node) {
        let Some((name, entry)) = name.zip(node.get("connection")) else {
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
            _ if bot.connections.is_empty() => self.report.hinted(
                "steps.connection",
                &entry.key,
                (
                    format!("`{bot_name}` takes no connection"),
                    Some("leave `connection` out".to_owned()),
                ),
            ),
            None if self.catalogue.more_connections => (),
            None if name.contains("{{") => self.report.hinted(
                "steps.connection",
                span,
                (
                    "the connection of a step cannot be computed",
                    Some("choose among several steps by a `switch`".to_owned()),
                ),
            ),
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
}

/// What a bot gives for these parameters.
pub(super) fn output(bot: &BotSchema, with: &Value) -> Output {
    Output::Bot {
        output: bot.output,
        with: with.clone(),
        known: OnceCell::new(),
    }
}
