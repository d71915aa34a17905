//! The pages about proposals: the list, one beside the file of today, and what is decided about it.

use axum::{
    Extension, Form, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use botswain_console::Reviewing;
use botswain_core::Hash;
use botswain_views::{DraftView, ProposalDetail, TestsView};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Visit, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{
        Approving, Problem, Rejecting, Withdrawing, authoring,
        extract::{self, JsonBody},
        proposals,
    },
    daemon::Handle,
};

/// What each button needs to know.
type Decided = (
    State<Handle>,
    Extension<Principal>,
    Extension<Visit>,
    Path<String>,
    Form<Vec<(String, String)>>,
);

pub(super) async fn list(
    State(handle): State<Handle>,
    principal: Extension<Principal>,
    Extension(visit): Extension<Visit>,
) -> Response {
    match proposals::list(State(handle), principal).await {
        Ok(Json(all)) => html(botswain_console::proposals(&visit.counted().await, &all)),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
) -> Response {
    match proposals::show(State(handle), extract::Path(name)).await {
        Ok(Json(detail)) => html(drawn(&visit, &detail, None).await),
        Err(problem) => visit.problem(&problem),
    }
}

async fn drawn(visit: &Visit, detail: &ProposalDetail, tests: Option<&TestsView>) -> String {
    let reviewing = Reviewing {
        detail,
        tests,
        error: None,
        note: "",
    };
    botswain_console::proposal(&visit.counted().await, &reviewing)
}

pub(super) async fn test((State(handle), _, Extension(visit), Path(name), _): Decided) -> Response {
    let tested = async {
        let detail = proposals::detail(&handle, &name).await?;
        let draft = DraftView {
            source: detail.source.clone(),
        };
        let place = proposals::in_folder(&handle, &name).await?;
        let (path, place) = (extract::Path(name.clone()), extract::Query(place));
        let tests = authoring::test(State(handle.clone()), path, place, JsonBody(draft));
        let Json(tests) = tests.await?;
        Ok::<_, Problem>((detail, tests))
    };
    match tested.await {
        Ok((detail, tests)) => html(drawn(&visit, &detail, Some(&tests)).await),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn approve(
    (State(handle), principal, Extension(visit), Path(name), Form(fields)): Decided,
) -> Response {
    let approving = |hash| Approving {
        hash,
        by: String::new(),
    };
    let done = match hash(&Fields::new(fields)) {
        Ok(hash) => {
            let (path, body) = (extract::Path(name.clone()), JsonBody(approving(hash)));
            proposals::approve(State(handle.clone()), principal, path, body).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(Json(activated)) => {
            let number = activated.version.number;
            to(&format!("/workflows/{}/versions/{number}", encoded(&name)))
        }
        Err(problem) => refused((&handle, &visit), &name, (&problem, "")).await,
    }
}

pub(super) async fn reject(
    (State(handle), principal, Extension(visit), Path(name), Form(fields)): Decided,
) -> Response {
    let form = Fields::new(fields);
    let note = form.get("note").unwrap_or_default().replace("\r\n", "\n");
    let rejecting = hash(&form).map(|hash| Rejecting {
        hash,
        note: note.clone(),
        by: String::new(),
    });
    let done = match rejecting {
        Ok(rejecting) => {
            let (path, body) = (extract::Path(name.clone()), JsonBody(rejecting));
            proposals::reject(State(handle.clone()), principal, path, body).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(_) => to("/proposals"),
        Err(problem) => refused((&handle, &visit), &name, (&problem, &note)).await,
    }
}

pub(super) async fn withdraw(
    (handle, principal, Extension(visit), Path(name), _): Decided,
) -> Response {
    let body = JsonBody(Withdrawing::default());
    match proposals::withdraw(handle, principal, extract::Path(name), body).await {
        Ok(_) => to("/proposals"),
        Err(problem) => visit.problem(&problem),
    }
}

/// Which text the page has shown.
fn hash(form: &Fields) -> Result<Hash, Problem> {
    let shown = form.given("hash").map(|it| Hash::try_from(it.to_owned()));
    shown.and_then(Result::ok).ok_or_else(|| {
        let title = "the form does not say which text it has shown";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "proposal.changed", title)
            .detail("load the page anew")
    })
}

/// The page again as it is now, with what could not be done; what was written is kept.
async fn refused(
    (handle, visit): (&Handle, &Visit),
    name: &str,
    (problem, note): (&Problem, &str),
) -> Response {
    let Ok(detail) = proposals::detail(handle, name).await else {
        return visit.problem(problem);
    };
    let error = visit.line(problem);
    let reviewing = Reviewing {
        detail: &detail,
        tests: None,
        error: Some(&error),
        note,
    };
    let page = botswain_console::proposal(&visit.counted().await, &reviewing);
    let status = StatusCode::from_u16(problem.status);
    let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    (status, Html(page)).into_response()
}

fn to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
