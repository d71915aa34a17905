//! What a request says, taken out of it by type.
//!
//! As axum does it, but what does not fit is answered with a problem like any
//! other: 400 when it is not as the document of the API has it, whatever it is.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::Problem;

/// The names in a path.
pub(crate) struct Path<T>(pub(crate) T);

/// What stands behind the `?`.
pub(crate) struct Query<T>(pub(crate) T);

/// The body.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// The body, whatever it is.
pub(crate) struct Content {
    /// As whoever sends it says.
    pub(crate) media: String,
    pub(crate) bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Content, Problem> {
        let media = request.headers().get(header::CONTENT_TYPE);
        let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let media = media.to_owned();
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| refused(error.status(), "request.body", error))?;
        Ok(Content { media, bytes })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let taken = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        taken.map(|it| Path(it.0)).map_err(Problem::from)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Problem> {
        let taken = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        taken.map(|it| Query(it.0)).map_err(Problem::from)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBody<T>, Problem> {
        let taken = axum::Json::<T>::from_request(request, state).await;
        taken.map(|it| JsonBody(it.0)).map_err(Problem::from)
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        refused(StatusCode::BAD_REQUEST, "request.path", rejection)
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        refused(StatusCode::BAD_REQUEST, "request.query", rejection)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        let status = match &rejection {
            JsonRejection::MissingJsonContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            JsonRejection::BytesRejection(cause) => cause.status(),
            _ => StatusCode::BAD_REQUEST,
        };
        refused(status, "request.body", rejection)
    }
}

/// With the cause alone for a title; the sentence around it is axum's.
fn refused(status: StatusCode, code: &str, rejection: impl std::error::Error) -> Problem {
    let cause = rejection.source().map(ToString::to_string);
    let title = cause.unwrap_or_else(|| rejection.to_string());
    Problem::new(status, code, title)
        .detail("docs/openapi.json says what it takes; `botswain schema api` prints it")
}
