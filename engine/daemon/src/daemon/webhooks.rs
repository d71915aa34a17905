//! Listens where `webhooks:` of botswain.yaml says, for what other systems hand over.
//!
//! In go connections from anywhere that the address lets in; out come deliveries,
//! each with its answer. Whoever knows no secret learns nothing and takes little:
//! heads, bodies, the time for both and the number of connections are bounded,
//! and a connection is closed after its answer.

mod delivery;
mod proof;

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::delivery::Deliveries;
use super::Handle;

/// How often it is seen whether the address has changed, or is free by now.
const FOLLOW: Duration = Duration::from_secs(2);

/// How many may be connected at once; others wait.
const CONNECTIONS: usize = 64;

/// How long a head, and then a body, may take to come in.
const SLOW: Duration = Duration::from_secs(10);

/// How long a connection lasts at most, with all that its answer waits for.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a head may be, in bytes, and how many headers it may have.
const HEAD: usize = 16 * 1024;
const HEADERS: usize = 64;

/// A listener at work: the address that the file names, and what takes from it.
struct Open {
    listen: String,
    taking: JoinHandle<()>,
}

/// For as long as the daemon lives. An address that cannot be had is told once, and tried again.
pub(super) async fn listen(handle: Handle) {
    let (mut open, mut told) = (None::<Open>, None);
    while handle.is_alive() {
        let wanted = handle.parts.config().webhooks.clone().map(|it| it.listen);
        if let Some(old) = open.take_if(|open| wanted.as_ref() != Some(&open.listen)) {
            old.taking.abort();
        }
        if let (Some(listen), None) = (&wanted, &open) {
            match bound(&handle, listen).await {
                Ok(taking) => {
                    let listen = listen.clone();
                    (open, told) = (Some(Open { listen, taking }), None);
                }
                Err(err) if told.as_ref() != Some(listen) => {
                    tracing::error!("webhooks cannot be listened for at {listen}: {err}");
                    told = wanted;
                }
                Err(_) => (),
            }
        }
        sleep(FOLLOW).await;
    }
    if let Some(open) = open {
        open.taking.abort();
    }
}

async fn bound(handle: &Handle, listen: &str) -> std::io::Result<JoinHandle<()>> {
    let listener = TcpListener::bind(listen).await?;
    tracing::info!("listens for webhooks at {}", listener.local_addr()?);
    Ok(tokio::spawn(take(
        listener,
        Deliveries::new(handle.clone()),
    )))
}

async fn take(listener: TcpListener, deliveries: Deliveries) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let deliveries = deliveries.clone();
                tokio::spawn(async move {
                    serve(stream, deliveries).await;
                    drop(place);
                });
            }
            Err(err) => {
                // Mostly no more files can be open; that passes.
                tracing::warn!("a webhook cannot be taken: {err}");
                sleep(FOLLOW).await;
            }
        }
    }
}

/// One request and its answer. Of whoever goes away in between there is nothing to tell.
async fn serve(stream: TcpStream, deliveries: Deliveries) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let deliveries = deliveries.clone();
        async move { Ok::<_, Infallible>(deliveries.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOW)
        .max_buf_size(HEAD)
        .max_headers(HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    match timeout(LONGEST, connection).await {
        Ok(Ok(())) => (),
        Ok(Err(err)) => tracing::debug!("a webhook's connection broke: {err}"),
        Err(_) => tracing::debug!("a webhook's connection lasted too long"),
    }
}
