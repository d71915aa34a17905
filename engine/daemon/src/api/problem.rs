//! Errors as RFC 9457 has them.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use botswain_core::Fault;
use botswain_store::artifacts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Stable: `run.inputs`.
    #[serde(rename = "type")]
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// One sentence for a person.
    pub title: String,
    /// What to do about it.
    pub detail: Option<String>,
}

/// The code of a problem beside the answer that tells of it, for the audit.
#[derive(Clone, Debug)]
pub(crate) struct Code(pub(crate) String);

impl Problem {
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Problem {
        Problem {
            code: code.to_owned(),
            status: status.as_u16(),
            title: title.into(),
            detail: None,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    pub fn not_found(title: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", title)
    }

    /// What cannot be read from the store or the disk.
    pub fn internal(reason: impl ToString) -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "daemon.internal",
            reason.to_string(),
        )
    }

    /// Another method would do.
    pub(crate) fn method() -> Problem {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Problem::new(status, "request.method", "this cannot be done here")
            .detail("the header `Allow` says what can")
    }

    /// It has more bytes than this.
    pub(crate) fn too_large(most: usize) -> Problem {
        let title = format!("what was sent is larger than {} MiB", most / 1024 / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "access.body", title)
    }

    /// What was asked for does not fit how things stand.
    pub fn conflict(title: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "conflict", title)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let status = match fault.category {
            botswain_core::Category::Business => StatusCode::UNPROCESSABLE_ENTITY,
            botswain_core::Category::System => StatusCode::SERVICE_UNAVAILABLE,
        };
        Problem {
            detail: fault.hint,
            ..Problem::new(status, &fault.code, fault.message)
        }
    }
}

impl From<String> for Problem {
    fn from(reason: String) -> Problem {
        Problem::internal(reason)
    }
}

impl From<botswain_store::ReadError> for Problem {
    fn from(error: botswain_store::ReadError) -> Problem {
        Problem::internal(error)
    }
}

impl From<artifacts::Error> for Problem {
    fn from(error: artifacts::Error) -> Problem {
        let status = match error {
            artifacts::Error::Missing { .. } => StatusCode::NOT_FOUND,
            artifacts::Error::Full => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let problem = Problem::new(status, "artifact.store", error.to_string());
        Problem {
            detail: Some(error.hint().to_owned()),
            ..problem
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let code = Code(self.code.clone());
        let mut response = (status, kind, Json(self)).into_response();
        response.extensions_mut().insert(code);
        response
    }
}
