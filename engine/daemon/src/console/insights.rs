//! What became of runs over a time that the address says.

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use botswain_console::InsightsFilter;
use botswain_views::{InsightsQuery, InsightsTable};
use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Visit, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{
        Problem, extract,
        insights::{self, ExportQuery},
        rights::Reach,
    },
    daemon::Handle,
};

/// How many days are shown when the address says nothing, today among them.
const USUAL: i32 = 30;

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let filter = filter(&visit, &Fields::new(fields));
    let (since, until) = (visit.start_of(filter.from), visit.end_of(filter.to));
    let query = InsightsQuery {
        workflow: filter.workflow.clone(),
        since,
        until,
        split: filter.split.and_then(|day| visit.start_of(day)),
        timezone: zone(&visit),
    };
    let read = async {
        let known = Reach::of(&handle, &principal).await?.names(&handle);
        let query = extract::Query(query);
        let found = insights::show(State(handle), Extension(principal), query).await?;
        Ok::<_, Problem>((known, found.0))
    };
    match read.await {
        Ok((known, found)) => html(botswain_console::insights(
            &visit.counted().await,
            (&filter, &known),
            &found,
        )),
        Err(problem) => visit.problem(&problem),
    }
}

/// One of its tables, as a file.
pub(super) async fn export(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let filter = filter(&visit, &form);
    let (since, until) = (visit.start_of(filter.from), visit.end_of(filter.to));
    let table = form.given("table");
    let query = ExportQuery {
        table: InsightsTable::ALL
            .into_iter()
            .find(|it| table == Some(it.name()))
            .unwrap_or_default(),
        workflow: filter.workflow.clone(),
        since,
        until,
        timezone: zone(&visit),
    };
    match insights::export(State(handle), Extension(principal), extract::Query(query)).await {
        Ok(file) => file.into_response(),
        Err(problem) => visit.problem(&problem),
    }
}

fn filter(visit: &Visit, form: &Fields) -> InsightsFilter {
    let day = |name| form.given(name).and_then(|it| it.parse::<Date>().ok());
    let today = Timestamp::now().to_zoned(visit.zone()).date();
    let to = day("to").unwrap_or(today);
    let usual = to.saturating_sub((USUAL - 1).days());
    InsightsFilter {
        workflow: form.given("workflow").map(str::to_owned),
        from: day("from").unwrap_or(usual),
        to,
        split: day("split"),
    }
}

fn zone(visit: &Visit) -> Option<String> {
    visit.zone().iana_name().map(str::to_owned)
}
