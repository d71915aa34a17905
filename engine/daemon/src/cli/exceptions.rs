//! `exceptions`: what waits for a person, and what that person decides.

use botswain_core::{RunId, index::ExceptionCategory};

use super::{
    Global, arguments, decide,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    resolve, show, table, times, workflows,
};
use crate::{
    api::Health,
    client::Client,
    views::{ExceptionDetail, ExceptionView},
};

/// The longest page that the API gives.
const PAGE: usize = 1000;

pub(super) async fn exceptions(global: &Global, command: Option<arguments::Exceptions>) -> Outcome {
    use arguments::Exceptions::{Abandon, Edit, Happened, List, Retry, Show, Skip};
    let all = List {
        workflow: None,
        limit: 100,
    };
    match command.unwrap_or(all) {
        List { workflow, limit } => list(global, workflow, limit).await,
        Show { id, save } => show::exception(global, id, save).await,
        Retry { id, decided } => {
            resolve::plain(global, id, crate::api::Decision::Retry, decided).await
        }
        Skip { id, decided } => {
            resolve::plain(global, id, crate::api::Decision::Skip, decided).await
        }
        Abandon { id, decided } => {
            resolve::plain(global, id, crate::api::Decision::Abandon, decided).await
        }
        Happened {
            id,
            output,
            decided,
        } => resolve::happened(global, id, output, decided).await,
        Edit {
            id,
            corrections,
            decided,
        } => resolve::edit(global, id, corrections, decided).await,
    }
}

async fn list(global: &Global, workflow: Option<String>, limit: usize) -> Outcome {
    let (health, found) = global
        .with_client(async |client| {
            if let Some(name) = &workflow {
                workflows::known(&global.instance()?, client, name).await?;
            }
            let health: Health = client.get("/api/v1/health").await?;
            let fits =
                |it: &ExceptionView| workflow.as_ref().is_none_or(|name| *name == it.workflow);
            Ok((health, gather(client, limit, fits).await?))
        })
        .await?;
    if global.json {
        output::json(&found);
    } else if found.is_empty() {
        output::data(&match &workflow {
            None => "no exceptions wait; all is well".to_owned(),
            Some(name) => format!("no exceptions of `{name}` wait; all is well"),
        });
    } else {
        output::data(&listed(&found));
        if found.len() == limit && health.exceptions > limit as u64 {
            output::note(&format!(
                "{limit} of {}; `--limit` shows more",
                health.exceptions
            ));
        }
    }
    Ok(Code::Done)
}

/// Open exceptions that fit, the oldest first.
async fn gather(
    client: &Client,
    limit: usize,
    fits: impl Fn(&ExceptionView) -> bool,
) -> Result<Vec<ExceptionView>, Failure> {
    let (mut found, mut after) = (Vec::new(), None);
    while found.len() < limit {
        let from = after.map(|id| format!("&after={id}")).unwrap_or_default();
        let page: Vec<ExceptionView> = client
            .get(&format!("/api/v1/exceptions?limit={PAGE}{from}"))
            .await?;
        after = page.last().map(|it| it.id);
        let is_last = page.len() < PAGE;
        found.extend(page.into_iter().filter(&fits));
        if is_last {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// The open exceptions of a run and of the items in it.
pub(super) async fn of_run(client: &Client, run: &RunId) -> Result<Vec<ExceptionView>, Failure> {
    let within = format!("{run}.");
    gather(client, usize::MAX, |it| {
        it.run == *run || it.run.as_str().starts_with(&within)
    })
    .await
}

fn listed(found: &[ExceptionView]) -> String {
    let header = [
        "id", "age", "workflow", "run", "step", "key", "code", "message",
    ];
    let rows = found.iter().map(|it| {
        [
            it.id.to_string(),
            times::age(it.opened),
            it.workflow.clone(),
            it.run.to_string(),
            it.step.to_string(),
            it.key.clone().unwrap_or_default(),
            it.code.clone(),
            message(it),
        ]
    });
    table::of(header, rows)
}

/// `enter 1002-1, step form`: what an exception is about, within its run.
pub(super) fn about(it: &ExceptionView) -> String {
    let key = it
        .key
        .as_deref()
        .map(|key| format!(" {}", tame(key)))
        .unwrap_or_default();
    match it.run.parent() {
        Some((_, each)) => format!("{each}{key}, step {}", it.step),
        None => format!("step {}", it.step),
    }
}

/// One exception in a few lines, with the commands to go on.
pub(super) fn brief(detail: &ExceptionDetail) -> Vec<String> {
    let it = &detail.exception;
    let id = it.id;
    let mut lines = vec![
        format!("\nexception {id}: {}, {}", about(it), it.code),
        format!("  {}", message(it)),
    ];
    lines.extend(
        it.hint
            .as_deref()
            .map(|text| format!("  {}", show::hint(text))),
    );
    lines.push(format!("  botswain exceptions show {id}"));
    lines.extend(
        decide::ways(detail)
            .into_iter()
            .map(|(command, means)| match it.category {
                // Which of them fits depends on what is the case, so it is said here too.
                ExceptionCategory::InDoubt => format!("  {command}\n      {means}"),
                ExceptionCategory::Business | ExceptionCategory::System => format!("  {command}"),
            }),
    );
    lines
}

/// What is the matter; that it is open whether it took place comes before everything else.
fn message(it: &ExceptionView) -> String {
    match it.category {
        ExceptionCategory::InDoubt => format!("in doubt: {}", tame(&it.message)),
        ExceptionCategory::Business | ExceptionCategory::System => tame(&it.message),
    }
}
