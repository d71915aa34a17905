//! The evidence of a run: everything that happened in it and in the runs that it made, as a ZIP.
//!
//! It is written while it is sent: what is in memory is one run's facts, one
//! piece of a file, and the names of the files. When something cannot be read
//! the transfer breaks off, so half a bundle never passes for a whole one; a
//! single file that is missing is named in the index instead.

mod archive;
mod bundle;

use std::{
    io::{self, Write},
    time::Duration,
};

use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use botswain_console::{Frame, Language, Theme};
use botswain_core::RunId;
use botswain_views::Counts;
use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};

use crate::{
    accounts::Principal,
    api::{Problem, answer::Archive, extract::Path, rights::Reach, routes},
    daemon::Handle,
};

/// How many pieces wait to be sent, and how large one is.
const PIECES: usize = 4;
const PIECE: usize = 64 * 1024;

/// How long a piece waits for whoever is to take it; then the thread has better to do.
const STALLED: Duration = Duration::from_secs(60);

/// So many bundles are written at once, each by a thread of its own; others wait.
static PLACES: Semaphore = Semaphore::const_new(4);

/// The route of the API: its index page is in English, by the instance's clock.
pub(crate) async fn download(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
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
        places: std::collections::BTreeMap::new(),
    };
    send(handle, &principal, (frame, run)).await.map(Archive)
}

/// The bundle, with an index page for this reader; without the texts of workflows that they do not
/// see, though the run has called them.
pub(crate) async fn send(
    handle: Handle,
    principal: &Principal,
    (frame, run): (Frame, RunId),
) -> Result<Response, Problem> {
    let sight = Reach::of(&handle, principal).await?.sight();
    let Json(detail) = routes::run(State(handle.clone()), Path(run.clone())).await?;
    let name = format!("attachment; filename=\"evidence-{run}.zip\"");
    let name = HeaderValue::try_from(name).map_err(Problem::internal)?;
    let place = PLACES.acquire().await.map_err(Problem::internal)?;
    let (sender, receiver) = mpsc::channel(PIECES);
    let writing = tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut pipe = Pipe {
            sender,
            piece: Vec::with_capacity(PIECE),
        };
        let written = bundle::write(&handle.parts, (&frame, &sight), &detail, &mut pipe);
        written.and_then(|()| pipe.flush()).inspect_err(|error| {
            tracing::warn!("the evidence of run {run} broke off: {error}");
        })
    });
    let pieces = futures_util::stream::unfold((receiver, Some(writing)), piece);
    let media = HeaderValue::from_static("application/zip");
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// What is written, and who writes it until that has ended.
type Written = (mpsc::Receiver<Bytes>, Option<Writing>);
type Writing = JoinHandle<io::Result<()>>;

/// The next piece. After the last one it is seen whether all was written, so that half a bundle is
/// a broken transfer.
async fn piece((mut receiver, writing): Written) -> Option<(io::Result<Bytes>, Written)> {
    if let Some(piece) = receiver.recv().await {
        return Some((Ok(piece), (receiver, writing)));
    }
    let written = writing?.await.map_err(io::Error::other).flatten();
    written.err().map(|error| (Err(error), (receiver, None)))
}

/// From the thread that writes to the connection, which sets the pace.
struct Pipe {
    sender: mpsc::Sender<Bytes>,
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
        let sent = self.sender.send_timeout(Bytes::from(full), STALLED);
        let sent = tokio::runtime::Handle::current().block_on(sent);
        sent.map_err(|_| io::Error::other("nobody takes it"))
    }
}
