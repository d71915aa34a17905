//! `run --dry-run`, `run --replay` and `render`: what a run would do, shown and not done.

use std::sync::Arc;

use botswain_core::{
    RunId, StepId,
    index::{Change, State},
    language::suggest,
    plan::Version,
};
use botswain_store::Mapped;
use indexmap::IndexMap;
use jiff::Timestamp;

use super::{
    Global,
    arguments::{Render, Run},
    excerpt,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
};
use crate::{
    client::Client,
    instance::{Config, Instance},
    meant,
    rehearsal::{
        dry::{self, Did, Scene, Script, Showing},
        past,
        replay::{self, Past, Sent, SentChange},
    },
    views::RunDetail,
    workflows,
};

/// `run W --dry-run`
pub(super) async fn dry_run(global: &Global, arguments: Run) -> Outcome {
    let instance = global.instance()?;
    let workflow = arguments.workflow.unwrap_or_default();
    let Some((config, versions)) = sound(&instance, &workflow)? else {
        return Ok(Code::Usage);
    };
    let mappings = match instance.private().store().exists() {
        true => {
            global
                .with_client(async |client| mappings(client).await)
                .await?
        }
        // Nothing was ever remembered.
        false => Vec::new(),
    };
    let inputs = arguments.inputs.into_iter();
    let script = Script {
        workflow,
        inputs: inputs.map(|pair| (pair.name, pair.value.into())).collect(),
        mappings,
        past: None,
        now: Timestamp::now(),
        bounds: None,
    };
    let showing = show(&instance, (config, versions), script).await?;
    tell(global, &showing);
    Ok(code(&showing))
}

/// `run --replay RUN`
pub(super) async fn replay(global: &Global, arguments: Run, run: &RunId) -> Outcome {
    match replayed(global, run, (arguments.workflow, arguments.pinned)).await? {
        Some(showing) => {
            tell(global, &showing);
            Ok(code(&showing))
        }
        None => Ok(Code::Usage),
    }
}

/// `render W STEP --run RUN`
pub(super) async fn render(global: &Global, arguments: Render) -> Outcome {
    let Render {
        workflow,
        step,
        run,
        item,
    } = arguments;
    let Some(showing) = replayed(global, &run, (Some(workflow.clone()), false)).await? else {
        return Ok(Code::Usage);
    };
    let is_meant = |scene: &&Scene| {
        scene.step == step
            && item
                .as_ref()
                .is_none_or(|item| scene.item.as_ref() == Some(item))
    };
    let scenes: Vec<&Scene> = showing.steps.iter().filter(is_meant).collect();
    if scenes.is_empty() {
        if let Some(failure) = misnamed(global, &showing, &step)? {
            return Err(failure);
        }
        let of = item.map_or_else(String::new, |item| format!(" of the item `{item}`"));
        let failure = Failure::of(format!("run {run} does not come to `{step}`{of}"));
        let others = items(&showing, &step);
        return Err(match showing.waits.first() {
            _ if !others.is_empty() => failure.hint(format!("its items are: {others}")),
            Some(waits) => failure.hint(format!("it waits at {waits}")),
            None => failure.hint("see what it did with `botswain runs show`"),
        });
    }
    match global.json {
        true => output::json(&scenes),
        false => scenes.iter().for_each(|it| output::data(&described(it))),
    }
    Ok(Code::Done)
}

/// A step that the file does not have.
fn misnamed(global: &Global, showing: &Showing, step: &StepId) -> Result<Option<Failure>, Failure> {
    let workflow = &showing.workflow;
    let Some((_, versions)) = sound(&global.instance()?, workflow)? else {
        return Ok(None);
    };
    let version = versions.iter().find(|it| it.plan.name == *workflow);
    if version.is_none_or(|it| it.plan.step(step).is_some()) {
        return Ok(None);
    }
    let mut ids: Vec<&str> = showing.steps.iter().map(|it| it.step.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let failure = Failure::usage(format!("`{workflow}` has no step `{step}`"));
    let hint = suggest::hint(step.as_str(), "these steps came", ids);
    Ok(Some(match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }))
}

/// The items in which a step came.
fn items(showing: &Showing, step: &StepId) -> String {
    let scenes = showing.steps.iter().filter(|scene| scene.step == *step);
    let items = scenes.filter_map(|scene| scene.item.clone()).take(20);
    items.collect::<Vec<_>>().join(", ")
}

/// Plays the file of today, or the version that a run follows, with what the run has read; nothing
/// while the file has mistakes.
async fn replayed(
    global: &Global,
    run: &RunId,
    (workflow, is_pinned): (Option<String>, bool),
) -> Result<Option<Showing>, Failure> {
    let instance = global.instance()?;
    let read = async |client: &mut Client| {
        let detail = started(client, run).await?;
        let past = past::read(&*client, &detail).await?;
        let pinned = match is_pinned {
            true => Some(past::pinned(&*client, &detail.run.version).await?),
            false => None,
        };
        Ok((detail, past, (mappings(client).await?, pinned)))
    };
    let (detail, past, (mappings, pinned)) = global.with_client(read).await?;
    if let Some(workflow) = workflow.filter(|it| *it != detail.run.workflow) {
        let message = format!(
            "run {run} is of `{}`, not of `{workflow}`",
            detail.run.workflow
        );
        return Err(Failure::usage(message));
    }
    let files = match pinned {
        Some(versions) => Some((configured(&instance)?, versions)),
        None => sound(&instance, &detail.run.workflow)?,
    };
    let Some(files) = files else {
        return Ok(None);
    };
    let script = script(detail, past, mappings);
    Ok(Some(show(&instance, files, script).await?))
}

fn script(detail: RunDetail, past: Past, mappings: Vec<Change>) -> Script {
    let inputs = match &past.inputs {
        serde_json::Value::Object(map) => map.clone().into_iter().collect(),
        _ => IndexMap::new(),
    };
    Script {
        workflow: detail.run.workflow,
        inputs,
        mappings,
        past: Some(past),
        now: detail.run.scheduled_for,
        bounds: None,
    }
}

/// A run that was started, not an item of one.
pub(super) async fn started(client: &Client, run: &RunId) -> Result<RunDetail, Failure> {
    if run.parent().is_some() {
        let number = run.number();
        return Err(Failure::usage(format!("{run} is a part of a run"))
            .hint(format!("name the run that was started: {number}")));
    }
    Ok(client.get(&format!("/api/v1/runs/{run}")).await?)
}

async fn mappings(client: &Client) -> Result<Vec<Change>, Failure> {
    let found: Vec<Mapped> = client.get("/api/v1/mappings").await?;
    let changes = found.into_iter().map(|it| Change::Mapping {
        table: it.table,
        from: it.from,
        after: Some(it.mapping),
    });
    Ok(changes.collect())
}

type Files = (Config, Vec<Arc<Version>>);

/// The workflow and those that it calls; nothing while one has mistakes, which are shown.
fn sound(instance: &Instance, workflow: &str) -> Result<Option<Files>, Failure> {
    let Some(file) = instance.workflow_file(workflow)? else {
        let (files, _) = instance.workflow_files()?;
        let names = files.iter().filter_map(|it| it.file_stem()?.to_str());
        let hint = meant::workflow(workflow, &names.collect::<Vec<_>>());
        let hint = hint.unwrap_or_else(|| "`botswain new NAME` begins one".to_owned());
        return Err(Failure::usage(format!("there is no workflow `{workflow}`")).hint(hint));
    };
    let checked = workflows::check_files(instance, &[file])?;
    match checked.config.clone().filter(|_| checked.errors() == 0) {
        Some(config) => Ok(Some((config, checked.versions))),
        None => {
            excerpt::note_all(instance, &checked.diagnostics);
            let message = format!("`{workflow}` is not played as long as its files have mistakes");
            output::error(&message);
            Ok(None)
        }
    }
}

/// What botswain.yaml says.
fn configured(instance: &Instance) -> Result<Config, Failure> {
    let read = instance.config().map_err(workflows::Error::from)?;
    let missing =
        || Failure::usage("botswain.yaml has mistakes").hint("`botswain check` says which");
    read.config.ok_or_else(missing)
}

/// Off the runtime's own threads: a play waits for its bots.
async fn show(
    instance: &Instance,
    (config, versions): Files,
    script: Script,
) -> Result<Showing, Failure> {
    let instance = instance.clone();
    let play = move || dry::show(&instance, config, &versions, &script);
    let shown = tokio::task::spawn_blocking(play).await;
    shown.map_err(Failure::of)?.map_err(Failure::usage)
}

/// What a run would do in the end.
fn end(state: State) -> &'static str {
    match state {
        State::Succeeded => "succeed",
        State::Skipped => "be skipped",
        State::Failed => "fail",
        State::Cancelled => "be cancelled",
        State::Parked | State::Queued | State::Running | State::Waiting => "wait for a person",
    }
}

fn code(showing: &Showing) -> Code {
    match showing.state {
        State::Succeeded | State::Skipped => Code::Done,
        State::Failed | State::Cancelled => Code::Failed,
        State::Parked | State::Queued | State::Running | State::Waiting => Code::Parked,
    }
}

fn tell(global: &Global, showing: &Showing) {
    if global.json {
        return output::json(showing);
    }
    for scene in &showing.steps {
        output::data(&described(scene));
    }
    output::data(&format!(
        "{} would {}; nothing was sent or changed",
        showing.workflow,
        end(showing.state)
    ));
    for waits in &showing.waits {
        output::data(&format!("  waits: {}", tame(waits)));
    }
    if let Some(changes) = &showing.changes {
        output::data(&compared(changes));
    }
}

/// A step, what it has read or would do, and that in full.
fn described(scene: &Scene) -> String {
    let item = scene.item.as_ref().map(|item| format!("@{item}"));
    let title = format!("{}{}", scene.step, item.unwrap_or_default());
    let at = scene.connection.as_ref().map(|it| format!(" at {it}"));
    let at = at.unwrap_or_default();
    let bot = scene.bot.as_deref().unwrap_or("a person");
    let what = match scene.did {
        Did::Read => format!("{bot}{at} has read"),
        Did::Recorded => format!("{bot}{at}, as it was recorded"),
        Did::Shown => format!("{bot}{at} would do"),
        Did::Asked => "a person would be asked".to_owned(),
    };
    let body = match &scene.with {
        serde_json::Value::String(question) => question.clone(),
        with => replay::text(scene.preview.as_ref(), with),
    };
    let lines = body.lines().map(|line| format!("    {line}"));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    let title = Paint::of_stdout().bold(&tame(&title));
    format!("{title}  {what}\n{}\n", tame(&lines.join("\n")))
}

/// What would have been sent then, and what now.
fn compared(changes: &[Sent]) -> String {
    if changes.is_empty() {
        return "the same would be sent as then".to_owned();
    }
    let each = changes.iter().map(|sent| {
        let what = match sent.change {
            SentChange::Gone => "is not sent any more",
            SentChange::New => "is new",
            SentChange::Different => "is different",
        };
        format!("\n{} {what}\n{}", tame(&sent.place), tame(&sent.difference))
    });
    let each: Vec<String> = each.collect();
    format!("against then:{}", each.concat())
}
