//! What each kind of step that calls no bot is given: cases, questions, times, values.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value};

use super::{Evaluator, complete_inputs, kind};
use crate::{
    engine::event::{Answer, Scope},
    fault::{Category, Fault},
    ids::StepId,
    plan::{Approve, Fail, Kind, Plan, Step, Switch, Template, Verify, Version, WorkflowCall},
    value::Payload,
};

impl Evaluator<'_> {
    pub(super) fn map(
        &self,
        templates: &IndexMap<String, Template>,
        context: &Value,
    ) -> Result<Value, Fault> {
        let mut map = Map::new();
        for (name, template) in templates {
            map.insert(name.clone(), self.render(template, context)?);
        }
        Ok(Value::Object(map))
    }

    /// The inputs of a run of another workflow, complete and of their types.
    pub(super) fn call(
        &self,
        version: &Version,
        step: &Step,
        call: &WorkflowCall,
        context: &Value,
    ) -> Result<Answer, Fault> {
        let callee = self.callee(version, &step.id)?;
        let given = match self.renderer.render_with(&call.with, context)? {
            Value::Object(given) => given.into_iter().collect(),
            _ => IndexMap::new(),
        };
        let inputs = complete_inputs(&callee.plan, given)?;
        Ok(Answer::Call {
            inputs: self.values.keep(inputs)?,
        })
    }

    /// The version of the workflow that a step calls, as it was when this version was made.
    pub(super) fn callee(&self, version: &Version, step: &StepId) -> Result<Arc<Version>, Fault> {
        let unknown = || Fault::business("call.unknown", "there is no such workflow");
        let name = match version.plan.step(step).map(|step| &step.kind) {
            Some(Kind::Call(call)) => &call.workflow,
            _ => return Err(unknown()),
        };
        (self.versions)(version.calls.get(name).ok_or_else(unknown)?)
    }

    pub(super) fn case(&self, switch: &Switch, context: &Value) -> Result<Answer, Fault> {
        let value = self.render(&switch.on, context)?;
        let Some(text) = text_of(&value) else {
            let message = format!("`switch: {}` gives {}, no text", switch.on.0, kind(&value));
            return Err(Fault::business("switch.no_text", message));
        };
        if switch.cases.contains_key(&text) {
            return Ok(Answer::Case(Some(text)));
        }
        match switch.default {
            Some(_) => Ok(Answer::Case(None)),
            None => {
                let message = format!(
                    "`switch: {}` gives `{text}`, for which there is no case",
                    switch.on.0
                );
                Err(Fault::business("switch.no_case", message)
                    .hint("correct the data, or add the case or a `default:` to the workflow"))
            }
        }
    }

    pub(super) fn approval(&self, approve: &Approve, context: &Value) -> Result<Answer, Fault> {
        let question = self.render(&approve.question, context)?;
        let question = match text_of(&question) {
            Some(question) => question,
            None => {
                return Err(Fault::business(
                    "approve.no_text",
                    format!(
                        "`approve: {}` gives {}, no text",
                        approve.question.0,
                        kind(&question)
                    ),
                ));
            }
        };
        let show = self.renderer.render_with(&approve.show, context)?;
        Ok(Answer::Approval {
            question,
            show: self.values.keep(show)?,
        })
    }

    pub(super) fn until(&self, until: &Template, context: &Value) -> Result<Answer, Fault> {
        let value = self.render(until, context)?;
        let time = value.as_str().and_then(|text| self.moment(text));
        time.map(Answer::Until).ok_or_else(|| {
            let message = format!(
                "`wait_until: {}` gives {value}, neither a day nor a time",
                until.0
            );
            Fault::business("wait.no_time", message)
                .hint("write a day as in 2026-03-29, or a time as in 2026-03-29T10:00")
        })
    }

    /// A moment, from a text with an offset, or a day or time of the instance's zone.
    fn moment(&self, text: &str) -> Option<Timestamp> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment);
        }
        let local = text.parse::<civil::DateTime>().ok()?;
        let zoned = local.to_zoned(self.timezone.clone()).ok()?;
        Some(zoned.timestamp())
    }

    pub(super) fn set(
        &self,
        values: &IndexMap<String, Template>,
        context: &Value,
    ) -> Result<Answer, Fault> {
        let output = self.values.keep(self.map(values, context)?)?;
        Ok(Answer::Value { output })
    }

    /// The fault that the author raises.
    pub(super) fn failure(&self, fail: &Fail, context: &Value) -> Result<Fault, Fault> {
        let message = self.render(&fail.message, context)?;
        let message = text_of(&message).unwrap_or_else(|| message.to_string());
        Ok(match fail.category {
            Category::Business => Fault::business("step.failed", message),
            Category::System => Fault::system("step.failed", message),
        })
    }

    /// The parameters of the bot that is asked whether an effect took place.
    pub(super) fn question(
        &self,
        plan: &Plan,
        scope: &Scope,
        step: &StepId,
    ) -> Result<Answer, Fault> {
        let with = self
            .renderer
            .render_with(&verify(plan, step)?.with, &self.context(scope)?)?;
        Ok(Answer::Verify {
            with: self.values.keep(with)?,
        })
    }

    /// Whether the effect took place, from what that bot said. Its output hides other names.
    pub(super) fn verdict(
        &self,
        plan: &Plan,
        scope: &Scope,
        (step, said): (&StepId, &Payload),
    ) -> Result<Answer, Fault> {
        let verify = verify(plan, step)?;
        let mut context = self.context(scope)?;
        let said = self.load(said)?;
        if let (Some(context), Value::Object(said)) = (context.as_object_mut(), &said) {
            context.extend(said.clone());
        }
        let happened = match self.render(&verify.happened, &context)? {
            Value::Bool(happened) => happened,
            other => {
                let message = format!(
                    "`happened: {}` gives {}, not true or false",
                    verify.happened.0,
                    kind(&other)
                );
                return Err(Fault::business("verify.no_boolean", message));
            }
        };
        let output = match (happened, verify.output.is_empty()) {
            (false, _) => Value::Null,
            (true, true) => said,
            (true, false) => self.map(&verify.output, &context)?,
        };
        Ok(Answer::Happened {
            happened,
            output: self.values.keep(output)?,
        })
    }
}

fn verify<'a>(plan: &'a Plan, step: &StepId) -> Result<&'a Verify, Fault> {
    match plan.step(step).map(|step| &step.kind) {
        Some(Kind::Bot(call)) => call.verify.as_ref(),
        _ => None,
    }
    .ok_or_else(|| Fault::business("verify.none", format!("the step `{step}` has no `verify`")))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
