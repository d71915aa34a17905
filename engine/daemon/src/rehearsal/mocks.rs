//! The answers of a test: mocks first, then bots that only read this machine.
//!
//! Whatever else is asked for was forgotten: it is answered with something of
//! the right shape, so that the play goes on, and told with the mock to paste.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    path::{Component, Path, PathBuf},
};

use botswain_bot::Preview;
use botswain_core::{
    Fault, Payload, RunId, StepId,
    engine::event::Call,
    evaluate::Values,
    index::{Exception, ExceptionCategory, Summary},
    plan::{Kind, Version},
    run::fact::Resolution,
    testing::{Answer, Answered, Item, Mock, Test},
};
use serde_json::{Value, json};

use super::{
    cast::{Cast, Coming, Decision},
    files,
    flow::flow,
    placeholder::{self, Style},
    stage::Stage,
};

/// No step looks at it.
const MEDIA: &str = "application/octet-stream";

pub(crate) struct Mocks<'t> {
    test: &'t Test,
    /// How often each place has asked.
    asked: BTreeMap<(RunId, StepId, bool), usize>,
    /// What bots would have done, by place: the last one counts.
    pub(crate) previews: BTreeMap<(RunId, StepId), Preview>,
    /// What was asked and not answered, each with its mock.
    pub(crate) missing: Vec<Missing>,
    /// Files that outputs name and that could not be read: the step, and why.
    pub(crate) unread: BTreeSet<(String, String)>,
    /// The places of the mocks that have answered.
    used: BTreeSet<usize>,
}

/// A mock that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// As in `form.verify`.
    pub(crate) step: String,
    /// What answers otherwise: a bot, or the workflow that is called.
    pub(crate) who: String,
    /// The entry under `mocks:`.
    pub(crate) mock: String,
}

impl<'t> Mocks<'t> {
    pub(crate) fn of(test: &'t Test) -> Mocks<'t> {
        Mocks {
            test,
            asked: BTreeMap::new(),
            previews: BTreeMap::new(),
            missing: Vec::new(),
            unread: BTreeSet::new(),
            used: BTreeSet::new(),
        }
    }

    /// The answer to the next question of a place. A mock for its item comes before one for all.
    fn answer(
        &mut self,
        (run, step, verifies): (&RunId, &StepId, bool),
        stage: &Stage,
    ) -> Option<Answer> {
        let summary = stage.summary(run)?;
        if summary.workflow != self.test.workflow {
            return None;
        }
        let all = self.test.mocks.iter().enumerate();
        let of_step = all.filter(|(_, mock)| mock.step == *step && mock.verifies == verifies);
        let mocks: Vec<(usize, &Mock)> = of_step.collect();
        let own = mocks.iter().find(|(_, mock)| {
            mock.item
                .as_ref()
                .is_some_and(|item| is_item(item, &summary))
        });
        let of_all = || mocks.iter().find(|(_, mock)| mock.item.is_none());
        let (place, mock) = own.or_else(of_all)?;
        self.used.insert(*place);
        let asked = self.asked.entry((run.clone(), step.clone(), verifies));
        let asked = asked.or_default();
        let answer = mock.attempts.get(*asked).or_else(|| mock.attempts.last());
        *asked += 1;
        answer.cloned()
    }

    fn miss(&mut self, step: &str, who: &str, schema: &Value) -> Value {
        let style = Style {
            text: &|_| "…".to_owned(),
            file: &|_| Ok(Value::Null),
        };
        let output = placeholder::of(schema, step, &style).unwrap_or_default();
        let mock = flow(&json!({ "step": step, "output": without_nulls(output.clone()) }));
        let missing = Missing {
            step: step.to_owned(),
            who: who.to_owned(),
            mock: format!("- {mock}"),
        };
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
        output
    }

    /// A bot was asked that nobody answers for.
    fn miss_bot(&mut self, call: &Call, stage: &Stage) -> Value {
        let verify = if call.verifies { ".verify" } else { "" };
        let step = format!("{}{verify}", call.step);
        if call.version.plan.name != self.test.workflow {
            return self.miss_call(call, stage);
        }
        let with = written(call).unwrap_or_default();
        let bot = stage.parts.instance.bot(&call.bot);
        let schema = bot.map_or(Value::Bool(true), |bot| (bot.output)(&with));
        self.miss(&step, &call.bot, &schema)
    }

    /// The bot belongs to a called workflow, which is answered for as a whole.
    fn miss_call(&mut self, call: &Call, stage: &Stage) -> Value {
        let mut run = call.run.clone();
        while let Some((parent, step)) = run.parent() {
            let workflow = stage.summary(&parent).map(|it| it.workflow);
            if workflow.as_deref() == Some(&self.test.workflow) {
                let name = &call.version.plan.name;
                let outputs = call.version.plan.outputs.keys();
                let outputs = outputs.map(|name| (name.clone(), json!({ "type": "string" })));
                let outputs: serde_json::Map<_, _> = outputs.collect();
                let schema = json!({ "type": "object", "properties": outputs });
                self.miss(step.as_str(), &format!("the workflow `{name}`"), &schema);
            }
            run = parent;
        }
        Value::Null
    }
}

/// The parameters as the file has them, by which a bot knows what it gives.
pub(super) fn written(call: &Call) -> Option<Value> {
    match &call.version.plan.step(&call.step)?.kind {
        Kind::Bot(own) if call.verifies => Some(own.verify.as_ref()?.with.clone()),
        Kind::Bot(own) => Some(own.with.clone()),
        _ => None,
    }
}

/// Whether a run is the item that is meant.
pub(crate) fn is_item(item: &Item, summary: &Summary) -> bool {
    match item {
        Item::Key(key) => summary.key.as_ref() == Some(key),
        Item::Index(index) => {
            let place = summary.parent.as_ref().map(|(_, _, place)| *place);
            place == Some(*index)
        }
    }
}

/// A mock leaves out what has no value.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let there = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(key, it)| (key, without_nulls(it))).collect())
        }
        other => other,
    }
}

impl Cast for Mocks<'_> {
    fn attempt(
        &mut self,
        call: &Call,
        stage: &Stage,
    ) -> Option<Coming<Result<Payload, Box<Fault>>>> {
        let place = (&call.run, &call.step, call.verifies);
        let answer = self.answer(place, stage);
        let (delay, output) = match answer {
            Some(Answer {
                delay,
                what: Answered::Fault(fault),
            }) => {
                let what = Err(fault);
                return Some(Coming { delay, what });
            }
            Some(Answer {
                delay,
                what: Answered::Output(output),
            }) => (delay, output),
            _ if self.is_local(call, stage) => return None,
            _ => (0, self.miss_bot(call, stage)),
        };
        // What the bot refuses by itself it refuses here too.
        let preview = stage.preview(call);
        let kept = preview.and_then(|preview| {
            if let Some(preview) = preview {
                let place = (call.run.clone(), call.step.clone());
                self.previews.insert(place, preview);
            }
            stage.parts.kept.keep(self.with_files(call, output, stage))
        });
        let what = kept.map_err(Box::new);
        Some(Coming { delay, what })
    }

    fn called(
        &mut self,
        _version: &Version,
        (run, step): (&RunId, &StepId),
        stage: &Stage,
    ) -> Option<Coming<Result<Value, Box<Fault>>>> {
        let answer = self.answer((run, step, false), stage)?;
        let what = match answer.what {
            Answered::Output(output) => Ok(output),
            Answered::Fault(fault) => Err(fault),
            Answered::Approve { .. } | Answered::Reject { .. } => return None,
        };
        let delay = answer.delay;
        Some(Coming { delay, what })
    }

    fn decision(&mut self, exception: &Exception, stage: &Stage) -> Option<Coming<Decision>> {
        if exception.category != ExceptionCategory::Approval {
            return None;
        }
        let answer = self.answer((&exception.run, &exception.step, false), stage)?;
        let (resolution, by, note) = match answer.what {
            Answered::Approve { by, note } => (Resolution::Approve, by, note),
            Answered::Reject { by, note } => (Resolution::Reject, by, note),
            Answered::Output(_) | Answered::Fault(_) => return None,
        };
        let what = Decision {
            resolution,
            by,
            note,
        };
        let delay = answer.delay;
        Some(Coming { delay, what })
    }
}

impl Mocks<'_> {
    fn is_local(&self, call: &Call, stage: &Stage) -> bool {
        let bot = stage.parts.instance.bot(&call.bot);
        let with = stage.with(call).unwrap_or_default();
        bot.is_some_and(|bot| bot.is_local(&with))
    }

    /// The output with the files that it names; one that cannot be read is told.
    fn with_files(&mut self, call: &Call, output: Value, stage: &Stage) -> Value {
        let with = written(call).unwrap_or_default();
        let bot = stage.parts.instance.bot(&call.bot);
        let schema = bot.map_or(Value::Bool(true), |bot| (bot.output)(&with));
        let mut keep = |path: &Path| -> Result<Value, Infallible> {
            let (file, name) = (self.file(path, stage), path.file_name());
            let name = name.unwrap_or_default().to_string_lossy();
            let kept = file.and_then(|file| {
                let kept = stage.parts.kept.0.put_file(&name, MEDIA, &file);
                kept.map_err(|error| error.to_string())
            });
            match kept {
                Ok(kept) => Ok(kept.to_value()),
                Err(why) => {
                    self.unread.insert((call.step.to_string(), why));
                    Ok(Value::Null)
                }
            }
        };
        match files::kept(&schema, output, &mut keep) {
            Ok(output) => output,
            Err(never) => match never {},
        }
    }

    /// A file beside that of the test comes before one in the instance.
    fn file(&self, path: &Path, stage: &Stage) -> Result<PathBuf, String> {
        let folder = stage.parts.instance.folder();
        let beside = Path::new(&self.test.file)
            .parent()
            .unwrap_or_else(|| Path::new(""));
        let within = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !path.components().all(within) {
            return Err(format!("`{}` leads out of the instance", path.display()));
        }
        let places = [folder.join(beside).join(path), folder.join(path)];
        let found = places.into_iter().find(|place| place.is_file());
        found.ok_or_else(|| format!("there is no file `{}`", path.display()))
    }

    /// The mocks that nobody asked, without those for items that there were none of.
    pub(crate) fn unused(&self, runs: &[Summary]) -> Vec<&Mock> {
        let mocks = self.test.mocks.iter().enumerate();
        let unused = mocks.filter(|(place, mock)| {
            let item = mock.item.as_ref();
            let is_there = item.is_none_or(|item| runs.iter().any(|run| is_item(item, run)));
            is_there && !self.used.contains(place)
        });
        unused.map(|(_, mock)| mock).collect()
    }

    /// The items that mocks are for and that there were none of.
    pub(crate) fn unknown_items(&self, runs: &[Summary]) -> BTreeSet<(String, String)> {
        let mocks = self.test.mocks.iter();
        let unknown = mocks.filter_map(|mock| {
            let item = mock.item.as_ref()?;
            let is_there = runs.iter().any(|run| is_item(item, run));
            (!is_there).then(|| (mock.step.to_string(), item.to_string()))
        });
        unknown.collect()
    }
}
