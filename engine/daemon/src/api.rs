//! `/api/v1`, over the Unix socket `.botswain/api.sock` and where the console listens.
//!
//! Whoever may open the socket is the user who runs the daemon; over TCP people
//! sign in, and each route says what they need ([`access`]). Errors are RFC 9457
//! problems. The command line uses this and nothing else, and the console's
//! pages call the same functions.

pub(crate) mod access;
pub(crate) mod bulk;
mod closed;
pub(crate) mod decisions;
mod keeping;
pub(crate) mod people;
mod problem;
pub(crate) mod routes;
pub(crate) mod workflows;

use std::{os::unix::fs::PermissionsExt, path::Path};

use axum::{Extension, Router, http::Method};
use botswain_views::Role;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use self::access::{Right, Route};
pub use botswain_views::{Decision, RunsQuery};

pub use self::{
    bulk::{BulkRequest, Bulks},
    closed::{Closed, Closing},
    decisions::{Cancelling, Correcting, Resolving},
    keeping::{BackupRequest, ResumeRequest},
    people::PersonRequest,
    problem::Problem,
    routes::{Health, ItemsQuery, RunRequest, Started},
    workflows::Pausing,
};
use crate::{accounts::Principal, daemon::Handle, evidence};

/// The whole API, each route with what it takes.
pub(crate) fn routes() -> Vec<Route> {
    const SEE: Right = Right::Role(Role::Viewer);
    const HANDLE: Right = Right::Role(Role::Handler);
    const AUTHOR: Right = Right::Role(Role::Author);
    const ADMIN: Right = Right::Role(Role::Admin);
    let (get, post) = (|path| (Method::GET, path), |path| (Method::POST, path));
    vec![
        Route::new(SEE, get("/api/v1/health"), routes::health),
        Route::new(SEE, get("/api/v1/runs"), routes::runs),
        Route::new(HANDLE, post("/api/v1/runs"), routes::start),
        Route::new(SEE, get("/api/v1/runs/{run}"), routes::run),
        Route::new(
            HANDLE,
            post("/api/v1/runs/{run}/cancellation"),
            decisions::cancel,
        ),
        Route::new(SEE, get("/api/v1/runs/{run}/items/{step}"), routes::items),
        Route::new(SEE, get("/api/v1/runs/{run}/evidence"), evidence::download),
        Route::new(SEE, get("/api/v1/versions/{hash}"), routes::version),
        Route::new(SEE, get("/api/v1/workflows"), workflows::list),
        Route::new(SEE, get("/api/v1/workflows/{name}"), workflows::show),
        Route::new(
            HANDLE,
            post("/api/v1/workflows/{name}/pause"),
            workflows::pause,
        ),
        Route::new(
            HANDLE,
            post("/api/v1/workflows/{name}/resumption"),
            workflows::resume,
        ),
        Route::new(SEE, get("/api/v1/inbox"), routes::inbox),
        Route::new(SEE, get("/api/v1/exceptions"), routes::exceptions),
        Route::new(SEE, get("/api/v1/exceptions/{id}"), routes::exception),
        Route::new(
            HANDLE,
            post("/api/v1/exceptions/{id}/resolution"),
            decisions::resolve,
        ),
        Route::new(HANDLE, post("/api/v1/bulk"), bulk::start),
        Route::new(SEE, get("/api/v1/bulk/{id}"), bulk::show),
        Route::new(HANDLE, post("/api/v1/bulk/{id}/withdrawal"), bulk::withdraw),
        Route::new(SEE, get("/api/v1/mappings"), decisions::mappings),
        Route::new(
            AUTHOR,
            (Method::PUT, "/api/v1/mappings/{table}/{from}"),
            decisions::correct,
        ),
        Route::new(
            AUTHOR,
            (Method::DELETE, "/api/v1/mappings/{table}/{from}"),
            decisions::revoke,
        ),
        Route::new(SEE, get("/api/v1/artifacts/{hash}"), routes::artifact),
        Route::new(SEE, get("/api/v1/schedule"), routes::schedule),
        Route::new(SEE, get("/api/v1/connections"), routes::connections),
        Route::new(
            HANDLE,
            post("/api/v1/connections/{name}/test"),
            routes::test_connection,
        ),
        Route::new(ADMIN, get("/api/v1/people"), people::list),
        Route::new(ADMIN, post("/api/v1/people"), people::add),
        Route::new(
            ADMIN,
            (Method::PATCH, "/api/v1/people/{name}"),
            people::alter,
        ),
        Route::new(
            ADMIN,
            (Method::DELETE, "/api/v1/people/{name}"),
            people::remove,
        ),
        // They write where they are told to, or everything.
        Route::new(Right::Local, post("/api/v1/verify"), keeping::verify),
        Route::new(Right::Local, post("/api/v1/backup"), keeping::backup),
        Route::new(Right::Local, post("/api/v1/resume"), keeping::resume),
        Route::new(Right::Local, post("/api/v1/prune"), keeping::prune),
        Route::new(SEE, get("/api/v1/quarantine"), keeping::quarantine),
        Route::new(SEE, get("/api/v1/events"), routes::events),
    ]
}

/// The API for the user who runs the daemon.
pub fn router(handle: Handle) -> Router {
    let add = |router: Router<Handle>, route: Route| router.route(route.path, route.open());
    let router = routes().into_iter().fold(Router::new(), add);
    router
        .layer(Extension(Principal::local()))
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
        let served = axum::serve(listener, app)
            .with_graceful_shutdown(async move { until.cancelled().await });
        if let Err(err) = served.await {
            tracing::error!("the API has ended: {err}");
        }
        drop(std::fs::remove_file(socket));
    }))
}
