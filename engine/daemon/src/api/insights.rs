//! What became of runs over a time, and its tables as files.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use botswain_views::{Insights, InsightsQuery, InsightsTable, Spread};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Problem,
    answer::Download,
    extract::Query,
    rights::Reach,
    routes::{Answer, reading},
};
use crate::{accounts::Principal, audit::cell, daemon::Handle, views::Asked};

/// How far back is looked when nobody says.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The longest time, a leap year.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Which runs, and which table of what became of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    #[serde(default)]
    pub(crate) table: InsightsTable,
    pub(crate) workflow: Option<String>,
    /// Thirty days before the end when it is not given, and 366 at most.
    pub(crate) since: Option<Timestamp>,
    /// Now when it is not given.
    pub(crate) until: Option<Timestamp>,
    /// The zone whose days are counted, as in `Europe/Berlin`; that of the instance otherwise.
    pub(crate) timezone: Option<String>,
}

pub(crate) async fn show(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<InsightsQuery>,
) -> Answer<Insights> {
    let reach = Reach::of(&handle, &principal).await?;
    let asked = asked(&handle, &reach, query)?;
    reading(&handle, move |parts| parts.insights(&asked)).await
}

/// One table as CSV.
pub(crate) async fn export(
    State(handle): State<Handle>,
    principal: Extension<Principal>,
    Query(query): Query<ExportQuery>,
) -> Result<Download, Problem> {
    let table = query.table;
    let query = InsightsQuery {
        workflow: query.workflow,
        since: query.since,
        until: query.until,
        split: None,
        timezone: query.timezone,
    };
    let Json(insights) = show(State(handle), principal, Query(query)).await?;
    let name = format!("attachment; filename=\"insights-{}.csv\"", table.name());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).map_err(Problem::internal)?,
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok(Download((headers, csv(&insights, table)).into_response()))
}

/// The time that is asked for, with what is not said filled in.
fn asked(handle: &Handle, reach: &Reach<'_>, query: InsightsQuery) -> Result<Asked, Problem> {
    let zone = match &query.timezone {
        Some(name) => {
            TimeZone::get(name).map_err(|_| refused(format!("there is no timezone `{name}`")))?
        }
        None => handle.parts.timezone(),
    };
    // What has not come yet has no runs, and would make days of the comparison that were none.
    let now = Timestamp::now();
    let until = query.until.map_or(now, |it| it.min(now));
    let earlier = |by| until.checked_sub(by).unwrap_or(Timestamp::MIN);
    let since = query.since.unwrap_or_else(|| earlier(USUAL));
    if since > until {
        return Err(refused("`since` is later than `until`".to_owned()));
    }
    if until.duration_since(since) > LONGEST {
        let problem = refused("it is a longer time than 366 days".to_owned());
        return Err(problem.detail("ask for one year after the other"));
    }
    let plans = reach.workflows(handle);
    let saves = plans
        .iter()
        .filter_map(|it| Some((it.plan.name.clone(), it.plan.saves?)));
    Ok(Asked {
        saves: saves.collect(),
        workflow: query.workflow,
        sight: reach.sight(),
        split: query.split.map(|at| at.clamp(since, until)),
        since,
        until,
        zone,
    })
}

fn refused(why: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request.query", why)
}

fn csv(insights: &Insights, table: InsightsTable) -> String {
    let (head, rows): (&[&str], Vec<Vec<String>>) = match table {
        InsightsTable::Days => (
            &["day", "succeeded", "skipped", "failed", "cancelled", "open"],
            insights.days.iter().map(day).collect(),
        ),
        InsightsTable::Causes => (
            &[
                "workflow", "step", "code", "message", "count", "waiting", "handled", "median_s",
                "p90_s",
            ],
            insights.causes.iter().map(cause).collect(),
        ),
        InsightsTable::Steps => (
            &[
                "workflow", "step", "runs", "median_s", "p90_s", "worked_s", "waited_s",
            ],
            insights.steps.iter().map(step).collect(),
        ),
        InsightsTable::Workflows => (
            &[
                "workflow",
                "runs",
                "succeeded",
                "failed",
                "saves_s",
                "saved_s",
            ],
            insights.workflows.iter().map(workflow).collect(),
        ),
    };
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
        cells.join(",") + "\r\n"
    };
    let rows = rows.into_iter().map(line);
    format!("{}\r\n{}", head.join(","), rows.collect::<String>())
}

fn day(it: &botswain_views::DayView) -> Vec<String> {
    let counts = [it.succeeded, it.skipped, it.failed, it.cancelled, it.open];
    let counts = counts.map(|it| it.to_string());
    [vec![it.day.to_string()], counts.to_vec()].concat()
}

fn cause(it: &botswain_views::CauseView) -> Vec<String> {
    let [count, median, p90] = spread(it.handled.as_ref());
    vec![
        it.workflow.clone(),
        it.step.to_string(),
        it.code.clone(),
        it.message.clone(),
        it.count.to_string(),
        it.waiting.to_string(),
        count,
        median,
        p90,
    ]
}

fn step(it: &botswain_views::StepFigures) -> Vec<String> {
    let [count, median, p90] = spread(Some(&it.working));
    vec![
        it.workflow.clone(),
        it.step.to_string(),
        count,
        median,
        p90,
        seconds(it.worked_ms),
        seconds(it.waited_ms),
    ]
}

fn workflow(it: &botswain_views::WorkflowFigures) -> Vec<String> {
    let time = |it: Option<u64>| it.map(seconds).unwrap_or_default();
    vec![
        it.workflow.clone(),
        it.runs.to_string(),
        it.succeeded.to_string(),
        it.failed.to_string(),
        time(it.saves_ms),
        time(it.saved_ms),
    ]
}

fn spread(it: Option<&Spread>) -> [String; 3] {
    it.map_or_else(Default::default, |it| {
        [
            it.count.to_string(),
            seconds(it.median_ms),
            seconds(it.p90_ms),
        ]
    })
}

/// Exact, as a spreadsheet takes a number.
fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}
