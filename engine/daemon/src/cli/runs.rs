//! `runs`: what was started, and one run with its steps and items.

use botswain_core::{
    RunId,
    index::{ExceptionCategory, State},
    run::fact::Origin,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    Global,
    arguments::{Runs, RunsCommand, RunsList, StateName},
    cancel, decisions, evidence, exceptions,
    follow::counts,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint, tame},
    show, table, times, workflows,
};
use crate::{
    client::Client,
    instance::Instance,
    views::{RunDetail, RunView, StepState, StepView},
};

/// The longest page that the API gives.
const PAGE: usize = 1000;

pub(super) async fn runs(global: &Global, arguments: Runs) -> Outcome {
    match arguments
        .command
        .unwrap_or(RunsCommand::List(arguments.list))
    {
        RunsCommand::List(list) => self::list(global, list).await,
        RunsCommand::Show { run, limit } => show(global, &run, limit).await,
        RunsCommand::Evidence { run, output } => evidence::save(global, &run, output).await,
        RunsCommand::Cancel { run, decided, wait } => {
            cancel::cancel(global, &run, decided, wait).await
        }
    }
}

async fn list(global: &Global, list: RunsList) -> Outcome {
    let (found, is_up) = global
        .with_client(async |client| {
            if let Some(name) = &list.workflow {
                workflows::known(&global.instance()?, client, name).await?;
            }
            Ok((gather(client, &list).await?, client.is_lasting()))
        })
        .await?;
    if global.json {
        output::json(&found);
    } else if found.is_empty() {
        output::data(match (&list.workflow, list.state) {
            (None, None) => "no runs yet; start one with `botswain run`",
            _ => "no such runs",
        });
    } else {
        output::data(&listed(&found));
    }
    if !is_up {
        tell_that_nothing_goes_on(found.iter());
    }
    Ok(Code::Done)
}

/// Without a daemon nobody is at work on what is open.
fn tell_that_nothing_goes_on<'a>(mut runs: impl Iterator<Item = &'a RunView>) {
    let is_due =
        |run: &RunView| matches!(run.state, State::Queued | State::Running | State::Waiting);
    if runs.any(is_due) {
        output::hint("nothing goes on until `botswain up` runs");
    }
}

async fn gather(client: &Client, list: &RunsList) -> Result<Vec<RunView>, Failure> {
    let mut filter = String::new();
    if let Some(workflow) = &list.workflow {
        filter += "&workflow=";
        filter.extend(utf8_percent_encode(workflow, NON_ALPHANUMERIC));
    }
    if let Some(state) = list.state {
        filter += "&state=";
        filter += state_name(state);
    }
    let mut found: Vec<RunView> = Vec::new();
    while found.len() < list.limit {
        let limit = (list.limit - found.len()).min(PAGE);
        let before = found
            .last()
            .map(|run| format!("&before={}", run.id.number()));
        let before = before.unwrap_or_default();
        let page: Vec<RunView> = client
            .get(&format!("/api/v1/runs?limit={limit}{filter}{before}"))
            .await?;
        let is_last = page.len() < limit;
        found.extend(page);
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn listed(runs: &[RunView]) -> String {
    let header = ["run", "workflow", "state", "started", "took", "key", "why"];
    let rows = runs.iter().map(|run| {
        [
            run.id.to_string(),
            run.workflow.clone(),
            standing(run),
            format!("{}, {}", times::local(run.created), times::age(run.created)),
            took(run),
            run.key.clone().unwrap_or_default(),
            why(run),
        ]
    });
    table::sparing(header, rows, &["took", "key"])
}

/// `running, 2 parked`
fn standing(run: &RunView) -> String {
    match (run.state, run.parked) {
        (State::Running | State::Waiting, parked @ 1..) => {
            format!("{}, {parked} parked", run.state.name())
        }
        _ => run.state.name().to_owned(),
    }
}

/// Why it waits, and until when.
fn why(run: &RunView) -> String {
    let why = run.why.as_deref().map(tame).unwrap_or_default();
    match (run.state, run.until) {
        (State::Waiting, Some(until)) => format!("{why}, {}", times::ahead(until)),
        (State::Parked, Some(until)) => {
            format!("{why}; others are asked too {}", times::ahead(until))
        }
        _ => why,
    }
}

fn took(run: &RunView) -> String {
    let length = run
        .ended
        .map(|ended| times::length(ended.duration_since(run.created)));
    length.unwrap_or_default()
}

async fn show(global: &Global, run: &RunId, limit: usize) -> Outcome {
    let (detail, items, decisions, open, is_up) = global
        .with_client(async |client| {
            let detail: RunDetail = client.get(&format!("/api/v1/runs/{run}")).await?;
            let mut items = Vec::new();
            for step in detail.steps.iter().filter(|step| has_items(step)) {
                items.push((step.id.clone(), items_of(client, run, step, limit).await?));
            }
            let mut decisions = decisions::of(run, &detail.facts);
            // JSON has each run's own facts, and nobody reads all of these in it.
            let listed = items.iter().flat_map(|(_, items)| items);
            for item in listed.filter(|_| !global.json) {
                decisions.extend(decided(client, &item.id).await?);
            }
            let open = match global.json {
                true => Vec::new(),
                false => exceptions::of_run(client, run).await?,
            };
            Ok((detail, items, decisions, open, client.is_lasting()))
        })
        .await?;
    if global.json {
        let mut value = serde_json::to_value(&detail).map_err(Failure::of)?;
        let items = items
            .into_iter()
            .map(|(step, items)| (step.to_string(), json!(items)));
        value["items"] = Value::Object(items.collect());
        output::json(&value);
        return Ok(Code::Done);
    }
    let trigger = trigger(&global.instance()?, &detail)?;
    output::data(&shown(&detail, trigger));
    for (step, items) in &items {
        output::data(&format!(
            "\n{}\n{}",
            Paint::of_stdout().bold(&format!("items of {step}")),
            items_listed(items)
        ));
    }
    for lines in [
        section("exceptions", exceptions::below(run, &open)),
        section("decisions", decisions::listed(decisions)),
    ] {
        if !lines.is_empty() {
            output::data(&lines.join("\n"));
        }
    }
    if !is_up {
        let items = items.iter().flat_map(|(_, items)| items);
        tell_that_nothing_goes_on(std::iter::once(&detail.run).chain(items));
    }
    Ok(Code::Done)
}

async fn decided(client: &Client, item: &RunId) -> Result<Vec<decisions::Row>, Failure> {
    let detail: RunDetail = client.get(&format!("/api/v1/runs/{item}")).await?;
    Ok(decisions::of(item, &detail.facts))
}

/// The schedule that fired, if the file that it stands in is still what it was.
fn trigger(instance: &Instance, detail: &RunDetail) -> Result<Option<String>, Failure> {
    let Origin::Trigger { index } = &detail.origin else {
        return Ok(None);
    };
    let checked = crate::workflows::check(instance)?;
    let version = checked
        .versions
        .iter()
        .find(|it| it.plan.name == detail.run.workflow && it.hash() == detail.run.version);
    let fired = version.and_then(|it| it.plan.triggers.get(*index as usize));
    Ok(fired.map(|it| it.on.to_string()))
}

fn has_items(step: &StepView) -> bool {
    step.items.as_ref().is_some_and(|items| items.created() > 0)
}

async fn items_of(
    client: &Client,
    run: &RunId,
    step: &StepView,
    limit: usize,
) -> Result<Vec<RunView>, Failure> {
    let mut found = Vec::new();
    while found.len() < limit {
        let (from, limit) = (found.len(), (limit - found.len()).min(PAGE));
        let path = format!(
            "/api/v1/runs/{run}/items/{}?from={from}&limit={limit}",
            step.id
        );
        let page: Vec<RunView> = client.get(&path).await?;
        let is_last = page.len() < limit;
        found.extend(page);
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn items_listed(items: &[RunView]) -> String {
    let rows = items.iter().map(|item| {
        [
            item.id.to_string(),
            item.key.clone().unwrap_or_default(),
            standing(item),
            took(item),
            why(item),
        ]
    });
    table::of(["item", "key", "state", "took", "why"], rows)
}

fn shown(detail: &RunDetail, trigger: Option<String>) -> String {
    let (run, paint) = (&detail.run, Paint::of_stdout());
    let title = format!("run {} of {}: {}", run.id, run.workflow, standing(run));
    let mut lines = vec![paint.bold(&title)];
    lines.extend(run.why.as_deref().map(|why| format!("  {}", tame(why))));
    let row = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![
        row(
            "started",
            format!("{}, {}", times::local(run.created), times::age(run.created)),
        ),
        row("by", origin(&detail.origin, trigger)),
    ];
    facts.extend(run.ended.map(|ended| row("ended", times::local(ended))));
    facts.extend(run.ended.map(|_| row("took", took(run))));
    facts.extend(run.until.map(|until| {
        let what = match run.state {
            State::Parked => "asks others too",
            _ => "goes on",
        };
        row(
            what,
            format!("{}, {}", times::local(until), times::ahead(until)),
        )
    }));
    facts.extend(run.key.clone().map(|key| row("key", key)));
    lines.extend([String::new(), table::pairs(facts)]);
    lines.extend(section("warnings", warnings(detail)));
    lines.extend(section("inputs", show::fields(&detail.inputs)));
    lines.extend([String::new(), paint.bold("steps"), steps(&detail.steps)]);
    lines.join("\n")
}

/// What works still, and should be seen to: the step, and what is the matter.
fn warnings(detail: &RunDetail) -> String {
    let rows = detail.warnings.iter().map(|it| {
        let run = match it.runs {
            1 if it.run == detail.run.id => String::new(),
            1 => format!(" (run {})", it.run),
            runs => format!(" (in {runs} runs, first in {})", it.run),
        };
        (it.step.to_string(), format!("{}{run}", tame(&it.message)))
    });
    table::pairs(rows)
}

pub(super) fn section(title: &str, body: String) -> Vec<String> {
    match body.is_empty() {
        true => Vec::new(),
        false => vec![String::new(), Paint::of_stdout().bold(title), body],
    }
}

/// The steps of a run with how each stands; those inside of others are indented.
pub(super) fn steps(steps: &[StepView]) -> String {
    let mut rows = Vec::new();
    // The groups around the step at hand, outermost first.
    let mut around: Vec<(u32, &str)> = Vec::new();
    for step in steps {
        let group = step.within.as_deref().map(|name| (step.depth, name));
        around.retain(|it| it.0 < step.depth || Some(*it) == group);
        if let Some((depth, name)) = group.filter(|group| !around.contains(group)) {
            around.push((depth, name));
            rows.push((indented(depth - 1, &format!("- {name}")), String::new()));
        }
        let does = step.bot.as_deref().unwrap_or(&step.kind);
        let title = format!("{} ({does})", step.id);
        rows.push((indented(step.depth, &title), step_state(step)));
    }
    table::pairs(rows)
}

fn indented(depth: u32, text: &str) -> String {
    format!("{:width$}{text}", "", width = 2 * depth as usize)
}

fn step_state(step: &StepView) -> String {
    let items = step.items.as_ref().filter(|items| items.created() > 0);
    let items = items
        .map(|items| format!("; {}", counts(items)))
        .unwrap_or_default();
    let attempts = match step.attempts {
        0 | 1 => String::new(),
        attempts => format!(" ({attempts} attempts)"),
    };
    let text = match &step.state {
        StepState::Pending => "not yet".to_owned(),
        StepState::Waiting { until: Some(until) } => {
            format!("tried again {}", times::ahead(*until))
        }
        StepState::Waiting { until: None } => "waits for its turn".to_owned(),
        StepState::Running { since } => format!("at work, began {}", times::age(*since)),
        StepState::LeftOut => "left out".to_owned(),
        StepState::Asleep { until } => format!("waits until {}", times::local(*until)),
        StepState::Parked {
            exception,
            category,
            fault,
            ..
        } => {
            let how = match category {
                ExceptionCategory::Approval => "asks for approval",
                ExceptionCategory::Overdue => "overdue",
                _ => "parked",
            };
            format!("{how}, exception {exception}: {}", tame(&fault.message))
        }
        StepState::InDoubt {
            exception: Some(exception),
            fault,
            ..
        } => format!("in doubt, exception {exception}: {}", tame(&fault.message)),
        StepState::InDoubt {
            fault,
            asked,
            denials,
            ..
        } => {
            let when = asked.map(times::ahead).unwrap_or_default();
            let so_far = match denials {
                0 => "",
                _ => " again, for it seems not to have happened",
            };
            let message = tame(&fault.message);
            format!("in doubt, asks {when}{so_far}: {message}")
        }
        StepState::Under => "at work".to_owned(),
        StepState::Failed => "failed".to_owned(),
        StepState::Cancelled => "cancelled".to_owned(),
        StepState::Open { .. } if step.items.as_ref().is_some_and(|it| it.active == 0) => {
            "open".to_owned()
        }
        StepState::Open { count } => format!("at work on {count} items"),
        StepState::Succeeded => "succeeded".to_owned(),
        StepState::Skipped => "skipped".to_owned(),
    };
    let child = step.child.as_ref();
    let child = child.map(|child| format!("; run {child}"));
    format!("{text}{attempts}{items}{}", child.unwrap_or_default())
}

fn origin(origin: &Origin, schedule: Option<String>) -> String {
    match origin {
        Origin::Person { by } => by.clone(),
        Origin::Trigger { index } => match schedule {
            Some(words) => format!("the trigger `{words}`"),
            None => format!("trigger {} of the workflow as it was then", index + 1),
        },
        Origin::Promise => "nobody: it was promised by now".to_owned(),
        Origin::Call { parent, step } => format!("step {step} of run {parent}"),
        Origin::Item {
            parent,
            step,
            index,
            ..
        } => {
            format!("item {} of step {step} of run {parent}", index + 1)
        }
    }
}

fn state_name(name: StateName) -> &'static str {
    let state = match name {
        StateName::Queued => State::Queued,
        StateName::Running => State::Running,
        StateName::Waiting => State::Waiting,
        StateName::Parked => State::Parked,
        StateName::Succeeded => State::Succeeded,
        StateName::Skipped => State::Skipped,
        StateName::Failed => State::Failed,
        StateName::Cancelled => State::Cancelled,
    };
    state.name()
}
