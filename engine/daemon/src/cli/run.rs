//! `run`: starts a workflow, follows it, and says how it ended.
//!
//! With a lasting daemon it only watches: stopped from the keyboard, the run
//! goes on. Without one the run is driven here, until it ends or is parked.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use botswain_core::{RunId, index::State};

use super::{
    Global,
    arguments::Run,
    excerpt,
    follow::{self, Followed, Following},
    outcome::{Code, Failure, Outcome, Pair},
    output, rehearse,
    signals::Signals,
};
use crate::{
    api::{RunRequest, Started},
    client::Client,
    instance::Instance,
    views::RunDetail,
    workflows,
};

pub(super) async fn run(global: &Global, mut arguments: Run) -> Outcome {
    if let Some(run) = arguments.replay.take() {
        return rehearse::replay(global, arguments, &run).await;
    }
    if arguments.dry_run {
        return rehearse::dry_run(global, arguments).await;
    }
    let instance = global.instance()?;
    if let Some(run) = arguments.again.take() {
        let again = async |client: &mut Client| again(client, arguments, &run).await;
        arguments = global.with_client(again).await?;
    }
    let mut signals = Signals::catch()?;
    if !is_sound(&instance, arguments.workflow.as_deref().unwrap_or_default())? {
        return Ok(Code::Usage);
    }
    let work = async |client: &mut Client| {
        // Watching begins before there is anything to see.
        let mut following = Following::begin(client).await?;
        let run = start(client, arguments).await?;
        output::note(&format!("run {run}"));
        let followed = following.until_rest(client, &run, &mut signals).await?;
        conclude(global, client, &run, followed).await
    };
    global.with_client(work).await
}

/// Says how a run rests, or what becomes of it without us.
pub(super) async fn conclude(
    global: &Global,
    client: &Client,
    run: &RunId,
    followed: Followed,
) -> Outcome {
    match followed {
        Followed::Rests(detail) => {
            match global.json {
                true => output::json(&detail),
                false => output::data(&follow::summary(client, &detail).await?),
            }
            Ok(code(&detail))
        }
        Followed::Left => {
            match client.is_lasting() {
                true => output::note(&format!(
                    "run {run} goes on in the daemon; see `botswain runs show {run}`"
                )),
                false => output::note(&format!(
                    "run {run} stops here, and nothing is lost; `botswain up` goes on with it"
                )),
            }
            Ok(Code::Interrupted)
        }
    }
}

fn code(detail: &RunDetail) -> Code {
    match detail.run.state {
        State::Succeeded | State::Skipped => Code::Done,
        State::Failed | State::Cancelled => Code::Failed,
        State::Parked | State::Queued | State::Running | State::Waiting => Code::Parked,
    }
}

/// What starts a run like an earlier one; a key that was used is not used again.
async fn again(client: &Client, arguments: Run, run: &RunId) -> Result<Run, Failure> {
    let detail = rehearse::started(client, run).await?;
    let own = &detail.run.workflow;
    if let Some(other) = arguments.workflow.filter(|it| it != own) {
        let message = format!("run {run} is of `{own}`, not of `{other}`");
        return Err(Failure::usage(message));
    }
    let key = match (&detail.run.key, arguments.key) {
        (Some(used), None) => Some(another(run, used)?),
        (Some(used), Some(key)) if key == *used => return Err(is_used(run, used)),
        (_, key) => key,
    };
    let given = detail.inputs.as_object().cloned().unwrap_or_default();
    let others = given.into_iter().filter(|(name, _)| {
        let mut given = arguments.inputs.iter();
        !given.any(|pair| pair.name == *name)
    });
    let others = others.map(|(name, value)| Pair {
        value: value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
        name,
    });
    let inputs = others.collect::<Vec<_>>();
    Ok(Run {
        workflow: Some(detail.run.workflow),
        inputs: [inputs, arguments.inputs].concat(),
        key,
        ..arguments
    })
}

/// The key of the new run, from whoever sits at the terminal.
fn another(run: &RunId, used: &str) -> Result<String, Failure> {
    let (input, mut questions) = (std::io::stdin(), std::io::stderr());
    let mut line = String::new();
    if input.is_terminal() && questions.is_terminal() {
        let question = format!("Run {run} had the key `{used}`. Which key has the new one? ");
        let asked = questions.write_all(question.as_bytes());
        asked
            .and_then(|()| questions.flush())
            .and_then(|()| input.read_line(&mut line))
            .map_err(Failure::of)?;
    }
    match line.trim() {
        key if key.is_empty() || key == used => Err(is_used(run, used)),
        key => Ok(key.to_owned()),
    }
}

fn is_used(run: &RunId, key: &str) -> Failure {
    Failure::usage(format!("run {run} had the key `{key}`, which is used"))
        .hint("give the new run a key of its own with `--key`")
}

async fn start(client: &Client, arguments: Run) -> Result<RunId, Failure> {
    let Run {
        workflow,
        inputs,
        key,
        by,
        ..
    } = arguments;
    // The daemon makes of each text what its input is.
    let inputs = inputs
        .into_iter()
        .map(|pair| (pair.name, pair.value.into()));
    let request = RunRequest {
        workflow: workflow.unwrap_or_default(),
        inputs: inputs.collect(),
        key,
        by,
    };
    let started: Started = client.post("/api/v1/runs", &request).await?;
    Ok(started.run)
}

/// Whether the workflow's file has no mistakes; those it has are shown.
fn is_sound(instance: &Instance, workflow: &str) -> Result<bool, Failure> {
    // A workflow that is not there is for the daemon to say: it knows what there is.
    let files = instance.workflow_file(workflow)?;
    let files: Vec<PathBuf> = files.into_iter().collect();
    let checked = workflows::check_files(instance, &files)?;
    if checked.errors() > 0 {
        excerpt::note_all(instance, &checked.diagnostics);
        output::error(&format!(
            "`{workflow}` does not run as long as its files have mistakes"
        ));
    }
    Ok(checked.errors() == 0)
}
