//! An earlier run, held against what the file of today would do with the same data.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use botswain_bot::{Preview, PreviewKind};
use botswain_core::{
    Effect, Payload, RunId, StepId,
    engine::event::Call,
    plan::{BotCall, Kind, Version},
};
use botswain_views::LineView;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    dry::{Did, Scene},
    flow::block,
    stage::{Stage, masked},
};
use crate::difference;

/// What an earlier run has left, by the place of each step.
#[derive(Default)]
pub struct Past {
    /// Of the run.
    pub number: u64,
    pub inputs: Value,
    pub steps: BTreeMap<String, PastStep>,
    /// The contents of the files and tables that are named in them.
    pub files: Vec<Vec<u8>>,
}

/// A step of an earlier run.
pub struct PastStep {
    pub run: RunId,
    pub step: StepId,
    pub version: Arc<Version>,
    pub scheduled_for: Timestamp,
    pub with: Option<Value>,
    /// None for what is no bot.
    pub effect: Option<Effect>,
    /// Null is an output too.
    pub output: Option<Value>,
    /// A person has put other data in the place of some, in its run.
    pub is_corrected: bool,
}

/// What a step would have sent then, and what now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sent {
    /// As in `enter[1001-1].form`.
    pub place: String,
    pub change: SentChange,
    /// Lines with `-` for then and `+` for now.
    pub difference: String,
    /// The same, for those who draw it.
    #[serde(skip)]
    pub lines: Vec<LineView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SentChange {
    /// The earlier run has sent it; now it would not be sent.
    Gone,
    New,
    Different,
}

/// Where a step is, the same in every run with the same items: `enter[1001-1].form`.
pub(super) fn place(run: &RunId, step: &StepId, stage: &Stage) -> String {
    let mut parts = vec![step.to_string()];
    let mut run = run.clone();
    while let Some((parent, step)) = run.parent() {
        let key = stage.summary(&run).and_then(|it| it.key);
        parts.push(within(&step, key.as_deref(), run.index()));
        run = parent;
    }
    parts.reverse();
    parts.join(".")
}

/// A loop or a call, and which of its runs.
pub fn within(step: &StepId, key: Option<&str>, index: u64) -> String {
    match key {
        Some(key) => format!("{step}[{key}]"),
        None => format!("{step}[{index}]"),
    }
}

/// What differs between then and now, in the order of the places.
pub(super) fn compare(stage: &Stage, past: &Past, scenes: &[Scene]) -> Vec<Sent> {
    let then = past.steps.iter();
    let then: BTreeMap<&str, String> = then
        .filter_map(|(place, step)| Some((place.as_str(), sent(stage, step)?)))
        .collect();
    let acts = scenes.iter().filter(|scene| scene.effect != Effect::None);
    differ(&then, &texts(acts))
}

/// What was asked of the world then and would be asked otherwise now, where the answer of then
/// was taken.
pub(super) fn asked(stage: &Stage, past: &Past, scenes: &[Scene]) -> Vec<Sent> {
    let recorded = || scenes.iter().filter(|scene| scene.did == Did::Recorded);
    let then = recorded().filter_map(|scene| {
        let with = past.steps.get(&scene.place)?.with.clone()?;
        let with = stage.parts.redactor.mask_value(&masked(with));
        Some((scene.place.as_str(), text(None, &with)))
    });
    differ(&then.collect(), &texts(recorded()))
}

/// What each step would do, by its place.
fn texts<'s>(scenes: impl Iterator<Item = &'s Scene>) -> BTreeMap<&'s str, String> {
    let each = scenes.map(|it| (it.place.as_str(), text(it.preview.as_ref(), &it.with)));
    each.collect()
}

fn differ(then: &BTreeMap<&str, String>, now: &BTreeMap<&str, String>) -> Vec<Sent> {
    let places: BTreeSet<&str> = then.keys().chain(now.keys()).copied().collect();
    let changes = places.into_iter().filter_map(|place| {
        let (change, then, now) = match (then.get(place), now.get(place)) {
            (Some(then), Some(now)) if then == now => return None,
            (Some(then), Some(now)) => (SentChange::Different, then.as_str(), now.as_str()),
            (Some(then), None) => (SentChange::Gone, then.as_str(), ""),
            (None, now) => (SentChange::New, "", now?.as_str()),
        };
        let lines = difference::views(then, now);
        Some(Sent {
            place: place.to_owned(),
            change,
            difference: difference::told(&lines),
            lines,
        })
    });
    changes.collect()
}

/// What a step of the earlier run has sent, in the words of today's bot and its own templates.
fn sent(stage: &Stage, step: &PastStep) -> Option<String> {
    let (with, effect) = (step.with.clone()?, step.effect?);
    let Kind::Bot(BotCall {
        bot, connection, ..
    }) = &step.version.plan.step(&step.step)?.kind
    else {
        return None;
    };
    if effect == Effect::None {
        return None;
    }
    let call = Call {
        run: step.run.clone(),
        step: step.step.clone(),
        attempt: 1,
        version: step.version.clone(),
        bot: bot.clone(),
        connection: connection.clone(),
        with: Arc::new(Payload::Inline(with.clone())),
        effect,
        idempotency_key: String::new(),
        scheduled_for: step.scheduled_for,
        entered: step.scheduled_for,
        timeout: None,
        announces: false,
        verifies: false,
    };
    let preview = stage.preview(&call).ok().flatten();
    let text = text(preview.as_ref(), &masked(with));
    // What came back then may have had a secret in it.
    Some(stage.parts.redactor.mask(&text).into_owned())
}

/// A preview, or the parameters where they say it all.
pub fn text(preview: Option<&Preview>, with: &Value) -> String {
    match preview {
        Some(Preview {
            kind: PreviewKind::Mail | PreviewKind::File | PreviewKind::Request,
            text,
        }) => text.clone(),
        None => block(with),
    }
}
