//! Fetches what a provider says: from nowhere but where nobody can read along, within a time, no
//! more than a size.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{StatusCode, Url, redirect};
use serde_json::{Map, Value};

use super::Trouble;
use crate::instance::config::is_here;

/// How long a provider may take to be reached, and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);

/// How much it may answer, in bytes: keys and groups are many at some.
const SIZE: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("`{0}` is not `https`")]
    Open(String),
    #[error("it answers with more than 1 MiB")]
    Large,
    #[error("{0}")]
    Io(String),
}

pub(super) struct Fetch {
    http: Result<reqwest::Client, String>,
    /// Whether the provider is on this machine, without encryption.
    is_local: bool,
}

impl Fetch {
    pub(super) fn from(issuer: &str) -> Fetch {
        let http = reqwest::Client::builder()
            .user_agent(concat!("botswain/", env!("CARGO_PKG_VERSION")))
            // What it says of itself is where it is.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            // People come seldom; a connection that was kept would be closed just then.
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build();
        let issuer = Url::parse(issuer);
        Fetch {
            http: http.map_err(|err| reason(&err)),
            is_local: issuer.is_ok_and(|it| it.scheme() == "http"),
        }
    }

    /// Whether nobody can read along on the way there.
    pub(super) fn trusts(&self, url: &Url) -> bool {
        url.scheme() == "https" || self.is_local && url.scheme() == "http" && is_here(url)
    }

    /// What an address tells to whoever shows this token.
    pub(super) async fn told(&self, url: &str, token: &str) -> Result<Map<String, Value>, Trouble> {
        let broken = |what: &str| Trouble::Nonsense(format!("about somebody it tells {what}"));
        let request = openidconnect::http::Request::get(url)
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/json")
            .body(Vec::new());
        let request = request.map_err(|_| broken("at no address"))?;
        let answer = self.sent(request).await;
        let answer = answer.map_err(|err| Trouble::Down(err.to_string()))?;
        match answer.status() {
            StatusCode::OK => {
                serde_json::from_slice(answer.body()).map_err(|_| broken("no JSON object"))
            }
            other => Err(broken(&format!("nothing ({other})"))),
        }
    }

    async fn sent(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let http = self.http.as_ref().map_err(|err| Error::Io(err.clone()))?;
        let io = |err: reqwest::Error| Error::Io(reason(&err));
        let request = reqwest::Request::try_from(request).map_err(io)?;
        if !self.trusts(request.url()) {
            return Err(Error::Open(request.url().to_string()));
        }
        let mut answer = http.execute(request).await.map_err(io)?;
        let mut built = openidconnect::http::Response::builder().status(answer.status());
        if let Some(headers) = built.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(io)? {
            if body.len() + part.len() > SIZE {
                return Err(Error::Large);
            }
            body.extend_from_slice(&part);
        }
        built.body(body).map_err(|err| Error::Io(err.to_string()))
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.sent(request))
    }
}

/// All that is known of it, without the address, whose query may hold what nobody is to read.
fn reason(err: &reqwest::Error) -> String {
    use std::error::Error as _;
    let mut text = match (err.is_timeout(), err.is_connect()) {
        (true, _) => "it takes longer than 10 s".to_owned(),
        (_, true) => "it cannot be reached".to_owned(),
        _ => "the exchange broke off".to_owned(),
    };
    let mut source = err.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
