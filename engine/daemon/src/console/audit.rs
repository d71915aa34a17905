//! What people have done, narrowed as the address says.

use axum::{
    Extension, Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use botswain_console::AuditFilter;
use botswain_views::{Act, AuditQuery};
use jiff::{Timestamp, civil::Date};

use super::{Visit, forms::Fields, html};
use crate::{
    api::{
        audit::{self, ExportQuery},
        extract,
    },
    audit::Format,
    daemon::Handle,
};

/// How many stand on a page.
const PAGE: usize = 50;

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let filter = filter(&Fields::new(fields));
    let (since, until) = times(&visit, &filter);
    let query = AuditQuery {
        by: filter.by.clone(),
        act: filter.act,
        on: filter.on.clone(),
        since,
        until,
        before: filter.before.clone(),
        limit: Some(PAGE),
    };
    let report = audit::looked_over(&handle).await.ok();
    match audit::list(State(handle), extract::Query(query)).await {
        Ok(Json(page)) => {
            let frame = visit.counted().await;
            let found = (&page, report.as_ref());
            html(botswain_console::audit(&frame, &filter, found))
        }
        Err(problem) => visit.problem(&problem),
    }
}

/// The same, all of it, as a file.
pub(super) async fn export(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let filter = filter(&form);
    let (since, until) = times(&visit, &filter);
    let query = ExportQuery {
        format: match form.given("format") {
            Some("csv") => Format::Csv,
            _ => Format::Json,
        },
        by: filter.by,
        act: filter.act,
        on: filter.on,
        since,
        until,
    };
    match audit::export(State(handle), extract::Query(query)).await {
        Ok(file) => file.into_response(),
        Err(problem) => visit.problem(&problem),
    }
}

fn filter(form: &Fields) -> AuditFilter {
    let text = |name| form.given(name).map(str::to_owned);
    let day = |name| form.given(name).and_then(|it| it.parse::<Date>().ok());
    AuditFilter {
        by: text("by"),
        act: form.given("act").and_then(Act::of_name),
        on: text("on"),
        from: day("from"),
        to: day("to"),
        before: text("before"),
    }
}

/// A day is the reader's, from its first moment to its last.
fn times(visit: &Visit, filter: &AuditFilter) -> (Option<Timestamp>, Option<Timestamp>) {
    let start = filter.from.and_then(|day| visit.start_of(day));
    (start, filter.to.and_then(|day| visit.end_of(day)))
}
