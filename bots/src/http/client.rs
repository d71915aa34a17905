//! Sends requests, with the login of a connection and within the guard's bounds.
//!
//! A failure says whether the request may have been received. What a connection adds (login,
//! headers) goes to its own origin only. Redirects are followed by hand, so that each hop is
//! checked, and only when asked for.

use std::{error::Error as _, sync::Arc, time::Duration};

use botswain_bot::{Fault, Redactor, Secret};
use reqwest::{
    Request, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderName},
    redirect,
};

use super::guard::{Denied, Guard};

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 5;
/// A shorter secret may stand in data by chance.
const ECHO: usize = 8;

/// Where a connection leads, and what it adds to each request that goes there.
#[derive(Clone, Debug)]
pub struct Home {
    pub address: Url,
    /// The login and other headers, marked as sensitive.
    pub headers: HeaderMap,
    /// What of them nobody must see.
    pub secrets: Vec<Secret>,
}

/// An HTTP client; cheap to share.
#[derive(Debug)]
pub struct Client {
    reading: reqwest::Client,
    writing: reqwest::Client,
    guard: Guard,
    home: Option<Home>,
    /// Masks what was sent as a secret in what is said of an answer.
    pub(super) secrets: Redactor,
    /// The same in the answer itself, which is data.
    pub(super) echoes: Redactor,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    /// Whether the request may have been received.
    pub(super) sent: bool,
}

impl Client {
    /// A client for one connection, or for none.
    pub fn open(home: Option<Home>) -> Result<Client, Fault> {
        let trusted = home
            .as_ref()
            .and_then(|home| home.address.host_str())
            .map(str::to_owned);
        let guard = Guard { trusted };
        let build = |idle: usize| {
            reqwest::Client::builder()
                .user_agent(concat!("botswain/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(idle)
                .dns_resolver(Arc::new(guard.clone()))
                .build()
                .map_err(|err| Fault::system("http.client", reason(&err)))
        };
        // What writes has a connection of its own: an idle one that the server is just about to
        // close would leave it in doubt. Without a home nothing is worth being kept open.
        let idle = if home.is_some() { 8 } else { 0 };
        let (secrets, echoes) = (Redactor::default(), Redactor::default());
        let sent = home.iter().flat_map(|home| &home.secrets);
        secrets.learn(sent.clone().map(Secret::reveal));
        echoes.learn(sent.map(Secret::reveal).filter(|it| it.len() >= ECHO));
        Ok(Client {
            reading: build(idle)?,
            writing: build(0)?,
            guard,
            home,
            secrets,
            echoes,
        })
    }

    /// The URL of `path` below the connection's address.
    pub(super) fn below_home(&self, path: &str) -> Result<Url, Fault> {
        let Some(home) = &self.home else {
            return Err(
                Fault::business("http.url", "`path` is the path of a connection")
                    .hint("name a `connection`, or write a whole `url`"),
            );
        };
        let base = home.address.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{}", path.trim_start_matches('/')));
        let below = home.address.path().trim_end_matches('/');
        let inside = |url: &Url| {
            url.origin() == home.address.origin()
                && url
                    .path()
                    .strip_prefix(below)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        url.ok().filter(inside).ok_or_else(|| {
            Fault::business("http.url", format!("`{path}` is not a path below `{base}`"))
        })
    }

    /// Sends `request` and gives the response to it, or to what it was redirected to.
    pub(super) async fn send(&self, request: Request, follow: bool) -> Result<Response, Failure> {
        let mut request = request;
        for _ in 0..=MAX_REDIRECTS {
            let again = request.try_clone();
            let response = self.send_once(request).await?;
            let next = follow.then(|| target(&response)).flatten().zip(again);
            let Some((url, mut again)) = next else {
                return Ok(response);
            };
            if self.steers_home(again.url(), &url) {
                let denied = Denied(shown(&url));
                return Err(forbidden(&shown(again.url()), &denied));
            }
            if url.origin() != again.url().origin() {
                for private in [header::AUTHORIZATION, header::COOKIE] {
                    again.headers_mut().remove(private);
                }
            }
            *again.url_mut() = url;
            request = again;
        }
        let fault = Fault::business("http.redirects", "the server redirects more than 5 times");
        Err(Failure { fault, sent: true })
    }

    /// Whether a redirect leads from elsewhere to the trusted host: what another server says
    /// must not steer requests into the house.
    fn steers_home(&self, from: &Url, to: &Url) -> bool {
        let is_home = |url: &Url| self.guard.trusted.as_deref() == url.host_str();
        is_home(to) && !is_home(from)
    }

    async fn send_once(&self, mut request: Request) -> Result<Response, Failure> {
        let place = shown(request.url());
        self.guard
            .check(request.url())
            .map_err(|denied| forbidden(&place, &denied))?;
        if let Some(home) = &self.home
            && home.address.origin() == request.url().origin()
        {
            for (name, value) in &home.headers {
                request.headers_mut().insert(name.clone(), value.clone());
            }
        }
        let client = match request.method().is_safe() {
            true => &self.reading,
            false => &self.writing,
        };
        client
            .execute(request)
            .await
            .map_err(|err| failure(&place, &err))
    }

    /// What the connection's address answers, in a few words.
    pub async fn probe(&self) -> Result<String, Fault> {
        let Some(home) = &self.home else {
            return Err(Fault::business("http.url", "there is no address to try"));
        };
        let request = Request::new(reqwest::Method::GET, home.address.clone());
        let response = self
            .send(request, true)
            .await
            .map_err(|failure| failure.fault)?;
        let (place, status) = (shown(response.url()), response.status());
        let words = format!("`{place}` answered {status}");
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Fault::business("http.status", words).hint("look at the connection's `auth`"))
            }
            status if status.is_server_error() => Err(Fault::system("http.server", words)),
            _ => Ok(words),
        }
    }
}

/// Where a response redirects to; a reference that is no URL is no redirect.
fn target(response: &Response) -> Option<Url> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response
        .headers()
        .get(header::LOCATION)
        .filter(|_| redirects)?;
    let url = response.url().join(location.to_str().ok()?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// A URL as messages show it: without what may be secret or differ from run to run.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// Whether a step may not set this header, for the client does.
pub(super) fn is_reserved(name: &HeaderName) -> bool {
    [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ]
    .contains(name)
}

fn failure(place: &str, err: &reqwest::Error) -> Failure {
    if let Some(denied) = denied(err) {
        return forbidden(place, denied);
    }
    let (code, sent) = match err {
        err if err.is_connect() => ("http.unreachable", false),
        err if err.is_builder() => ("http.url", false),
        err if err.is_timeout() => ("http.timeout", true),
        _ => ("http.broken", true),
    };
    let message = match sent {
        true => format!("`{place}` gave no whole answer: {}", reason(err)),
        false => format!("`{place}` cannot be reached: {}", reason(err)),
    };
    Failure {
        fault: Fault::system(code, message),
        sent,
    }
}

fn denied(err: &reqwest::Error) -> Option<&Denied> {
    let mut source = err.source();
    while let Some(err) = source {
        if let Some(denied) = err.downcast_ref() {
            return Some(denied);
        }
        source = err.source();
    }
    None
}

fn forbidden(place: &str, denied: &Denied) -> Failure {
    let fault = Fault::business(
        "http.forbidden",
        format!("`{place}` is not reached: {denied}"),
    );
    Failure {
        fault: fault.hint("make its host the `address` of a connection and let the step name that"),
        sent: false,
    }
}

/// The innermost cause, which says the most.
pub(super) fn reason(err: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = err;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_steers_requests_into_the_house() {
        let [home, inside, away] = [
            "http://10.0.0.5/api",
            "http://10.0.0.5:6379/",
            "https://example.com/",
        ]
        .map(|url| Url::parse(url).expect("a URL"));
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::open(Some(Home {
            address: home.clone(),
            headers: HeaderMap::new(),
            secrets: Vec::new(),
        }))
        .expect("a client");
        assert!(client.steers_home(&away, &home));
        assert!(client.steers_home(&away, &inside));
        assert!(!client.steers_home(&home, &away));
        assert!(!client.steers_home(&home, &home));
    }
}
