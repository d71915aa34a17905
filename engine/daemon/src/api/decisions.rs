//! What people decide: about something parked, about a run, about corrections to come.

use axum::{Extension, Json, extract::State, http::StatusCode};
use botswain_core::{
    ExceptionId, Hash, RunId, StepId,
    engine::event::{Correction, Reply, Resolve},
    index::{Change, Exception, ExceptionCategory, Mapping},
    run::fact::{Edit, Resolution},
};
use botswain_store::Mapped;
use botswain_views::{Decision, Role};
use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Closing, Problem,
    extract::{JsonBody, Path, Query},
    precondition::IfMatch,
    rights::permit,
    routes::{Answer, names_no_paths, reading},
};
use crate::{accounts::Principal, daemon::Handle, views::ExceptionDetail};

/// What a person decided, who, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolving {
    pub decision: Decision,
    #[serde(default)]
    pub by: String,
    pub note: Option<String>,
    /// The table in which a correction of one text is remembered, for `mapped` to find it.
    #[serde(default)]
    pub remember: Option<String>,
}

/// It was decided, and that is durable.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Resolved {
    exception: ExceptionId,
    resolved: bool,
}

/// The run is being brought to its end.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Cancelled {
    run: RunId,
    cancelled: bool,
}

/// The text stands for itself again.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Revoked {
    table: String,
    from: String,
    removed: bool,
}

/// Who wants a run to end, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancelling {
    #[serde(default)]
    pub by: String,
    pub note: Option<String>,
}

/// What a text is to stand for, who says so, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correcting {
    pub to: String,
    #[serde(default)]
    pub by: String,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingsQuery {
    table: Option<String>,
}

pub(super) async fn resolve(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<ExceptionId>,
    if_match: IfMatch,
    JsonBody(resolving): JsonBody<Resolving>,
) -> Answer<Resolved> {
    let asked = (id, if_match);
    decide(&handle, &principal, asked, resolving).await?;
    Ok(Json(Resolved {
        exception: id,
        resolved: true,
    }))
}

/// Hands over what somebody decided, if it is theirs to decide and as they have seen it.
pub(crate) async fn decide(
    handle: &Handle,
    principal: &Principal,
    (id, if_match): (ExceptionId, IfMatch),
    resolving: Resolving,
) -> Result<(), Problem> {
    let _turn = handle.turns.of(id).await;
    let Json(detail) = reading(handle, move |parts| parts.exception_detail(id)).await?;
    let Some(detail) = detail else {
        if_match.holds_closed(id, handle.closed.of(id))?;
        return Err(not_open(handle, id).await);
    };
    if_match.holds(&detail)?;
    let Json(exception) = reading(handle, move |parts| parts.store.exception(id)).await?;
    let Some(exception) = exception else {
        return Err(not_open(handle, id).await);
    };
    permit(handle, principal, (Role::Handler, &exception.workflow)).await?;
    answers(principal, &exception, &resolving.decision)?;
    if let Decision::Edit(edits) = &resolving.decision {
        let given = (exception.workflow.as_str(), edits.iter());
        names_no_paths(handle, principal, given).await?;
    }
    if resolving.remember.is_some() {
        remembers(principal)?;
    }
    let Resolving {
        decision,
        by,
        note,
        remember,
    } = resolving;
    if decision == Decision::Remark && note.as_deref().is_none_or(|note| note.trim().is_empty()) {
        return Err(unfit("a remark says something").detail("give it a note"));
    }
    let remember = match remember {
        Some(table) => vec![remembered(table, &decision, &detail)?],
        None => Vec::new(),
    };
    let resolution = match decision {
        Decision::RetryCurrent => Resolution::Upgrade {
            version: current(handle, &exception).await?,
        },
        decision => resolution(decision, &exception, &detail)?,
    };
    let by = principal.signs(by);
    let closing = Closing {
        run: exception.run.clone(),
        by: by.clone(),
        at: Timestamp::now(),
        resolution: resolution.clone(),
        note: note.clone(),
    };
    let Exception { run, step, .. } = exception;
    let resolve = Resolve {
        request: 0,
        exception: id,
        run,
        step,
        resolution,
        by,
        note,
        remember,
    };
    match handle.resolve(resolve).await? {
        Reply::Refused { reason } => Err(Problem::conflict(reason)),
        Reply::Resolved | Reply::Started { .. } => {
            if !closing.resolution.leaves_open() {
                handle.closed.note(id, closing);
            }
            Ok(())
        }
    }
}

/// What is for certain people is decided by them, or by whoever they have given it to.
fn answers(
    principal: &Principal,
    exception: &Exception,
    decision: &Decision,
) -> Result<(), Problem> {
    let is_asked = exception.category != ExceptionCategory::Approval
        || exception.assigned.is_empty()
        || exception.assignee.as_ref() == Some(&principal.name)
        || exception
            .assigned
            .iter()
            .any(|group| principal.groups.contains(group));
    if principal.is_local() || is_asked || *decision == Decision::Remark {
        return Ok(());
    }
    let groups = exception.assigned.join(", ");
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "access.group",
        format!(
            "exception {} asks others than {}",
            exception.id, principal.name
        ),
    )
    .detail(format!(
        "it is for: {groups}; one of them can give it to you"
    )))
}

/// What is remembered holds for every workflow that looks into the table.
fn remembers(principal: &Principal) -> Result<(), Problem> {
    if principal.role >= Role::Handler {
        return Ok(());
    }
    let title = format!("{} may not have this remembered", principal.name);
    let problem = Problem::new(StatusCode::FORBIDDEN, "access.role", title);
    Err(problem.detail(
        "tables of corrections are for all folders: it takes the role handler everywhere; decide without",
    ))
}

/// Why an exception is not to be seen: it was decided, or there never was one.
pub(super) async fn not_open(handle: &Handle, id: ExceptionId) -> Problem {
    if let Some(closing) = handle.closed.of(id) {
        let title = format!("exception {id} was decided by {}", closing.by);
        return Problem::new(StatusCode::NOT_FOUND, "exception.closed", title)
            .detail(format!("what came of it is in run {}", closing.run));
    }
    match reading(handle, |parts| parts.store.counters()).await {
        Ok(Json(highest)) if id.0 > highest.exception => {
            Problem::not_found(format!("there is no exception {id}"))
                .detail("`botswain exceptions list` shows those that wait")
        }
        _ => Problem::not_found(format!("exception {id} is not open")).detail(format!(
            "somebody may have decided it already: `botswain audit --on 'exception {id}'`"
        )),
    }
}

/// The version that its workflow's file has now.
async fn current(handle: &Handle, exception: &Exception) -> Result<Hash, Problem> {
    handle.refresh().await;
    let version = handle.workflow(&exception.workflow);
    let version = version.ok_or_else(|| {
        let gone = format!("there is no workflow `{}` any more", exception.workflow);
        unfit(gone).detail("or its file has mistakes: see `botswain check`")
    })?;
    Ok(version.hash())
}

/// A decision as a fact; what does not fit the exception is refused, with what does.
fn resolution(
    decision: Decision,
    exception: &Exception,
    detail: &ExceptionDetail,
) -> Result<Resolution, Problem> {
    let waits_for = |wanted, what: &str| match exception.category == wanted {
        true => Ok(()),
        false => Err(unfit(format!("exception {} {what}", exception.id))
            .detail(format!("see `botswain exceptions show {}`", exception.id))),
    };
    let tries = matches!(
        decision,
        Decision::Retry | Decision::RetryCurrent | Decision::Edit(_) | Decision::EditWith(_)
    );
    if tries && exception.category == ExceptionCategory::Approval {
        let title = format!("exception {} asks for approval", exception.id);
        return Err(unfit(title).detail("approve or reject it, skip the step, or abandon it"));
    }
    Ok(match decision {
        Decision::Retry | Decision::RetryCurrent => Resolution::Retry,
        Decision::Skip => Resolution::Skip,
        Decision::Abandon => Resolution::Abandon,
        Decision::Approve | Decision::Reject => {
            waits_for(ExceptionCategory::Approval, "does not ask for approval")?;
            match decision {
                Decision::Approve => Resolution::Approve,
                _ => Resolution::Reject,
            }
        }
        Decision::MoreTime { millis } => {
            waits_for(ExceptionCategory::Overdue, "is not overdue")?;
            Resolution::MoreTime { millis }
        }
        Decision::Snooze { until } if until <= Timestamp::now() => {
            return Err(unfit("it is put off until a time that has passed"));
        }
        Decision::Snooze { until } => Resolution::Snooze { until },
        Decision::Assign { to } => Resolution::Assign {
            to: to
                .map(|to| to.trim().to_owned())
                .filter(|to| !to.is_empty()),
        },
        Decision::Remark => Resolution::Remark,
        Decision::Back { to, again } => back(to, again, detail)?,
        Decision::Happened(_) if exception.bot.is_none() => {
            return Err(unfit(
                "there is nothing here that could have happened: no bot is parked",
            ));
        }
        Decision::Happened(output) if !(output.is_object() || output.is_null()) => {
            return Err(
                unfit("what came of it is an object, as the bot would have given it")
                    .detail(r#"write it as `{"number": "4711"}`"#),
            );
        }
        Decision::Happened(output) => Resolution::Happened {
            output: complete(output, detail)?.into(),
        },
        Decision::Edit(edit) => match &detail.item {
            Some(item) => Resolution::Edit(Edit::Item(known(edit, item, "the item")?)),
            None => Resolution::Edit(Edit::Inputs(known(edit, &detail.inputs, "the inputs")?)),
        },
        Decision::EditWith(edit) => match &detail.with {
            Some(with) => Resolution::Edit(Edit::With(known(edit, with, "the step's parameters")?)),
            None => {
                return Err(unfit(
                    "the step's parameters are not known yet; correct the data instead",
                ));
            }
        },
    })
}

/// The output that somebody gives, if later steps find in it what they read; an empty one says
/// that nobody knows.
fn complete(output: Value, detail: &ExceptionDetail) -> Result<Value, Problem> {
    let given = output.as_object();
    let lacking = detail.read.iter().filter(|name| match given {
        Some(given) => !given.is_empty() && !given.contains_key(*name),
        None => true,
    });
    let lacking: Vec<String> = lacking.map(|name| format!("`{name}`")).collect();
    if lacking.is_empty() {
        return Ok(output);
    }
    let step = &detail.exception.step;
    let names: Vec<String> = detail
        .read
        .iter()
        .map(|it| format!("\"{it}\": …"))
        .collect();
    let title = format!(
        "later steps read {} of what `{step}` gives",
        lacking.join(", ")
    );
    Err(unfit(title).detail(format!(
        "say what came of it: `{{{}}}`; `{{}}` says that nobody knows",
        names.join(", ")
    )))
}

fn back(to: StepId, again: Vec<StepId>, detail: &ExceptionDetail) -> Result<Resolution, Problem> {
    let listed = |ids: &[StepId]| {
        let ids: Vec<&str> = ids.iter().map(StepId::as_str).collect();
        ids.join(", ")
    };
    // A step that has done nothing yet can be gone back to as well: the engine says so if not.
    if !detail.back.contains(&to) && to != detail.exception.step {
        let problem = unfit(format!("the run cannot go back to `{to}`"));
        return Err(match detail.back.is_empty() {
            true => problem.detail("there is no step before it that can be done again"),
            false => problem.detail(format!("it can go back to: {}", listed(&detail.back))),
        });
    }
    let from = detail.steps.iter().position(|step| step.id == to);
    let after: Vec<StepId> = detail.steps[from.unwrap_or(0)..]
        .iter()
        .map(|step| step.id.clone())
        .collect();
    match again.iter().find(|step| !after.contains(step)) {
        Some(unknown) => Err(unfit(format!(
            "`{unknown}` is no step from `{to}` on, so it is not done again"
        ))
        .detail(format!("there is: {}", listed(&after)))),
        None => Ok(Resolution::Back { to, again }),
    }
}

fn known(
    edit: IndexMap<String, Value>,
    data: &Value,
    what: &str,
) -> Result<IndexMap<String, Value>, Problem> {
    let names: Vec<&str> = data
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .map(String::as_str)
        .collect();
    match edit.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(edit),
        Some(unknown) => Err(unfit(format!("there is no `{unknown}` in {what}")).detail(
            match names.is_empty() {
                true => format!("{what} cannot be corrected, for there is nothing"),
                false => format!("there is: {}", names.join(", ")),
            },
        )),
    }
}

/// What a correction says for the future: what came stands for what it was corrected to.
fn remembered(
    table: String,
    decision: &Decision,
    detail: &ExceptionDetail,
) -> Result<Correction, Problem> {
    is_table(&table)?;
    let one_text = || {
        unfit("only the correction of one text can be remembered").detail(
            "as in `--set customer=C001 --remember customers`; others are set by `botswain mappings set`",
        )
    };
    let Decision::Edit(edit) = decision else {
        return Err(one_text());
    };
    let (Some((name, Value::String(to))), 1) = (edit.first(), edit.len()) else {
        return Err(one_text());
    };
    match detail.given.get(name) {
        Some(Value::String(from)) if !from.is_empty() => Ok(Correction {
            table,
            from: from.clone(),
            to: to.clone(),
        }),
        _ => Err(one_text()),
    }
}

/// Names of tables stand in templates and in addresses.
fn is_table(name: &str) -> Result<(), Problem> {
    match StepId::is_valid(name) {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "mapping.name",
            format!("`{name}` cannot be the name of a mapping"),
        )
        .detail("it is a letter, then letters, digits, `-` and `_`")),
    }
}

fn unfit(title: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "exception.decision",
        title,
    )
}

pub(super) async fn cancel(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(run): Path<RunId>,
    JsonBody(cancelling): JsonBody<Cancelling>,
) -> Answer<Cancelled> {
    end(&handle, &principal, run.clone(), cancelling).await?;
    Ok(Json(Cancelled {
        run,
        cancelled: true,
    }))
}

/// Lets a run be brought to its end.
pub(crate) async fn end(
    handle: &Handle,
    principal: &Principal,
    run: RunId,
    cancelling: Cancelling,
) -> Result<(), Problem> {
    let id = run.clone();
    let Json(summary) = reading(handle, move |parts| parts.store.summary(&id)).await?;
    let missing = || Problem::not_found(format!("there is no run {run}"));
    let summary = summary.ok_or_else(missing)?;
    permit(handle, principal, (Role::Handler, &summary.workflow)).await?;
    let Cancelling { by, note } = cancelling;
    match handle.cancel(run, principal.signs(by), note).await? {
        Reply::Refused { reason } => Err(Problem::conflict(reason)),
        Reply::Resolved | Reply::Started { .. } => Ok(()),
    }
}

pub(super) async fn mappings(
    State(handle): State<Handle>,
    Query(query): Query<MappingsQuery>,
) -> Answer<Vec<Mapped>> {
    reading(&handle, move |parts| {
        parts.store.mappings(query.table.as_deref())
    })
    .await
}

pub(super) async fn correct(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path((table, from)): Path<(String, String)>,
    JsonBody(correcting): JsonBody<Correcting>,
) -> Answer<Mapped> {
    is_table(&table)?;
    let Correcting { to, by, note } = correcting;
    let mapping = Mapping {
        to,
        by: principal.signs(by),
        at: Timestamp::now(),
        note,
        exception: None,
    };
    let change = |after| Change::Mapping {
        table: table.clone(),
        from: from.clone(),
        after,
    };
    handle.write(change(Some(mapping.clone()))).await?;
    Ok(Json(Mapped {
        table,
        from,
        mapping,
    }))
}

/// Revokes a correction: the text stands for itself again.
pub(super) async fn revoke(
    State(handle): State<Handle>,
    Path((table, from)): Path<(String, String)>,
) -> Answer<Revoked> {
    let wanted = (table.clone(), from.clone());
    let found = reading(&handle, move |parts| {
        parts.store.mapping(&wanted.0, &wanted.1)
    });
    if found.await?.0.is_none() {
        let none = format!("the mapping `{table}` says nothing of `{from}`");
        return Err(
            Problem::not_found(none).detail(format!("see `botswain mappings list {table}`"))
        );
    }
    let revoked = Revoked {
        table: table.clone(),
        from: from.clone(),
        removed: true,
    };
    let after = None;
    handle.write(Change::Mapping { table, from, after }).await?;
    Ok(Json(revoked))
}
