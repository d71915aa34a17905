//! What is answered when all is well, beside a plain `Json` with 200.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Something new is there.
pub(crate) struct Created<T>(pub(crate) T);

/// It will be done.
pub(crate) struct Accepted<T>(pub(crate) T);

/// It is done, or it will be done when somebody else agrees.
pub(crate) enum DoneOr<T, U> {
    Done(T),
    Accepted(U),
}

/// A file.
pub(crate) struct Download(pub(crate) Response);

/// A ZIP.
pub(crate) struct Archive(pub(crate) Response);

/// Server-sent events, without an end.
pub(crate) struct Events(pub(crate) Response);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl<T: Serialize, U: Serialize> IntoResponse for DoneOr<T, U> {
    fn into_response(self) -> Response {
        match self {
            DoneOr::Done(done) => Json(done).into_response(),
            DoneOr::Accepted(accepted) => Accepted(accepted).into_response(),
        }
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for Archive {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0
    }
}
