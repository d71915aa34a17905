//! The page on which a workflow is written: opened, checked, tested, activated.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use botswain_console::Editing;
use botswain_views::{DraftView, ProposalState, TextChange};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Visit, again, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{
        Activating, Problem,
        answer::DoneOr,
        authoring::{self, InFolder},
        extract::{self, JsonBody},
        precondition::IfMatch,
        proposals,
    },
    daemon::Handle,
    desk, difference, starter,
};

/// What the page sends with each of its buttons.
struct Written {
    workflow: String,
    /// The folder of a new one.
    place: InFolder,
    source: String,
    seen: String,
    note: String,
}

impl Written {
    fn of(workflow: String, place: InFolder, fields: Vec<(String, String)>) -> Written {
        let form = Fields::new(fields);
        // A form has both characters at the end of a line; the file gets what it had.
        let plain = |name: &str| form.get(name).unwrap_or_default().replace("\r\n", "\n");
        Written {
            workflow,
            place,
            source: plain("source"),
            seen: plain("seen"),
            note: plain("note"),
        }
    }

    fn editing(&self) -> Editing<'_> {
        Editing {
            workflow: &self.workflow,
            folder: self.place.folder.as_deref().unwrap_or_default(),
            source: &self.source,
            seen: &self.seen,
            note: &self.note,
            ..Editing::default()
        }
    }

    fn draft(&self) -> JsonBody<DraftView> {
        let source = self.source.clone();
        JsonBody(DraftView { source })
    }

    fn place(&self) -> extract::Query<InFolder> {
        extract::Query(self.place.clone())
    }

    fn name(&self) -> extract::Path<String> {
        extract::Path(self.workflow.clone())
    }
}

/// Asks for the name of a new one and its folder, and leads to its page.
pub(super) async fn begin(
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let name = form.given("name").unwrap_or_default().to_owned();
    let folder = form.given("folder").unwrap_or_default().to_owned();
    let refused = match (starter::is_name(&name), starter::is_folder(&folder)) {
        (true, true) => {
            let within = utf8_percent_encode(&folder, NON_ALPHANUMERIC);
            let within = match folder.is_empty() {
                true => String::new(),
                false => format!("?folder={within}"),
            };
            return Redirect::to(&format!("/workflows/{name}/edit{within}")).into_response();
        }
        (true, false) => desk::Refusal::Folder(folder.clone()),
        (false, _) => desk::Refusal::Name(name.clone()),
    };
    let frame = visit.counted().await;
    let asked = (name.as_str(), folder.as_str());
    if name.is_empty() {
        return html(botswain_console::new_workflow(&frame, asked, None));
    }
    let error = visit.line(&Problem::from(refused));
    again(botswain_console::new_workflow(&frame, asked, Some(&error)))
}

/// The file as it is now, or with `proposal=true` what somebody has proposed for it.
pub(super) async fn open(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let fields = Fields::new(fields);
    let folder = fields.given("folder").map(str::to_owned);
    let place = InFolder { folder };
    let opened = authoring::opened(&handle, &name, &place).await;
    let (source, seen) = match opened {
        Ok(Some(file)) => (file.source, file.hash.as_str().to_owned()),
        Ok(None) => (begun(&name), String::new()),
        Err(problem) => return visit.problem(&problem),
    };
    let mut written = Written {
        workflow: name,
        place,
        source,
        seen,
        note: String::new(),
    };
    let mut changed = None;
    if fields.given("proposal").is_some() {
        match proposals::detail_for(&handle, &principal, &written.workflow).await {
            Ok(detail) => {
                let is_outdated = detail.proposal.state == ProposalState::Outdated;
                changed = is_outdated.then_some(detail.changes);
                written.source = detail.source;
                written.note = detail.proposal.note.unwrap_or_default();
            }
            Err(problem) => return visit.problem(&problem),
        }
    }
    let check = authoring::check(
        State(handle),
        written.name(),
        written.place(),
        written.draft(),
    )
    .await;
    let check = match check {
        Ok(Json(check)) => check,
        Err(problem) => return refused(&visit, &written, &problem).await,
    };
    let editing = Editing {
        check: Some(&check),
        changed: changed.as_deref(),
        ..written.editing()
    };
    html(drawn(&visit, editing).await)
}

/// The page, with whether another author has to agree and what is proposed already.
async fn drawn(visit: &Visit, editing: Editing<'_>) -> String {
    let handle = &visit.guard.handle;
    // What cannot be read is told when the text is sent; what somebody else's folder has is not.
    let proposal = match &visit.principal {
        Some(principal) => proposals::detail_for(handle, principal, editing.workflow).await,
        None => return String::new(),
    };
    let proposal = proposal.ok().map(|it| it.proposal);
    let editing = Editing {
        asks_four_eyes: handle.parts.config().asks_four_eyes(),
        proposal: proposal.as_ref(),
        ..editing
    };
    botswain_console::edit(&visit.counted().await, &editing)
}

/// The first lines of one that is not there yet.
fn begun(name: &str) -> String {
    format!("name: {name}\ndescription: \ntriggers: []\nsteps:\n  - id: first\n    set: {{ }}\n")
}

/// What each button needs to know.
pub(super) type Pressed = (
    State<Handle>,
    Extension<Principal>,
    Extension<Visit>,
    Path<String>,
    Query<InFolder>,
    Form<Vec<(String, String)>>,
);

pub(super) async fn check(
    (handle, _, Extension(visit), Path(name), Query(place), Form(fields)): Pressed,
) -> Response {
    let written = Written::of(name, place, fields);
    match authoring::check(handle, written.name(), written.place(), written.draft()).await {
        Ok(Json(check)) => {
            let editing = Editing {
                check: Some(&check),
                ..written.editing()
            };
            html(drawn(&visit, editing).await)
        }
        Err(problem) => refused(&visit, &written, &problem).await,
    }
}

pub(super) async fn test(
    (handle, _, Extension(visit), Path(name), Query(place), Form(fields)): Pressed,
) -> Response {
    let written = Written::of(name, place, fields);
    match authoring::test(handle, written.name(), written.place(), written.draft()).await {
        Ok(Json(tests)) => {
            let editing = Editing {
                check: Some(&tests.check),
                tests: Some(&tests),
                ..written.editing()
            };
            html(drawn(&visit, editing).await)
        }
        Err(problem) => refused(&visit, &written, &problem).await,
    }
}

pub(super) async fn activate(
    (State(handle), principal, Extension(visit), Path(name), Query(place), Form(fields)): Pressed,
) -> Response {
    let written = Written::of(name, place, fields);
    let activating = Activating {
        source: written.source.clone(),
        note: Some(written.note.clone()).filter(|it| !it.trim().is_empty()),
        by: String::new(),
    };
    let seen = IfMatch::of_form(Some(written.seen.as_str()).filter(|it| !it.is_empty()));
    let body = JsonBody(activating);
    let (name, place) = (written.name(), written.place());
    match authoring::activate(State(handle.clone()), principal, name, place, seen, body).await {
        Ok(DoneOr::Accepted(_)) => {
            let name = utf8_percent_encode(&written.workflow, NON_ALPHANUMERIC);
            Redirect::to(&format!("/workflows/{name}/proposal")).into_response()
        }
        Ok(DoneOr::Done(activated)) => {
            let name = utf8_percent_encode(&written.workflow, NON_ALPHANUMERIC);
            let number = activated.version.number;
            Redirect::to(&format!("/workflows/{name}/versions/{number}")).into_response()
        }
        Err(problem) if problem.code == "workflow.changed" => {
            meanwhile(&handle, &visit, written).await
        }
        Err(problem) if problem.code == "workflow.mistakes" => {
            mistaken(handle, &visit, (&written, &problem)).await
        }
        Err(problem) => refused(&visit, &written, &problem).await,
    }
}

/// The page again, with what is wrong and every mistake at its line.
async fn mistaken(
    handle: Handle,
    visit: &Visit,
    (written, problem): (&Written, &Problem),
) -> Response {
    let check = authoring::check(
        State(handle),
        written.name(),
        written.place(),
        written.draft(),
    )
    .await;
    let (check, error) = (check.ok().map(|it| it.0), visit.line(problem));
    let editing = Editing {
        error: Some(&error),
        check: check.as_ref(),
        ..written.editing()
    };
    again(drawn(visit, editing).await)
}

/// The page again, with what somebody else has made of the file; from now on that is what was seen.
async fn meanwhile(handle: &Handle, visit: &Visit, mut written: Written) -> Response {
    let now = match authoring::opened(handle, &written.workflow, &written.place).await {
        Ok(now) => now,
        Err(problem) => return refused(visit, &written, &problem).await,
    };
    let changed: Vec<TextChange> = match &now {
        Some(file) => vec![TextChange {
            file: file.file.clone(),
            is_called: false,
            lines: difference::views(&file.source, &written.source),
        }],
        None => Vec::new(),
    };
    written.seen = now.map_or_else(String::new, |it| it.hash.as_str().to_owned());
    let editing = Editing {
        changed: Some(&changed),
        ..written.editing()
    };
    let page = drawn(visit, editing).await;
    (StatusCode::PRECONDITION_FAILED, Html(page)).into_response()
}

/// The page again, with what could not be done.
async fn refused(visit: &Visit, written: &Written, problem: &Problem) -> Response {
    if written.source.is_empty() {
        return visit.problem(problem);
    }
    let error = visit.line(problem);
    let editing = Editing {
        error: Some(&error),
        ..written.editing()
    };
    again(drawn(visit, editing).await)
}
