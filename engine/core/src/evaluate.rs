//! Templates into values: what a run asks for, answered from what it may see.
//!
//! The driver calls this off its main loop, with the large values behind
//! [`Values`]. The answer becomes a fact, so a template is rendered once and a
//! replay renders none.

mod kinds;

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use crate::{
    engine::event::{Answer, Happening, ItemScope, Scope, Subject},
    fault::{Effect, Fault},
    ids::{Hash, StepId},
    plan::{BotCall, ForEach, Input, InputKind, Kind, Plan, Step, Template, Version},
    run::fact::Key,
    template::Renderer,
    value::{self, ArtifactRef, Payload, TableRef},
};

/// Large values, kept outside of facts.
pub trait Values: Send + Sync {
    /// The JSON in an artifact.
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault>;
    /// A value as a fact may hold it; large ones are durable elsewhere on return.
    fn keep(&self, value: Value) -> Result<Payload, Fault>;
    /// One item of a table.
    fn row(&self, table: &TableRef, index: u64) -> Result<Value, Fault>;
    /// A list too large for a fact, as a table.
    fn table(&self, items: &[Value]) -> Result<TableRef, Fault>;
}

/// What answers need from around them.
pub struct Evaluator<'a> {
    pub renderer: &'a Renderer,
    pub values: &'a dyn Values,
    /// What rendered parameters of a bot do to the world.
    pub effect: &'a dyn Fn(&str, &Value) -> Result<Effect, Fault>,
    /// Whether a bot says when it is about to act.
    pub announces: &'a dyn Fn(&str) -> bool,
    /// The version of a workflow that is called, by its hash.
    pub versions: &'a dyn Fn(&Hash) -> Result<Arc<Version>, Fault>,
    /// The zone in which `today` is a day.
    pub timezone: &'a TimeZone,
}

impl Evaluator<'_> {
    /// Renders what is asked for; a fault is an answer too.
    pub fn answer(
        &self,
        version: &Version,
        scope: &Scope,
        edits: &IndexMap<String, Value>,
        subject: &Subject,
    ) -> Answer {
        let answer = match subject {
            Subject::Step(id) => match version.plan.step(id) {
                Some(step) => self.step(version, step, scope, edits),
                None => Err(Fault::business(
                    "step.unknown",
                    format!("the plan has no step `{id}`"),
                )),
            },
            Subject::Item { step, index, list } => {
                self.item(&version.plan, scope, (step, *index), list)
            }
            Subject::Verify(step) => self.question(&version.plan, scope, step),
            Subject::Verdict { step, said } => self.verdict(&version.plan, scope, (step, said)),
            Subject::Callee(step) => self.callee(version, step).map(Answer::Callee),
            Subject::Identity => self.identity(&version.plan, scope),
            Subject::Collect => self.collect(&version.plan, scope),
        };
        answer.unwrap_or_else(|fault| Answer::Fault(Box::new(fault)))
    }

    /// The inputs of a firing, complete and of their types.
    pub fn trigger_inputs(
        &self,
        version: &Version,
        trigger: u32,
        (at, happening): (Timestamp, Option<&Happening>),
    ) -> Result<Payload, Fault> {
        let Some(trigger) = version.plan.triggers.get(trigger as usize) else {
            return Err(Fault::business(
                "trigger.unknown",
                "the workflow has no such trigger any more",
            ));
        };
        let data = happening.into_iter().flat_map(|it| &it.data);
        let context = self.trigger_context(at, data)?;
        let mut given = IndexMap::new();
        for (name, template) in &trigger.inputs {
            given.insert(name.clone(), self.render(template, &context)?);
        }
        self.values.keep(complete_inputs(&version.plan, given)?)
    }

    /// By what a trigger knows a delivery again, of which these are the data.
    pub fn trigger_key(
        &self,
        key: &Template,
        (at, data): (Timestamp, &IndexMap<String, Payload>),
    ) -> Result<String, Fault> {
        self.text(key, &self.trigger_context(at, data)?)
    }

    fn trigger_context<'d>(
        &self,
        at: Timestamp,
        data: impl IntoIterator<Item = (&'d String, &'d Payload)>,
    ) -> Result<Value, Fault> {
        let mut context = self.times(at);
        let mut known = Map::new();
        for (name, value) in data {
            known.insert(name.clone(), self.load(value)?);
        }
        known.insert("scheduled_for".to_owned(), json!(at.to_string()));
        context.insert("trigger".to_owned(), Value::Object(known));
        Ok(Value::Object(context))
    }

    fn step(
        &self,
        version: &Version,
        step: &Step,
        scope: &Scope,
        edits: &IndexMap<String, Value>,
    ) -> Result<Answer, Fault> {
        let context = self.context(scope)?;
        if let Some(when) = &step.when
            && !self.is_true(when, &context)?
        {
            return Ok(Answer::Skip);
        }
        match &step.kind {
            Kind::Bot(call) => self.bot(step, call, &context, edits),
            Kind::ForEach(each) => self.list(each, &context),
            Kind::Call(call) => self.call(version, step, call, &context),
            Kind::Parallel(_) => Ok(Answer::Fork),
            Kind::Switch(switch) => self.case(switch, &context),
            Kind::Approve(approve) => self.approval(approve, &context),
            Kind::Wait(millis) => Ok(Answer::Wait(*millis)),
            Kind::WaitUntil(until) => self.until(until, &context),
            Kind::Set(values) => self.set(values, &context),
            Kind::Fail(fail) => Err(self.failure(fail, &context)?),
        }
    }

    fn bot(
        &self,
        step: &Step,
        call: &BotCall,
        context: &Value,
        edits: &IndexMap<String, Value>,
    ) -> Result<Answer, Fault> {
        let mut with = self.renderer.render_with(&call.with, context)?;
        if let Some(with) = with.as_object_mut() {
            with.extend(
                edits
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        let effect = match call.effect {
            Some(effect) => effect,
            None => (self.effect)(&call.bot, &with)?,
        };
        let key = match &step.key {
            Some(key) => Some(Key {
                text: self.text(key, context)?,
                data: value::hash(&with),
            }),
            None => None,
        };
        Ok(Answer::Bot {
            with: self.values.keep(with)?,
            effect,
            // Where the author knows better, the bot may not know that it acts at all.
            announces: call.effect.is_none() && (self.announces)(&call.bot),
            key,
        })
    }

    fn list(&self, each: &ForEach, context: &Value) -> Result<Answer, Fault> {
        let list = self.render(&each.list, context)?;
        if let Some(table) = TableRef::from_value(&list) {
            return Ok(Answer::List {
                count: table.rows,
                list: list.into(),
            });
        }
        let Value::Array(items) = &list else {
            let message = format!(
                "`for_each: {}` gives no list but {}",
                each.list.0,
                kind(&list)
            );
            return Err(Fault::business("for_each.no_list", message));
        };
        let count = items.len() as u64;
        match self.values.keep(list.clone())? {
            small @ Payload::Inline(_) => Ok(Answer::List { list: small, count }),
            // A large list is read item by item, which only a table can be.
            Payload::Stored(_) => {
                let table = self.values.table(items)?;
                Ok(Answer::List {
                    list: table.to_value().into(),
                    count,
                })
            }
        }
    }

    fn item(
        &self,
        plan: &Plan,
        scope: &Scope,
        place: (&StepId, u64),
        list: &Payload,
    ) -> Result<Answer, Fault> {
        let (step, index) = place;
        let item = self.pick(list, index)?;
        let each = for_each(plan, step)?;
        let key = match &each.key {
            None => None,
            Some(template) => {
                let mut context = self.context(scope)?;
                if let Some(context) = context.as_object_mut() {
                    context.insert(each.item.clone(), item.clone());
                    context.insert("item".to_owned(), json!({ "index": index }));
                }
                Some(self.item_key(template, &item, &context).map_err(Box::new))
            }
        };
        Ok(Answer::Item {
            item: self.values.keep(item)?,
            key,
        })
    }

    fn item_key(&self, template: &Template, item: &Value, context: &Value) -> Result<Key, Fault> {
        Ok(Key {
            text: self.text(template, context)?,
            data: value::hash(item),
        })
    }

    fn pick(&self, list: &Payload, index: u64) -> Result<Value, Fault> {
        let none = || Fault::business("for_each.no_item", format!("the list has no item {index}"));
        // A list that is read item by item is small or a table, see `list`.
        let Payload::Inline(list) = list else {
            return Err(none());
        };
        if let Some(table) = TableRef::from_value(list) {
            return self.values.row(&table, index);
        }
        let place = usize::try_from(index).ok();
        let item = place.and_then(|place| list.as_array()?.get(place)).cloned();
        item.ok_or_else(none)
    }

    fn identity(&self, plan: &Plan, scope: &Scope) -> Result<Answer, Fault> {
        let context = self.context(scope)?;
        let (Some(item), Some((_, step))) = (scope.items.last(), scope.run.parent()) else {
            // A run that was started keeps the key it was given; its data are its inputs.
            let text = scope.key.clone().unwrap_or_default();
            let data = value::hash(context.get("inputs").unwrap_or(&Value::Null));
            return Ok(Answer::Identity {
                key: Key { text, data },
            });
        };
        let each = for_each(plan, &step)?;
        let data = self.item_value(item)?;
        match &each.key {
            Some(template) => Ok(Answer::Identity {
                key: self.item_key(template, &data, &context)?,
            }),
            None => Err(Fault::business(
                "key.none",
                "the items of this list have no key",
            )),
        }
    }

    fn collect(&self, plan: &Plan, scope: &Scope) -> Result<Answer, Fault> {
        let context = self.context(scope)?;
        let wanted = match (scope.items.last(), scope.run.parent()) {
            (Some(_), Some((_, step))) => &for_each(plan, &step)?.collect,
            _ => &plan.outputs,
        };
        Ok(Answer::Collected {
            output: self.values.keep(self.map(wanted, &context)?)?,
        })
    }

    fn context(&self, scope: &Scope) -> Result<Value, Fault> {
        let mut context = self.times(scope.scheduled_for);
        let inputs = value::merged(self.load(&scope.inputs)?, &scope.input_edits);
        context.insert("inputs".to_owned(), inputs);
        let mut steps = Map::new();
        for (step, output) in &scope.steps {
            steps.insert(step.to_string(), self.load(output)?);
        }
        context.insert("steps".to_owned(), Value::Object(steps));
        if let Some(fault) = &scope.fault {
            context.insert("fault".to_owned(), shown(fault));
        }
        for item in &scope.items {
            context.insert(item.name.clone(), self.item_value(item)?);
        }
        if let Some(item) = scope.items.last() {
            context.insert(
                "item".to_owned(),
                json!({ "key": item.key, "index": item.index }),
            );
        }
        context.insert(
            "run".to_owned(),
            json!({ "id": scope.run, "workflow": scope.workflow, "scheduled_for": scope.scheduled_for.to_string() }),
        );
        Ok(Value::Object(context))
    }

    fn times(&self, at: Timestamp) -> Map<String, Value> {
        times(at, self.timezone)
    }

    fn item_value(&self, item: &ItemScope) -> Result<Value, Fault> {
        Ok(value::merged(self.load(&item.value)?, &item.edits))
    }

    fn load(&self, payload: &Payload) -> Result<Value, Fault> {
        match payload {
            Payload::Inline(value) => Ok(value.clone()),
            Payload::Stored(artifact) => self.values.load(artifact),
        }
    }

    fn render(&self, template: &Template, context: &Value) -> Result<Value, Fault> {
        Ok(self.renderer.render_value(&template.0, context)?)
    }

    fn text(&self, template: &Template, context: &Value) -> Result<String, Fault> {
        match self.render(template, context)? {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => {
                let given = match other {
                    Value::String(_) => "an empty text",
                    ref other => kind(other),
                };
                let message = format!("`key: {}` gives {given}, a key is text", template.0);
                Err(Fault::business("key.no_text", message))
            }
        }
    }

    fn is_true(&self, when: &Template, context: &Value) -> Result<bool, Fault> {
        match self.render(when, context)? {
            Value::Bool(value) => Ok(value),
            other => Err(Fault::business(
                "when.no_boolean",
                format!(
                    "`when: {}` gives {}, not true or false",
                    when.0,
                    kind(&other)
                ),
            )
            .hint("compare it, as in `{{gt line.amount 0}}`")),
        }
    }
}

/// A fault as the steps see it that follow from it.
fn shown(fault: &Fault) -> Value {
    json!({
        "code": fault.code,
        "message": fault.message,
        "category": fault.category,
        "hint": fault.hint,
    })
}

/// `today` and `now` as every template sees them: the run's logical time.
pub fn times(at: Timestamp, timezone: &TimeZone) -> Map<String, Value> {
    let local = at.to_zoned(timezone.clone());
    let mut times = Map::new();
    times.insert("today".to_owned(), json!(local.date().to_string()));
    times.insert(
        "now".to_owned(),
        json!(local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
    );
    times
}

/// The inputs of a run, complete and of their types, from what was given.
pub fn complete_inputs(plan: &Plan, mut given: IndexMap<String, Value>) -> Result<Value, Fault> {
    let mut inputs = Map::new();
    let mut problems = Vec::new();
    for (name, input) in &plan.inputs {
        let value = given.shift_remove(name).or_else(|| input.default.clone());
        match value.map(|value| coerce(value, input)) {
            Some(Ok(value)) => drop(inputs.insert(name.clone(), value)),
            Some(Err(reason)) => problems.push(format!("`{name}` {reason}")),
            None => problems.push(format!("`{name}` is missing")),
        }
    }
    problems.extend(
        given
            .keys()
            .map(|name| format!("there is no input `{name}`")),
    );
    match problems.is_empty() {
        true => Ok(Value::Object(inputs)),
        false => Err(
            Fault::business("run.inputs", problems.join("; ")).hint(format!(
                "`{}` takes: {}",
                plan.name,
                names(plan)
            )),
        ),
    }
}

fn names(plan: &Plan) -> String {
    match plan.inputs.is_empty() {
        true => "nothing".to_owned(),
        false => plan.inputs.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

/// A value as its input wants it: text from a command line or a form becomes what it stands for.
fn coerce(value: Value, input: &Input) -> Result<Value, String> {
    let parsed = match (&value, input.kind) {
        (Value::String(_), InputKind::Text | InputKind::File) => Some(value.clone()),
        // An attachment of a mail, or what a step has left.
        (file, InputKind::File) if ArtifactRef::from_value(file).is_some() => Some(value.clone()),
        (Value::String(text), InputKind::Date) => text
            .parse::<jiff::civil::Date>()
            .ok()
            .map(|date| json!(date.to_string())),
        (Value::String(text), InputKind::Integer) => {
            text.parse::<i64>().ok().map(|number| json!(number))
        }
        (Value::Number(number), InputKind::Integer) => number.as_i64().map(|number| json!(number)),
        (Value::String(text), InputKind::Decimal) => decimal(text),
        (Value::Number(number), InputKind::Decimal) => decimal(&number.to_string()),
        (Value::Bool(_), InputKind::Boolean) => Some(value.clone()),
        (Value::String(text), InputKind::Boolean) => {
            text.parse::<bool>().ok().map(|value| json!(value))
        }
        (Value::Array(_), InputKind::List) => Some(value.clone()),
        (Value::Object(_), InputKind::Object) => Some(value.clone()),
        (Value::String(text), InputKind::List | InputKind::Object) => {
            serde_json::from_str(text).ok().filter(|parsed: &Value| {
                parsed.is_array() == (input.kind == InputKind::List)
                    && (parsed.is_array() || parsed.is_object())
            })
        }
        _ => None,
    };
    parsed.ok_or_else(|| format!("is {value}, which is no {}", article_free(input.kind)))
}

fn decimal(text: &str) -> Option<Value> {
    rust_decimal::Decimal::from_str_exact(text).ok()?;
    // The digits stay as they were written, as far as JSON can write them.
    serde_json::from_str(text).ok().filter(Value::is_number)
}

fn article_free(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "text",
        InputKind::Integer => "whole number",
        InputKind::Decimal => "decimal number, such as 10.50",
        InputKind::Boolean => "true or false",
        InputKind::Date => "day, such as 2026-03-29",
        InputKind::File => "path of a file",
        InputKind::List => "list",
        InputKind::Object => "object",
    }
}

fn for_each<'a>(plan: &'a Plan, step: &StepId) -> Result<&'a ForEach, Fault> {
    match plan.step(step).map(|step| &step.kind) {
        Some(Kind::ForEach(each)) => Ok(each),
        _ => Err(Fault::business(
            "step.unknown",
            format!("the plan has no `for_each` called `{step}`"),
        )),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
