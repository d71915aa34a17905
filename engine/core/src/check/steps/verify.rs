//! `verify`: a bot that only reads, and what its answer says.
//!
//! `happened` and `output` see the names of its output before all others.

use std::rc::Rc;

use super::{Checker, bots};
use crate::{
    catalogue::BotSchema,
    check::{known::Known, names::Output},
    fault::Effect,
    language::model,
    plan::{Path, Template, Verify},
    yaml::Node,
};

/// Milliseconds that a "no" is not believed, where the author says nothing.
const SETTLE: u64 = 30_000;

impl Checker<'_, '_, '_> {
    /// `bot` is that of the step, when its parameters fit it.
    pub(super) fn verify(
        &mut self,
        step: &model::Step,
        (node, bot): (&Rc<Node>, Option<&BotSchema>),
    ) -> Option<Verify> {
        let (model, entry) = (step.verify.as_ref()?, node.get("verify")?);
        let own = step.effect.or_else(|| self.effect_of(bot?, node));
        if let Some(Effect::None | Effect::Repeatable) = own {
            let message = "this step can simply be done again, so nothing is verified";
            let hint = "leave `verify` out, or say `effect: once`".to_owned();
            self.report
                .warning("steps.verify", &entry.key, (message, Some(hint)));
        }
        let place = &entry.node;
        let looking = self.known_bot(model.bot.as_ref(), place);
        if let Some(bot) = looking {
            self.connection(bot, model.connection.as_ref(), place);
        }
        let mut reads = Vec::new();
        let whole = self.parameters(looking, place, &mut reads);
        let with = self.with(place);
        let answer = match looking.filter(|_| whole) {
            Some(bot) => {
                self.only_reads(bot, place);
                bots::output(bot, &with)
            }
            None => Output::Any,
        };
        let mut answer_reads = Vec::new();
        let output = self.answer(answer.known(), place, &mut answer_reads);
        Some(Verify {
            bot: model.bot.clone()?,
            connection: model.connection.clone(),
            with,
            settle: model.settle.map_or(SETTLE, |settle| settle.0),
            happened: Template(model.happened.clone()?),
            output,
            reads,
            answer_reads,
        })
    }

    fn only_reads(&mut self, bot: &BotSchema, place: &Node) {
        let Some(Effect::Repeatable | Effect::Once) = self.effect_of(bot, place) else {
            return;
        };
        let span = place.get("bot").map(|entry| entry.node.span.clone());
        let message = format!(
            "`{}` changes something here, and what verifies only reads",
            bot.name
        );
        let hint = "ask with a bot such as `http.get`".to_owned();
        self.report.hinted(
            "steps.verify",
            &span.unwrap_or_else(|| place.head()),
            (message, Some(hint)),
        );
    }

    /// What is made of the answer.
    fn answer(
        &mut self,
        answer: Known,
        place: &Node,
        reads: &mut Vec<Path>,
    ) -> indexmap::IndexMap<String, Template> {
        self.scope.answer = Some(answer);
        if let Some(entry) = place.get("happened") {
            self.boolean("happened", &entry.node, reads);
        }
        let output = place.get("output").map(|entry| &*entry.node);
        let (output, _) = self.templates(output, reads);
        reads.retain(|path| !self.scope.is_answered(&path[0]));
        self.scope.answer = None;
        output
    }

    /// What the bot does with the parameters in a map, where that can be known before they are
    /// rendered.
    pub(super) fn effect_of(&self, bot: &BotSchema, node: &Node) -> Option<Effect> {
        (bot.effect)(self.with(node)).ok()
    }
}
