//! `exceptions`: what waits for a person, and what that person decides.

use botswain_core::{ExceptionId, Hash, RunId, StepId, index::ExceptionCategory};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Global,
    arguments::{self, ExceptionsList},
    decide, many,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    resolve, show, table, times, workflows,
};
use crate::{
    api::Decision,
    client::Client,
    views::{ExceptionDetail, ExceptionView, ExceptionsQuery},
};

/// The longest page that the API gives.
const PAGE: usize = 1000;

pub(super) async fn exceptions(global: &Global, command: Option<arguments::Exceptions>) -> Outcome {
    use arguments::Exceptions as Wanted;
    let (id, decision, decided) = match command
        .unwrap_or_else(|| Wanted::List(ExceptionsList::default()))
    {
        Wanted::List(wanted) => return list(global, wanted).await,
        Wanted::Show { id, save } => return show::exception(global, id, save).await,
        Wanted::Edit {
            id,
            corrections,
            remember,
            decided,
        } => {
            let wanted = resolve::Wanted::Edit {
                corrections: &corrections,
                remember: remember.as_deref(),
            };
            return resolve::resolve(global, id, wanted, decided).await;
        }
        Wanted::Retry {
            id,
            current,
            decided,
        } => match current {
            true => (id, Decision::RetryCurrent, decided),
            false => (id, Decision::Retry, decided),
        },
        Wanted::Happened {
            id,
            output,
            decided,
        } => (id, resolve::happened(output.as_deref())?, decided),
        Wanted::Back {
            id,
            step,
            again,
            decided,
        } => (id, Decision::Back { to: step, again }, decided),
        Wanted::Skip { id, decided } => (id, Decision::Skip, decided),
        Wanted::Abandon { id, decided } => (id, Decision::Abandon, decided),
        Wanted::Approve { id, decided } => (id, Decision::Approve, decided),
        Wanted::Reject { id, decided } => (id, Decision::Reject, decided),
        Wanted::Snooze { id, until, decided } => (id, Decision::Snooze { until: until.0 }, decided),
        Wanted::Assign { id, to, decided } => (id, Decision::Assign { to }, decided),
        Wanted::HandOver {
            from,
            to,
            said,
            yes,
        } => {
            return many::hand_over(global, (&from, to), said, yes).await;
        }
        Wanted::Remark { id, decided } => (id, Decision::Remark, decided),
        Wanted::MoreTime {
            id,
            duration,
            decided,
        } => (id, Decision::MoreTime { millis: duration }, decided),
    };
    resolve::plain(global, id, decision, decided).await
}

async fn list(global: &Global, wanted: ExceptionsList) -> Outcome {
    let now = Timestamp::now();
    let (mut found, hidden) = global
        .with_client(async |client| {
            if let Some(name) = &wanted.workflow {
                workflows::known(&global.instance()?, client, name).await?;
            }
            let put_off = |it: &ExceptionView| !wanted.all && is_snoozed(it, now);
            // One more than is shown says that there are more.
            let enough = match wanted.cluster {
                true => usize::MAX,
                false => wanted.limit + 1,
            };
            let is_enough =
                |found: &[ExceptionView]| found.iter().filter(|it| !put_off(it)).count() >= enough;
            let all = gather(client, &filter(&wanted), is_enough).await?;
            let (hidden, found): (Vec<_>, Vec<_>) = all.into_iter().partition(put_off);
            Ok((found, hidden.len()))
        })
        .await?;
    let is_cut = match wanted.cluster {
        true => tell_clusters(global, &wanted, found, hidden),
        false => {
            let is_cut = found.len() > wanted.limit;
            found.truncate(wanted.limit);
            match (global.json, found.is_empty()) {
                (true, _) => output::json(&found),
                (false, true) => output::data(&none(&wanted, hidden)),
                (false, false) => output::data(&listed(&found, now)),
            }
            is_cut
        }
    };
    if is_cut && !global.json {
        output::note(&format!("the first {}; `--limit` shows more", wanted.limit));
    }
    if hidden > 0 && !global.json {
        output::note(&format!("{hidden} put off; `--all` shows them too"));
    }
    Ok(Code::Done)
}

fn filter(wanted: &ExceptionsList) -> ExceptionsQuery {
    ExceptionsQuery {
        workflow: wanted.workflow.clone(),
        category: wanted.category.map(ExceptionCategory::from),
        assignee: wanted.assignee.clone(),
        ..ExceptionsQuery::default()
    }
}

pub(super) fn is_snoozed(it: &ExceptionView, now: Timestamp) -> bool {
    it.snoozed.is_some_and(|until| until > now)
}

fn none(wanted: &ExceptionsList, hidden: usize) -> String {
    let of = match &wanted.workflow {
        None => String::new(),
        Some(name) => format!(" of `{name}`"),
    };
    let is_narrowed = wanted.category.is_some() || wanted.assignee.is_some();
    match (is_narrowed, hidden) {
        (false, 0) => format!("no exceptions{of} wait; all is well"),
        (false, _) => format!("no exceptions{of} wait at present"),
        (true, _) => format!("no such exceptions{of} wait"),
    }
}

/// Whether there are more.
fn tell_clusters(
    global: &Global,
    wanted: &ExceptionsList,
    found: Vec<ExceptionView>,
    hidden: usize,
) -> bool {
    let mut clusters = clusters(found);
    let is_cut = clusters.len() > wanted.limit;
    clusters.truncate(wanted.limit);
    match (global.json, clusters.is_empty()) {
        (true, _) => output::json(&clusters),
        (false, true) => output::data(&none(wanted, hidden)),
        (false, false) => output::data(&clusters_listed(&clusters)),
    }
    is_cut
}

/// All that have one cause.
#[derive(Debug, Serialize)]
struct Cluster {
    fingerprint: Hash,
    count: usize,
    oldest: Timestamp,
    workflow: String,
    step: StepId,
    category: ExceptionCategory,
    code: String,
    /// As the oldest says it.
    message: String,
    exceptions: Vec<ExceptionId>,
}

/// The largest first, then the oldest.
fn clusters(found: Vec<ExceptionView>) -> Vec<Cluster> {
    let mut clusters: IndexMap<Hash, Cluster> = IndexMap::new();
    for it in found {
        let cluster = clusters
            .entry(it.fingerprint.clone())
            .or_insert_with(|| Cluster {
                fingerprint: it.fingerprint.clone(),
                count: 0,
                oldest: it.opened,
                workflow: it.workflow.clone(),
                step: it.step.clone(),
                category: it.category,
                code: it.code.clone(),
                message: message(&it),
                exceptions: Vec::new(),
            });
        cluster.count += 1;
        cluster.exceptions.push(it.id);
    }
    let mut clusters: Vec<Cluster> = clusters.into_values().collect();
    clusters.sort_by_key(|it| (std::cmp::Reverse(it.count), it.oldest));
    clusters
}

fn clusters_listed(clusters: &[Cluster]) -> String {
    let rows = clusters.iter().map(|it| {
        [
            it.count.to_string(),
            it.exceptions
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
            times::age(it.oldest),
            it.workflow.clone(),
            it.step.to_string(),
            it.code.clone(),
            it.message.clone(),
        ]
    });
    let header = [
        "count", "first", "age", "workflow", "step", "code", "message",
    ];
    table::sparing(header, rows, &["code", "step"])
}

/// Open exceptions that fit, the oldest first, until there are enough of them.
async fn gather(
    client: &Client,
    query: &ExceptionsQuery,
    is_enough: impl Fn(&[ExceptionView]) -> bool,
) -> Result<Vec<ExceptionView>, Failure> {
    let mut query = ExceptionsQuery {
        limit: Some(PAGE),
        ..query.clone()
    };
    let mut found = Vec::new();
    loop {
        let wanted = serde_urlencoded::to_string(&query).map_err(Failure::of)?;
        let page: Vec<ExceptionView> = client.get(&format!("/api/v1/exceptions?{wanted}")).await?;
        query.after = page.last().map(|it| it.id);
        let is_last = page.len() < PAGE;
        found.extend(page);
        if is_last || is_enough(&found) {
            return Ok(found);
        }
    }
}

/// All open exceptions with the same cause as this one.
pub(super) async fn of_cause(
    client: &Client,
    it: &ExceptionView,
) -> Result<Vec<ExceptionView>, Failure> {
    let query = ExceptionsQuery {
        fingerprint: Some(it.fingerprint.clone()),
        ..ExceptionsQuery::default()
    };
    gather(client, &query, |_| false).await
}

/// All open exceptions that somebody has taken on.
pub(super) async fn assigned_to(
    client: &Client,
    name: &str,
) -> Result<Vec<ExceptionView>, Failure> {
    let query = ExceptionsQuery {
        assignee: Some(name.to_owned()),
        ..ExceptionsQuery::default()
    };
    gather(client, &query, |_| false).await
}

/// The open exceptions of a run and of the items in it.
pub(super) async fn of_run(client: &Client, run: &RunId) -> Result<Vec<ExceptionView>, Failure> {
    let within = format!("{run}.");
    let mut found = gather(client, &ExceptionsQuery::default(), |_| false).await?;
    found.retain(|it| it.run == *run || it.run.as_str().starts_with(&within));
    Ok(found)
}

fn listed(found: &[ExceptionView], now: Timestamp) -> String {
    let header = [
        "id", "age", "due", "put off", "workflow", "run", "step", "key", "for", "code", "message",
    ];
    let rows = found.iter().map(|it| {
        [
            it.id.to_string(),
            times::age(it.opened),
            it.due.map(|due| times::due(due, now)).unwrap_or_default(),
            match is_snoozed(it, now) {
                true => it.snoozed.map(times::age).unwrap_or_default(),
                false => String::new(),
            },
            it.workflow.clone(),
            it.run.to_string(),
            it.step.to_string(),
            it.key.clone().unwrap_or_default(),
            whose(it),
            it.code.clone(),
            message(it),
        ]
    });
    // `exceptions show` has them all.
    table::sparing(header, rows, &["run", "code", "step"])
}

/// Who has taken it on, and the groups that it is for.
fn whose(it: &ExceptionView) -> String {
    let groups = it.assigned.join(", ");
    match &it.assignee {
        None => groups,
        Some(name) if groups.is_empty() => name.clone(),
        Some(name) => format!("{name} ({groups})"),
    }
}

/// Those of the runs that a run made: its own show at its steps.
pub(super) fn below(run: &RunId, open: &[ExceptionView]) -> String {
    let below = open.iter().filter(|it| it.run != *run);
    let rows = below.map(|it| {
        [
            it.id.to_string(),
            it.run.to_string(),
            it.step.to_string(),
            it.key.clone().unwrap_or_default(),
            message(it),
        ]
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => String::new(),
        false => table::of(["id", "run", "step", "key", "message"], rows),
    }
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
        format!("\nexception {id}: {}, {}", about(it), what(it)),
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
                _ => format!("  {command}"),
            }),
    );
    lines
}

/// The code of what is the matter; that of a question says nothing.
fn what(it: &ExceptionView) -> &str {
    match it.category {
        ExceptionCategory::Approval => "asks for approval",
        _ => &it.code,
    }
}

/// What is the matter; that it is open whether it took place comes before everything else.
fn message(it: &ExceptionView) -> String {
    match it.category {
        ExceptionCategory::InDoubt => format!("in doubt: {}", tame(&it.message)),
        ExceptionCategory::Overdue => format!("overdue: {}", tame(&it.message)),
        _ => tame(&it.message),
    }
}
