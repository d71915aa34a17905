//! `/api/v1`, over the Unix socket `.botswain/api.sock` and where the console listens.
//!
//! Whoever may open the socket is the user who runs the daemon; over TCP people
//! sign in, and each route says what they need ([`access`]). Errors are RFC 9457
//! problems. The command line uses this and nothing else, and the console's
//! pages call the same functions.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod audit;
pub(crate) mod authoring;
pub(crate) mod bulk;
mod caller;
mod closed;
pub(crate) mod connections;
pub(crate) mod decisions;
pub(crate) mod extract;
pub(crate) mod files;
pub(crate) mod form;
pub(crate) mod idempotency;
pub(crate) mod insights;
mod keeping;
pub mod openapi;
pub(crate) mod people;
pub(crate) mod precondition;
pub(crate) mod problem;
pub(crate) mod proposals;
mod recording;
pub(crate) mod replay;
pub(crate) mod rights;
pub(crate) mod routes;
pub(crate) mod tokens;
pub(crate) mod versions;
pub(crate) mod watching;
pub(crate) mod workflows;

use std::{os::unix::fs::PermissionsExt, path::Path};

use axum::{Router, handler::Handler, http::Method, middleware};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use self::{
    access::{Right, Route},
    caller::Caller,
    openapi::{Describe, Endpoint},
};
pub use botswain_views::{Decision, RunsQuery};

pub use self::{
    authoring::Activating,
    bulk::{BulkRequest, Bulks},
    closed::{Closed, Closing},
    decisions::{Cancelling, Correcting, Resolving},
    idempotency::Answers,
    keeping::{BackupRequest, ResumeRequest},
    people::PersonRequest,
    precondition::Turns,
    problem::Problem,
    proposals::{Approving, Rejecting, Withdrawing},
    routes::{Health, ItemsQuery, RunRequest, Started},
    tokens::{TokenMade, TokenRequest},
    workflows::Pausing,
};
use crate::{daemon::Handle, evidence};

/// The whole API, each route with what it takes.
fn endpoints() -> Vec<Endpoint> {
    let (get, post) = (|path| (Method::GET, path), |path| (Method::POST, path));
    vec![
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/health"),
            "The daemon and how much waits",
            routes::health,
        ),
        Endpoint::new(
            Right::SIGNED_IN,
            get("/api/v1/openapi.json"),
            "This document",
            openapi::serve,
        ),
        Endpoint::new(Right::SEE_ANY, get("/api/v1/runs"), "Runs, newest first", routes::runs),
        Endpoint::new(
            Right::HANDLE_ANY,
            post("/api/v1/runs"),
            "Start a run of a workflow",
            routes::start,
        ),
        Endpoint::new(
            Right::SEE_RUN,
            get("/api/v1/runs/{run}"),
            "One run with its steps and facts",
            routes::run,
        ),
        Endpoint::new(
            Right::HANDLE_RUN,
            post("/api/v1/runs/{run}/cancellation"),
            "Bring a run to its end",
            decisions::cancel,
        ),
        Endpoint::new(
            Right::HANDLE_RUN,
            post("/api/v1/runs/{run}/replay"),
            "Play a run again against its recording; nothing outside is asked or changed",
            replay::replay,
        ),
        Endpoint::new(
            Right::SEE_RUN,
            get("/api/v1/runs/{run}/items/{step}"),
            "The items of a `for_each`, in the order of its list",
            routes::items,
        ),
        Endpoint::new(
            Right::SEE_RUN,
            get("/api/v1/runs/{run}/evidence"),
            "All that happened in a run, as a ZIP",
            evidence::download,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/versions/{hash}"),
            "A version of a workflow, as runs follow it",
            routes::version,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/workflows"),
            "Workflows, when each starts next and what waits of it",
            workflows::list,
        ),
        Endpoint::new(
            Right::SEE_IT,
            get("/api/v1/workflows/{name}"),
            "One workflow with its source and what is wrong in it",
            workflows::show,
        ),
        Endpoint::new(
            Right::WRITE,
            get("/api/v1/workflows/{name}/file"),
            "The file of a workflow as it is now",
            authoring::file,
        ),
        Endpoint::new(
            Right::WRITE,
            (Method::PUT, "/api/v1/workflows/{name}/file"),
            "Activate a text: it becomes the file, and what new runs follow; under four eyes it is proposed, \
             and waits for another author (202)",
            authoring::activate,
        ),
        Endpoint::new(
            Right::WRITE_ANY,
            get("/api/v1/proposals"),
            "What is proposed and waits for another author, or was rejected",
            proposals::list,
        ),
        Endpoint::new(
            Right::WRITE_PROPOSAL,
            get("/api/v1/workflows/{name}/proposal"),
            "What is proposed for a workflow, with what is different from its file",
            proposals::show,
        ),
        Endpoint::new(
            Right::WRITE_PROPOSAL,
            post("/api/v1/workflows/{name}/proposal/approval"),
            "Activate what another author has proposed",
            proposals::approve,
        ),
        Endpoint::new(
            Right::WRITE_PROPOSAL,
            post("/api/v1/workflows/{name}/proposal/rejection"),
            "Reject what another author has proposed, and say why",
            proposals::reject,
        ),
        Endpoint::new(
            Right::WRITE_PROPOSAL,
            post("/api/v1/workflows/{name}/proposal/withdrawal"),
            "Take back what one has proposed",
            proposals::withdraw,
        ),
        Endpoint::new(
            Right::WRITE,
            post("/api/v1/workflows/{name}/check"),
            "What the check says of a text",
            authoring::check,
        ),
        Endpoint::new(
            Right::WRITE,
            post("/api/v1/workflows/{name}/completion"),
            "What could be written at a place of a text",
            authoring::complete,
        ),
        Endpoint::new(
            Right::WRITE,
            post("/api/v1/workflows/{name}/test"),
            "What came of the tests of a text",
            authoring::test,
        ),
        Endpoint::new(
            Right::SEE_IT,
            get("/api/v1/workflows/{name}/versions"),
            "The versions of a workflow that were taken over, the newest first",
            versions::list,
        ),
        Endpoint::new(
            Right::SEE_IT,
            get("/api/v1/workflows/{name}/versions/{number}"),
            "One version with its source, and what is different from another",
            versions::show,
        ),
        Endpoint::new(
            Right::HANDLE_IT,
            post("/api/v1/workflows/{name}/pause"),
            "Let a workflow start nothing by itself",
            workflows::pause,
        ),
        Endpoint::new(
            Right::HANDLE_IT,
            post("/api/v1/workflows/{name}/resumption"),
            "Let a workflow start by itself again",
            workflows::resume,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/inbox"),
            "What waits for people, as whoever asks sees it",
            routes::inbox,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/exceptions"),
            "Open exceptions, the oldest first",
            routes::exceptions,
        ),
        Endpoint::new(
            Right::SEE_EXCEPTION,
            get("/api/v1/exceptions/{id}"),
            "One open exception with what a decision needs",
            routes::exception,
        ),
        Endpoint::new(
            Right::HANDLE_EXCEPTION,
            post("/api/v1/exceptions/{id}/resolution"),
            "Decide an exception, or assign it, put it off or remark on it",
            decisions::resolve,
        ),
        Endpoint::new(
            Right::HANDLE_ANY,
            post("/api/v1/bulk"),
            "Decide many; it begins ten seconds later",
            bulk::start,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/bulk/{id}"),
            "How far a decision about many is",
            bulk::show,
        ),
        Endpoint::new(
            Right::HANDLE_ANY,
            post("/api/v1/bulk/{id}/withdrawal"),
            "Take a decision about many back before it begins",
            bulk::withdraw,
        ),
        Endpoint::new(
            Right::SEE,
            get("/api/v1/mappings"),
            "Corrections: what stands for what",
            decisions::mappings,
        ),
        Endpoint::new(
            Right::AUTHOR,
            (Method::PUT, "/api/v1/mappings/{table}/{from}"),
            "Let a text stand for another",
            decisions::correct,
        ),
        Endpoint::new(
            Right::AUTHOR,
            (Method::DELETE, "/api/v1/mappings/{table}/{from}"),
            "Let a text stand for itself again",
            decisions::revoke,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/artifacts/{hash}"),
            "A file that a step left",
            routes::artifact,
        ),
        Endpoint::new(
            Right::HANDLE_ANY,
            post("/api/v1/files/{name}"),
            "Keep a file for a run to begin with: what is answered is what an input of the type `file` takes",
            files::add,
        )
        .bearing(files::REQUEST),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/schedule"),
            "What starts runs by itself, and when next",
            routes::schedule,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/insights"),
            "What became of runs over a time",
            insights::show,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/insights/export"),
            "One table of it as CSV",
            insights::export,
        ),
        Endpoint::new(
            Right::SEE,
            get("/api/v1/connections"),
            "How it stands with connections and limits",
            connections::list,
        ),
        Endpoint::new(
            Right::HANDLE,
            post("/api/v1/connections/{name}/test"),
            "See whether an outside system answers",
            connections::test,
        ),
        Endpoint::new(
            Right::ADMIN,
            get("/api/v1/people"),
            "Who may sign in",
            people::list,
        ),
        Endpoint::new(
            Right::ADMIN,
            post("/api/v1/people"),
            "Let somebody sign in",
            people::add,
        ),
        Endpoint::new(
            Right::ADMIN,
            (Method::PATCH, "/api/v1/people/{name}"),
            "Change somebody's role, groups or password",
            people::alter,
        ),
        Endpoint::new(
            Right::ADMIN,
            (Method::DELETE, "/api/v1/people/{name}"),
            "Let somebody sign in no more",
            people::remove,
        ),
        Endpoint::new(
            Right::ADMIN,
            (Method::DELETE, "/api/v1/people/{name}/factor"),
            "Take the second factor from somebody; they have to sign in again",
            people::take_factor,
        ),
        Endpoint::new(
            Right::SIGNED_IN,
            get("/api/v1/tokens"),
            "Tokens of whoever asks; an admin sees those of everybody",
            tokens::list,
        ),
        Endpoint::new(
            Right::SIGNED_IN,
            post("/api/v1/tokens"),
            "Make a token by which a program acts for whoever asks",
            tokens::add,
        ),
        Endpoint::new(
            Right::SIGNED_IN,
            (Method::DELETE, "/api/v1/tokens/{person}/{name}"),
            "Revoke a token",
            tokens::revoke,
        ),
        Endpoint::new(
            Right::ADMIN,
            get("/api/v1/audit"),
            "What people have done, the newest first",
            audit::list,
        ),
        Endpoint::new(
            Right::ADMIN,
            get("/api/v1/audit/export"),
            "All of the audit that fits, as CSV or JSON",
            audit::export,
        ),
        Endpoint::new(
            Right::ADMIN,
            get("/api/v1/audit/verification"),
            "Whether every record of the audit is as it was written",
            audit::verification,
        ),
        // They write where they are told to, or everything.
        Endpoint::new(
            Right::Local,
            post("/api/v1/verify"),
            "Compare everything that is stored with the facts",
            keeping::verify,
        ),
        Endpoint::new(
            Right::Local,
            post("/api/v1/backup"),
            "Copy everything that is remembered into a folder",
            keeping::backup,
        ),
        Endpoint::new(
            Right::Local,
            post("/api/v1/resume"),
            "Say from when on work was lost, and let the instance go on",
            keeping::resume,
        ),
        Endpoint::new(
            Right::Local,
            post("/api/v1/prune"),
            "Remove what is not kept any longer",
            keeping::prune,
        ),
        Endpoint::new(
            Right::SEE,
            get("/api/v1/quarantine"),
            "Whether the instance was made from a backup and waits for a word",
            keeping::quarantine,
        ),
        Endpoint::new(
            Right::SEE_ANY,
            get("/api/v1/events"),
            "What happens from now on, as server-sent events",
            routes::events,
        ),
    ]
}

/// The whole API, each route with what it takes.
pub(crate) fn routes() -> Vec<Route> {
    endpoints().into_iter().map(|it| it.route).collect()
}

impl Endpoint {
    fn new<H, T>(
        right: Right,
        way: (Method, &'static str),
        summary: &'static str,
        handler: H,
    ) -> Endpoint
    where
        H: Handler<T, Handle> + Describe<T>,
        T: 'static,
    {
        Endpoint {
            route: Route::new(right, way, handler),
            summary,
            describe: H::describe,
        }
    }

    fn bearing(self, body: usize) -> Endpoint {
        Endpoint {
            route: self.route.bearing(body),
            ..self
        }
    }
}

/// The API for the user who runs the daemon.
pub fn router(handle: Handle) -> Router {
    let add = |router: Router<Handle>, route: Route| router.route(route.path, route.local(&handle));
    let router = routes().into_iter().fold(Router::new(), add);
    router
        .fallback(|| async { Problem::not_found("there is nothing here") })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(middleware::from_fn(caller::introduce))
        .with_state(handle)
}

/// Serves it until `until` is cancelled. The socket is there, for this user alone, on return.
pub fn serve(
    socket: &Path,
    handle: Handle,
    until: CancellationToken,
) -> std::io::Result<tokio::task::JoinHandle<()>> {
    // The lock says that nobody else serves this instance, so what is there is a leftover.
    match std::fs::remove_file(socket) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(err),
        _ => (),
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    let (app, socket) = (router(handle), socket.to_owned());
    Ok(tokio::spawn(async move {
        let app = app.into_make_service_with_connect_info::<Caller>();
        let served = axum::serve(listener, app)
            .with_graceful_shutdown(async move { until.cancelled().await });
        if let Err(err) = served.await {
            tracing::error!("the API has ended: {err}");
        }
        drop(std::fs::remove_file(socket));
    }))
}
