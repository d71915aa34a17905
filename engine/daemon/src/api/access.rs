//! Who may take which route, said where the route is.
//!
//! A route cannot be made without its right, and each is guarded by itself, so
//! whatever is not in a table is not there. Over the socket everybody is the
//! user who runs the daemon; over TCP somebody has to have signed in, and what
//! changes something has to come from a page of theirs: the form or the header
//! `X-CSRF-Token` holds what their session alone knows, and a browser that says
//! where a request comes from says here.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    handler::Handler,
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use botswain_views::Role;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    Problem,
    form::{self, Files},
    idempotency,
    recording::{self, Recorded, record},
    rights,
};
use crate::{
    accounts::{Principal, Refusal},
    audit,
    console::Visit,
    daemon::Handle,
    provider::Provider,
};

/// The longest body that a page or the API takes, where a route does not say otherwise.
pub(crate) const BODY: usize = 1024 * 1024;

/// How many longer ones are held in memory at a time.
static HELD: Semaphore = Semaphore::const_new(4);

/// How long a change may take, its body among it.
const LONGEST: Duration = Duration::from_secs(60);

/// What somebody needs to take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Nothing: it is how people get in.
    Anyone,
    /// This role everywhere, or one that may more.
    Role(Role),
    /// This role in the folder of the workflow that the route is about, or everywhere.
    In(Role, About),
    /// To be the user who runs the daemon: it is there over the socket alone.
    Local,
}

impl Right {
    /// To have signed in.
    pub(crate) const SIGNED_IN: Right = Right::Role(Role::None);
    /// To see everything.
    pub(crate) const SEE: Right = Right::Role(Role::Viewer);
    /// To see something: the function of the route leaves out what somebody does not see.
    pub(crate) const SEE_ANY: Right = Right::In(Role::Viewer, About::Any);
    pub(crate) const SEE_IT: Right = Right::In(Role::Viewer, About::Workflow);
    pub(crate) const SEE_RUN: Right = Right::In(Role::Viewer, About::Run);
    pub(crate) const SEE_EXCEPTION: Right = Right::In(Role::Viewer, About::Exception);
    pub(crate) const HANDLE: Right = Right::Role(Role::Handler);
    pub(crate) const HANDLE_ANY: Right = Right::In(Role::Handler, About::Any);
    pub(crate) const HANDLE_IT: Right = Right::In(Role::Handler, About::Workflow);
    pub(crate) const HANDLE_RUN: Right = Right::In(Role::Handler, About::Run);
    pub(crate) const HANDLE_EXCEPTION: Right = Right::In(Role::Handler, About::Exception);
    pub(crate) const WRITE: Right = Right::In(Role::Author, About::File);
    pub(crate) const WRITE_ANY: Right = Right::In(Role::Author, About::Any);
    pub(crate) const WRITE_PROPOSAL: Right = Right::In(Role::Author, About::Proposal);
    /// To write what is no workflow.
    pub(crate) const AUTHOR: Right = Right::Role(Role::Author);
    pub(crate) const ADMIN: Right = Right::Role(Role::Admin);
}

/// By what it is known in which folder somebody has to have a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The workflow `{name}`.
    Workflow,
    /// The same, or a new one in the folder that `folder` behind the `?` says.
    File,
    /// The same, or a new one in the folder that its proposal says.
    Proposal,
    /// The workflow of the run `{run}`.
    Run,
    /// That of the exception `{id}`.
    Exception,
    /// What the path does not say. Whoever has the role in any folder is let in, and the function
    /// of the route asks for each workflow before it does or tells something
    /// ([`rights::permit`], [`rights::Reach`]).
    Any,
}

/// One way in.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) right: Right,
    /// The longest body that it takes.
    body: usize,
    handler: MethodRouter<Handle>,
}

impl Route {
    pub(crate) fn new<H, T>(
        right: Right,
        (method, path): (Method, &'static str),
        handler: H,
    ) -> Route
    where
        H: Handler<T, Handle>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("it is one of HTTP's own");
        Route {
            handler: on(filter, handler),
            method,
            path,
            right,
            body: BODY,
        }
    }

    /// It takes files.
    pub(crate) fn bearing(self, body: usize) -> Route {
        Route { body, ..self }
    }

    /// For those who have signed in.
    pub(crate) fn guarded(self, guard: &Guard) -> MethodRouter<Handle> {
        let recorded = self.recorded(&guard.handle, Some(guard));
        let (state, body) = ((guard.clone(), self.right), self.body);
        let guarded = self.once(&guard.handle);
        let guarded = guarded.route_layer(from_fn_with_state(state, admit));
        bounded(in_audit(guarded, recorded), body)
    }

    /// For whoever may open the socket.
    pub(crate) fn local(self, handle: &Handle) -> MethodRouter<Handle> {
        let (recorded, body) = (self.recorded(handle, None), self.body);
        bounded(in_audit(self.once(handle), recorded), body)
    }

    /// What the audit has to know, when something is changed.
    fn recorded(&self, handle: &Handle, guard: Option<&Guard>) -> Option<Recorded> {
        Some(Recorded {
            form: audit::of_route(&self.method, self.path)?,
            path: self.path,
            handle: handle.clone(),
            guard: guard.cloned(),
        })
    }

    /// What changes something by the API is done once.
    fn once(self, handle: &Handle) -> MethodRouter<Handle> {
        match self.path.starts_with("/api/") && !self.method.is_safe() {
            true => {
                let once = from_fn_with_state(handle.clone(), idempotency::once);
                self.handler.route_layer(once)
            }
            false => self.handler,
        }
    }
}

fn in_audit(route: MethodRouter<Handle>, recorded: Option<Recorded>) -> MethodRouter<Handle> {
    match recorded {
        Some(recorded) => route.route_layer(from_fn_with_state(recorded, record)),
        None => route,
    }
}

/// How long the body of this request may be.
#[derive(Clone, Copy)]
struct Bears(usize);

fn bounded(route: MethodRouter<Handle>, body: usize) -> MethodRouter<Handle> {
    match body == BODY {
        true => route,
        false => route.route_layer(from_fn_with_state(body, bearing)),
    }
}

/// Whoever is not among the first waits: long bodies are in memory as long as they are looked at.
async fn bearing(State(body): State<usize>, mut request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
    let is_short = length.is_some_and(|length: usize| length <= BODY);
    let _place = match is_short {
        true => None,
        false => match timeout(LONGEST, HELD.acquire()).await {
            Ok(place) => Some(place),
            Err(_) => return recording::late().into_response(),
        },
    };
    request.extensions_mut().insert(Bears(body));
    DefaultBodyLimit::max(body).apply(&mut request);
    next.run(request).await
}

/// The whole body, as far as the route takes it.
pub(super) async fn whole(parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    let most = parts.extensions.get::<Bears>().map_or(BODY, |it| it.0);
    let read = to_bytes(body, most).await;
    read.map_err(|_| Problem::too_large(most))
}

/// What the guard has to know.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) handle: Handle,
    /// The name of the cookie: two instances on one machine have two.
    pub(crate) cookie: String,
    pub(crate) is_encrypted: bool,
    /// What people enter in a browser to get here, without a `/` at its end.
    pub(crate) home: String,
    /// By which people can sign in too.
    pub(crate) provider: Option<Arc<Provider>>,
}

impl Guard {
    /// Who asks: by the token of a program, where the API is, or else by the cookie of a session.
    pub(crate) fn principal(&self, request: &Request) -> Result<Option<Principal>, Problem> {
        if let Some(token) = bearer(request) {
            let from = address(request).unwrap_or_else(|| [0, 0, 0, 0].into());
            let principal = self.handle.accounts.bearer(token, from)?;
            if !self.trusts(&principal) {
                return Err(Refusal::BadToken.into());
            }
            let accounts = self.handle.accounts.clone();
            tokio::task::spawn_blocking(move || accounts.note_uses());
            return Ok(Some(principal));
        }
        let token = self.token(request.headers());
        Ok(token.and_then(|token| self.signed_in(&token)))
    }

    /// Who is behind the cookie of a session.
    pub(crate) fn signed_in(&self, token: &str) -> Option<Principal> {
        let principal = self.handle.accounts.principal(token);
        principal.filter(|it| self.trusts(it))
    }

    /// Whether botswain.yaml still names the identity provider that vouches for somebody.
    pub(crate) fn trusts(&self, principal: &Principal) -> bool {
        let config = self.handle.parts.config();
        let named = config.sign_in().map(|it| it.issuer.as_str());
        let issuer = principal.issuer.as_deref();
        issuer.is_none_or(|issuer| named == Some(issuer))
    }

    /// What the cookie holds, if there is one.
    pub(crate) fn token(&self, headers: &HeaderMap) -> Option<String> {
        cookie(headers, &self.cookie)
    }
}

/// The value of a cookie by its name.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(it, _)| *it == name)
        .map(|(_, value)| value.to_owned())
}

async fn admit(
    State((guard, right)): State<(Guard, Right)>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_page = !request.uri().path().starts_with("/api/");
    let changes = !request.method().is_safe();
    if changes && !is_from_here(request.headers(), guard.is_encrypted) {
        return refused(
            is_page,
            Problem::new(
                StatusCode::FORBIDDEN,
                "access.origin",
                "this request comes from another site",
            ),
            &Visit::of(&guard, &request, None),
        );
    }
    let principal = match guard.principal(&request) {
        Ok(principal) => principal,
        Err(problem) => return problem.into_response(),
    };
    let visit = Visit::of(&guard, &request, principal.clone());
    if !matches!(right, Right::Role(_) | Right::In(..)) {
        request.extensions_mut().insert(visit);
        return in_time(changes, is_page, next.run(request)).await;
    }
    let Some(principal) = principal else {
        return unknown(&request, is_page, &visit);
    };
    request = match rights::holds(&guard.handle, &principal, right, request).await {
        Ok(request) => request,
        Err(problem) => return refused(is_page, problem, &visit),
    };
    if lacks_factor(&guard, &principal, request.uri().path()) {
        return lacking(&request, is_page, &visit);
    }
    let answer = async {
        // What a browser does not send by itself no other site can send.
        if changes && principal.token.is_none() {
            request = match proven(request, &principal).await {
                Ok(request) => request,
                Err(problem) => return refused(is_page, problem, &visit),
            };
        }
        request.extensions_mut().insert(principal);
        request.extensions_mut().insert(visit);
        next.run(request).await
    };
    in_time(changes, is_page, answer).await
}

/// Whoever sends a body slowly does not hold a place for ever; what only reads may be watched.
async fn in_time(changes: bool, is_page: bool, answer: impl Future<Output = Response>) -> Response {
    if !changes {
        return answer.await;
    }
    let late = |_| {
        let title = "it took longer than a minute";
        let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "access.timeout", title);
        let problem = problem.detail("see whether it was done, then try again");
        match is_page {
            true => (StatusCode::REQUEST_TIMEOUT, title).into_response(),
            false => problem.into_response(),
        }
    };
    timeout(LONGEST, answer).await.unwrap_or_else(late)
}

/// Whether somebody has to set up a second factor before anything else.
fn lacks_factor(guard: &Guard, principal: &Principal, path: &str) -> bool {
    let sets_up = [
        "/account",
        "/account/factor",
        "/account/factor/confirm",
        "/logout",
    ];
    let config = guard.handle.parts.config();
    let requires = principal.roles().any(|it| config.requires_factor(it));
    !principal.factor && requires && !sets_up.contains(&path)
}

/// A page leads to where it is set up; the API says so.
fn lacking(request: &Request, is_page: bool, visit: &Visit) -> Response {
    if is_page && request.method().is_safe() {
        return Redirect::to("/account").into_response();
    }
    let title = "this role needs a second factor";
    let problem = Problem::new(StatusCode::FORBIDDEN, "access.factor", title);
    refused(
        is_page,
        problem.detail("set it up on the page of your account"),
        visit,
    )
}

/// A page leads to where one signs in, and back; the API says so.
fn unknown(request: &Request, is_page: bool, visit: &Visit) -> Response {
    if is_page && request.method().is_safe() {
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        let next = utf8_percent_encode(path, NON_ALPHANUMERIC);
        return Redirect::to(&format!("/login?next={next}")).into_response();
    }
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "access.login",
        "nobody has signed in",
    );
    refused(is_page, problem, visit)
}

fn refused(is_page: bool, problem: Problem, visit: &Visit) -> Response {
    match is_page {
        true => visit.problem(&problem),
        false => problem.into_response(),
    }
}

/// Whether a browser that says where a request comes from says that it is from here.
fn is_from_here(headers: &HeaderMap, is_encrypted: bool) -> bool {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let scheme = if is_encrypted { "https" } else { "http" };
    let here = text("host").map(|host| format!("{scheme}://{host}"));
    here.is_some_and(|here| origin.as_bytes() == here.as_bytes())
}

/// The request, if it holds what only a page of this session knows.
async fn proven(request: Request, principal: &Principal) -> Result<Request, Problem> {
    let expected = principal.csrf.clone().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let body = whole(&parts, body).await?;
    let shown = parts.headers.get("x-csrf-token");
    let is_shown = shown.is_some_and(|it| it.as_bytes() == expected.as_bytes());
    if is_shown || field(&parts.headers, &body, "csrf").await.as_deref() == Some(&expected) {
        return Ok(Request::from_parts(parts, Body::from(body)));
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "access.form",
        "this form is from an earlier session",
    )
    .detail("load the page anew, and send it again"))
}

/// The first value of a field, if it is a form.
async fn field(headers: &HeaderMap, body: &Bytes, name: &str) -> Option<String> {
    if !form::is_form(headers) {
        return None;
    }
    let sent = form::read(headers, body, Files::LeftOut).await.ok()?;
    let mut named = sent.fields.into_iter().filter(|(it, _)| it == name);
    named.next().map(|(_, value)| value)
}

/// The token of a program; pages are for people.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    if !request.uri().path().starts_with("/api/") {
        return None;
    }
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address that somebody comes from.
pub(crate) fn address(request: &Request) -> Option<std::net::IpAddr> {
    let from = request
        .extensions()
        .get::<ConnectInfo<std::net::SocketAddr>>();
    from.map(|from| from.0.ip())
}
