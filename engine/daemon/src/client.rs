//! The command line's way to a daemon: the one that runs, or one made for this command.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::StreamExt;
use reqwest::{Method, Response, StatusCode, header::IF_MATCH};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    api::{self, Problem, answer::DoneOr, idempotency::KEY},
    daemon::{Daemon, Mode, StartError},
    instance::Instance,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long a daemon that breaks off is asked again, and how often: its supervisor starts another.
const AGAIN: Duration = Duration::from_secs(3);
const BETWEEN: Duration = Duration::from_millis(200);

pub struct Client {
    http: reqwest::Client,
    /// The daemon that this command brought with it, if none was running.
    own: Option<Own>,
}

struct Own {
    daemon: Daemon,
    serving: tokio::task::JoinHandle<()>,
    until: CancellationToken,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", .0.title)]
    Problem(Box<Problem>),
    #[error("the daemon does not answer: {0}")]
    Unreachable(String),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the socket `{}` cannot be made: {source}", path.display())]
    Socket {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Error {
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Problem(problem) => problem.detail.clone(),
            Error::Start(error) => error.hint(),
            Error::Unreachable(_) => {
                Some("see its log, or start it again with `botswain up`".to_owned())
            }
            Error::Socket { .. } => None,
        }
    }
}

impl Client {
    /// The daemon of this instance; without one, its store is opened for this command alone.
    pub async fn connect(instance: &Instance) -> Result<Client, Error> {
        let socket = instance.private().socket();
        let http = reqwest::Client::builder()
            .unix_socket(socket.clone())
            .build();
        let http = http.map_err(|err| Error::Unreachable(err.to_string()))?;
        if tokio::net::UnixStream::connect(&socket).await.is_ok() {
            return Ok(Client { http, own: None });
        }
        let daemon = Daemon::start(instance.clone(), Mode::Brief).await?;
        let until = CancellationToken::new();
        let serving = api::serve(&socket, daemon.handle.clone(), until.clone());
        let serving = serving.map_err(|source| Error::Socket {
            path: socket,
            source,
        })?;
        Ok(Client {
            http,
            own: Some(Own {
                daemon,
                serving,
                until,
            }),
        })
    }

    /// Whether the daemon stays when this command is done.
    pub fn is_lasting(&self) -> bool {
        self.own.is_none()
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        decoded(self.send(Method::GET, path, None).await?).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = serde_json::to_value(body).map_err(|err| Error::Unreachable(err.to_string()))?;
        decoded(self.send(Method::POST, path, Some(body)).await?).await
    }

    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = serde_json::to_value(body).map_err(|err| Error::Unreachable(err.to_string()))?;
        decoded(self.send(Method::PUT, path, Some(body)).await?).await
    }

    /// Puts it in the place of what has this tag, or where nothing is; or lets it wait until somebody
    /// else agrees.
    pub(crate) async fn put_over<T: DeserializeOwned, U: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        tag: Option<&str>,
    ) -> Result<DoneOr<T, U>, Error> {
        let body = serde_json::to_value(body).map_err(|err| Error::Unreachable(err.to_string()))?;
        let tag = tag.map(|tag| format!("\"{tag}\""));
        let response = self.send_over((Method::PUT, tag), path, Some(body)).await?;
        match response.status() {
            StatusCode::ACCEPTED => decoded(response).await.map(DoneOr::Accepted),
            _ => decoded(response).await.map(DoneOr::Done),
        }
    }

    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = serde_json::to_value(body).map_err(|err| Error::Unreachable(err.to_string()))?;
        decoded(self.send(Method::PATCH, path, Some(body)).await?).await
    }

    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        decoded(self.send(Method::DELETE, path, None).await?).await
    }

    /// The content of an artifact, piece by piece.
    pub async fn download(&self, path: &str) -> Result<Response, Error> {
        self.send(Method::GET, path, None).await
    }

    /// What happens from now on, one JSON value each.
    pub async fn events(
        &self,
    ) -> Result<impl futures_util::Stream<Item = Value> + Unpin + use<>, Error> {
        let response = self.send(Method::GET, "/api/v1/events", None).await?;
        let chunks = response.bytes_stream();
        let lines = futures_util::stream::unfold(
            (chunks, Vec::new()),
            |(mut chunks, mut buffer)| async move {
                loop {
                    if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                        let line: Vec<u8> = buffer.drain(..=end).collect();
                        if let Some(data) = line.strip_prefix(b"data:") {
                            return Some((
                                serde_json::from_slice(data).unwrap_or(Value::Null),
                                (chunks, buffer),
                            ));
                        }
                        continue;
                    }
                    buffer.extend_from_slice(&chunks.next().await?.ok()?);
                }
            },
        );
        Ok(Box::pin(lines))
    }

    /// Completes when a daemon of this command's own cannot go on, with the reason.
    pub async fn failed(&mut self) -> String {
        let Some(own) = &mut self.own else {
            // What a lasting daemon cannot do it answers, or it does not answer at all.
            return std::future::pending().await;
        };
        let reason = own.daemon.failed().await;
        own.until.cancel();
        own.daemon.handle.parts.connections.shutdown().await;
        self.own = None;
        reason
    }

    /// Lets go; a daemon of this command's own comes to its end first.
    pub async fn close(self) -> Result<(), Error> {
        drop(self.http);
        let Some(own) = self.own else { return Ok(()) };
        own.until.cancel();
        own.serving.abort();
        own.daemon.stop().await.map_err(Error::Unreachable)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response, Error> {
        self.send_over((method, None), path, body).await
    }

    /// Asks again when a lasting daemon breaks off: what changes something has a key, so it is
    /// done once. A daemon of this command's own ends with it, and there is nobody to ask again.
    async fn send_over(
        &self,
        (method, tag): (Method, Option<String>),
        path: &str,
        body: Option<Value>,
    ) -> Result<Response, Error> {
        let changes = !method.is_safe();
        let mut request = self.http.request(method, format!("http://botswain{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(tag) = tag {
            request = request.header(IF_MATCH, tag);
        }
        if changes && self.own.is_none() {
            request = request.header(KEY, new_key());
        }
        let begun = Instant::now();
        let response = loop {
            let again = request.try_clone().filter(|_| self.own.is_none());
            match (request.send().await, again) {
                (Ok(response), _) => break response,
                (Err(_), Some(again)) if begun.elapsed() < AGAIN => {
                    sleep(BETWEEN).await;
                    request = again;
                }
                (Err(err), _) => return Err(unreachable(&err)),
            }
        };
        match response.status().is_success() {
            true => Ok(response),
            false => Err(problem(response).await),
        }
    }
}

/// Names one change, as a UUID would.
fn new_key() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn decoded<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    response.json().await.map_err(|err| unreachable(&err))
}

/// Without the address, which nobody outside of this file knows; with the cause, which says more.
fn unreachable(err: &reqwest::Error) -> Error {
    let cause = std::iter::successors(std::error::Error::source(err), |err| err.source()).last();
    Error::Unreachable(cause.map_or_else(|| "it broke off".to_owned(), ToString::to_string))
}

async fn problem(response: Response) -> Error {
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    let fallback = || {
        Problem::new(
            status,
            "daemon.answer",
            format!("the daemon answered {status}: {text}"),
        )
    };
    Error::Problem(Box::new(
        serde_json::from_str(&text).unwrap_or_else(|_| fallback()),
    ))
}
