//! The mail server of the demo: it takes every mail and delivers none.
//!
//! Speaks SMTP (RFC 5321) on the loopback address and stores each message as an
//! `.eml` file in a folder, with the envelope in front of the message's own
//! headers. A message was accepted only when its file is on disk. The files can
//! be read while it runs, also by another process.

mod folder;
mod message;
mod session;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use self::folder::Folder;
pub use self::message::{Attachment, Message};

/// How to set up a sink.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the messages go; made when missing.
    pub folder: PathBuf,
    /// 0 for any free one.
    pub port: u16,
    /// Larger messages are refused with 552, in bytes.
    pub largest: usize,
    /// A client that is silent for so long is hung up on.
    pub patience: Duration,
}

impl Options {
    /// Any port, 25 MiB, and the five minutes of RFC 5321, 4.5.3.2.7.
    pub fn new(folder: impl Into<PathBuf>) -> Options {
        Options {
            folder: folder.into(),
            port: 0,
            largest: 25 << 20,
            patience: Duration::from_secs(300),
        }
    }
}

/// A sink that is open. It closes when it is dropped.
pub struct Sink {
    address: SocketAddr,
    folder: Arc<Folder>,
    closing: CancellationToken,
    work: TaskTracker,
}

impl Sink {
    /// # Errors
    /// The folder cannot be made, or the port cannot be had.
    pub async fn start(options: Options) -> io::Result<Sink> {
        let folder = Arc::new(Folder::open(&options.folder)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let sink = Sink {
            address: listener.local_addr()?,
            folder,
            closing: CancellationToken::new(),
            work: TaskTracker::new(),
        };
        sink.work.spawn(accept(
            listener,
            Arc::new(options),
            Arc::clone(&sink.folder),
            (sink.closing.clone(), sink.work.clone()),
        ));
        Ok(sink)
    }

    /// Always on 127.0.0.1.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many messages lie in the folder.
    pub fn count(&self) -> io::Result<usize> {
        Ok(folder::files(self.folder.path())?.len())
    }

    /// All messages, the oldest first.
    pub fn messages(&self) -> io::Result<Vec<Message>> {
        read(self.folder.path())
    }

    /// Ends the conversations with 421 and closes.
    pub async fn shutdown(self) {
        self.closing.cancel();
        self.work.close();
        self.work.wait().await;
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.closing.cancel();
        self.work.close();
    }
}

/// The messages in a sink's folder, the oldest first; also while it runs.
pub fn read(folder: &Path) -> io::Result<Vec<Message>> {
    let files = folder::files(folder)?;
    files.iter().map(|file| Message::read(file)).collect()
}

async fn accept(
    listener: TcpListener,
    options: Arc<Options>,
    folder: Arc<Folder>,
    (closing, work): (CancellationToken, TaskTracker),
) {
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "the mail sink could not accept a connection");
                continue;
            }
        };
        let (options, folder) = (Arc::clone(&options), Arc::clone(&folder));
        let closing = closing.clone();
        work.spawn(async move {
            if let Err(error) = session::serve(stream, &options, folder, closing).await {
                debug!(%error, "a client of the mail sink hung up");
            }
        });
    }
}
