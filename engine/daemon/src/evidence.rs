//! The evidence of a run: everything that happened in it and in the runs that it made, as a ZIP.
//!
//! It is written while it is sent: what is in memory is one run's facts, one
//! piece of a file, and the names of the files. When something cannot be read
//! the transfer breaks off, so half a bundle never passes for a whole one; a
//! single file that is missing is named in the index instead.

mod archive;
mod bundle;

use std::io::{self, Write};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use botswain_console::{Frame, Language, Theme};
use botswain_core::RunId;
use botswain_views::Counts;
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::{
    api::{Problem, answer::Archive, extract::Path, routes},
    daemon::Handle,
};

/// How many pieces wait to be sent, and how large one is.
const PIECES: usize = 4;
const PIECE: usize = 64 * 1024;

/// The route of the API: its index page is in English, by the instance's clock.
pub(crate) async fn download(
    State(handle): State<Handle>,
    Path(run): Path<RunId>,
) -> Result<Archive, Problem> {
    let frame = Frame {
        instance: handle.parts.config().name.clone(),
        person: None,
        csrf: String::new(),
        language: Language::default(),
        theme: Theme::default(),
        zone: handle.parts.timezone(),
        now: Timestamp::now(),
        counts: Counts::default(),
        path: String::new(),
        notice: None,
    };
    send(handle, frame, run).await.map(Archive)
}

/// The bundle, with an index page for this reader.
pub(crate) async fn send(handle: Handle, frame: Frame, run: RunId) -> Result<Response, Problem> {
    let Json(detail) = routes::run(State(handle.clone()), Path(run.clone())).await?;
    let name = format!("attachment; filename=\"evidence-{run}.zip\"");
    let name = HeaderValue::try_from(name).map_err(Problem::internal)?;
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe {
            sender,
            piece: Vec::with_capacity(PIECE),
        };
        let written = bundle::write(&handle.parts, &frame, &detail, &mut pipe);
        if let Err(error) = written.and_then(|()| pipe.flush()) {
            tracing::warn!("the evidence of run {run} broke off: {error}");
            // Whoever has gone away needs no word of it.
            drop(pipe.sender.blocking_send(Err(error)));
        }
    });
    let pieces = futures_util::stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    let media = HeaderValue::from_static("application/zip");
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// From the thread that writes to the connection, which sets the pace.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let sent = self.sender.blocking_send(Ok(Bytes::from(full)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
