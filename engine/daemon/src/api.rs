//! `/api/v1` over the Unix socket `.botswain/api.sock`.
//!
//! Whoever may open the socket is the user who runs the daemon: there is no
//! login here and no TCP port; webhooks have a listener of their own. Errors are
//! RFC 9457 problems. The command line uses this and nothing else.

mod decisions;
mod keeping;
mod problem;
mod routes;

use std::{os::unix::fs::PermissionsExt, path::Path};

use axum::{
    Router,
    routing::{get, post, put},
};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

pub use self::{
    decisions::{Cancelling, Correcting, Decision, Resolving},
    keeping::{BackupRequest, ResumeRequest},
    problem::Problem,
    routes::{Health, ItemsQuery, RunRequest, RunsQuery, Started},
};
use crate::daemon::Handle;

/// The whole API.
pub fn router(handle: Handle) -> Router {
    Router::new()
        .route("/api/v1/health", get(routes::health))
        .route("/api/v1/runs", get(routes::runs).post(routes::start))
        .route("/api/v1/runs/{run}", get(routes::run))
        .route("/api/v1/runs/{run}/cancellation", post(decisions::cancel))
        .route("/api/v1/runs/{run}/items/{step}", get(routes::items))
        .route("/api/v1/versions/{hash}", get(routes::version))
        .route("/api/v1/exceptions", get(routes::exceptions))
        .route("/api/v1/exceptions/{id}", get(routes::exception))
        .route(
            "/api/v1/exceptions/{id}/resolution",
            post(decisions::resolve),
        )
        .route("/api/v1/mappings", get(decisions::mappings))
        .route(
            "/api/v1/mappings/{table}/{from}",
            put(decisions::correct).delete(decisions::revoke),
        )
        .route("/api/v1/artifacts/{hash}", get(routes::artifact))
        .route("/api/v1/schedule", get(routes::schedule))
        .route("/api/v1/connections", get(routes::connections))
        .route(
            "/api/v1/connections/{name}/test",
            post(routes::test_connection),
        )
        .route("/api/v1/verify", post(keeping::verify))
        .route("/api/v1/backup", post(keeping::backup))
        .route("/api/v1/resume", post(keeping::resume))
        .route("/api/v1/quarantine", get(keeping::quarantine))
        .route("/api/v1/prune", post(keeping::prune))
        .route("/api/v1/events", get(routes::events))
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
