//! The audit: a page of it, all of it as a file, and whether its chain holds.

use std::io::{self, BufWriter, Write};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use botswain_views::{Act, AuditPage, AuditQuery, AuditReport};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{Problem, answer::Download, extract::Query, routes::Answer};
use crate::{
    audit::{self, Audit, BadCursor, Format},
    daemon::Handle,
};

/// How many pieces wait to be sent, and how large one is.
const PIECES: usize = 4;
const PIECE: usize = 64 * 1024;

/// Which acts, and as what.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    #[serde(default)]
    pub(crate) format: Format,
    /// Who did it.
    pub(crate) by: Option<String>,
    pub(crate) act: Option<Act>,
    /// A part of what it is about.
    pub(crate) on: Option<String>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

pub(crate) async fn list(
    State(handle): State<Handle>,
    Query(query): Query<AuditQuery>,
) -> Answer<AuditPage> {
    let read = reading(&handle, move |audit| audit.page(&query));
    read.await?.map(Json).map_err(Problem::from)
}

/// The whole chain, from its first record on.
pub(super) async fn verification(State(handle): State<Handle>) -> Answer<AuditReport> {
    let read = reading(&handle, Audit::verify);
    read.await?.map(Json).map_err(Problem::internal)
}

/// What was found within the last minute, for pages.
pub(crate) async fn looked_over(handle: &Handle) -> Result<AuditReport, Problem> {
    let read = reading(handle, Audit::looked_over);
    read.await?.map_err(Problem::internal)
}

/// All that fits, sent while it is read; it breaks off when it cannot be read.
pub(crate) async fn export(
    State(handle): State<Handle>,
    Query(query): Query<ExportQuery>,
) -> Result<Download, Problem> {
    let (audit, format) = (handle.audit, query.format);
    let query = AuditQuery {
        by: query.by,
        act: query.act,
        on: query.on,
        since: query.since,
        until: query.until,
        before: None,
        limit: None,
    };
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let mut pipe = BufWriter::with_capacity(PIECE, Pipe(sender.clone()));
        let written = audit::write(&audit, &query, format, &mut pipe);
        if let Err(error) = written.and_then(|()| pipe.flush()) {
            tracing::warn!("the audit's export broke off: {error}");
            // Half of it never passes for the whole.
            drop(sender.blocking_send(Err(error)));
        }
    });
    let name = match format {
        Format::Csv => "attachment; filename=\"audit.csv\"",
        Format::Json => "attachment; filename=\"audit.json\"",
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    });
    Ok(Download(
        (headers, Body::from_stream(pieces)).into_response(),
    ))
}

/// To the connection, which sets the pace.
struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(piece)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Off the async threads: the disk may take its time.
async fn reading<T: Send + 'static>(
    handle: &Handle,
    read: impl FnOnce(&Audit) -> T + Send + 'static,
) -> Result<T, Problem> {
    let audit = handle.audit.clone();
    let read = tokio::task::spawn_blocking(move || read(&audit)).await;
    read.map_err(Problem::internal)
}

impl From<BadCursor> for Problem {
    fn from(error: BadCursor) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "audit.cursor", error.to_string())
            .detail("give what `next` of the page before says")
    }
}

impl From<audit::Unreadable> for Problem {
    fn from(error: audit::Unreadable) -> Problem {
        match error {
            audit::Unreadable::Cursor(error) => error.into(),
            audit::Unreadable::Io(_) => Problem::internal(error),
        }
    }
}
